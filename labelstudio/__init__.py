"""The dialect that is not ours: the data manager, stand-in endpoints, hosting the unmodified front end."""
