"""Whose turn it is.

kinds: what may wait for somebody, in words. addressed: what waits for one person in particular. shared: what
waits for whoever comes first. mine: both, as one person's inbox. waiting: what waits on whom, for leads.
stuck: what nobody takes up, for leads.
"""
