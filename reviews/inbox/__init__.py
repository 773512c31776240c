"""What waits for a person, and which people work waits for.

kinds: the kinds of items and what to do about them. personal: items for one person in particular. pools: work
that anybody may take. inbox: one person's inbox, made of both. waiting_on: the same by person, for managers.
in_progress: how much of a project is under way.
"""
