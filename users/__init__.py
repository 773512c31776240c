"""Accounts, site roles and the capability table, tokens, merging, and the login guard."""
