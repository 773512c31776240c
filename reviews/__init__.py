"""What may happen to an annotation: the workflow table, its guards, decisions, the review queue, the inbox
and disputes."""
