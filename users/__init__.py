"""Who people are: accounts, site roles and the capability table, tokens, and the login guard."""
