"""The review queue: what waits for a reviewer, who holds it, and what somebody gets next.

entries: which annotations are in which queue. drawing: the next one for a person. leases: renewing and
releasing what somebody holds. reasons: why somebody gets nothing.
"""
