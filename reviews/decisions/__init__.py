"""How the review state of annotations changes: a decision is planned once and applied once.

request: what a reviewer asks for. plan: from a locked annotation to a frozen Plan, or the refusal. rejection:
what becomes of rejected work. apply: writes the plans of one annotation or a thousand with the same
statements, counts, and tells.

AnnotationReviewService is the only caller, but for `withdraw`, which follows changes that have happened
already.
"""
