"""Label Studio's dialect beyond our own API: the data manager, stand-in endpoints, hosting its unmodified front end."""
