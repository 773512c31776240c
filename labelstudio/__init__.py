"""Label Studio's API beyond our own: the data manager, stub endpoints, its unmodified front end."""
