"""Dead ends: tasks that are stuck because nobody would take them up, and what managers can do about them.

reasons: the named reasons, each a set of tasks. listing: such tasks with their reason, person and actions.
resolving: what a manager can do about one.
"""
