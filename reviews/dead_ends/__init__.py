"""No dead ends: work that waits and that nobody will take up by themselves, for the lead who resolves it.

reasons: the named reasons, each a set of tasks. listing: such tasks with their reason, person and actions.
resolving: what a lead can do about one.
"""
