"""Who sees what, asked of every address of the site: nothing here has to be told of a new one."""
