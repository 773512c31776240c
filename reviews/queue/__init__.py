"""What waits for a reviewer, who has it, and what somebody gets next.

entries: which annotations are in which queue. drawing: the next one for a person. leases: holding and
releasing.
reasons: why there is none.
"""
