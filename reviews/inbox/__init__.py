"""What waits for somebody, and on whom something waits.

kinds: what may wait, in words. personal: what waits for one person in particular. pools: what waits for
whoever comes first. mine: one person's inbox made of both. waiting_on: the same by person, for leads.
in_progress: counts.
"""
