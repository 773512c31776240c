"""How a decision changes the review state of annotations: planned once, applied once.

The way of one accept:

1. `AnnotationReviewService.accept` makes a `VerdictRequest` (request.py) and opens the transaction.
2. `lock_one` (locking.py) locks the annotation and its task, and reads the standing review.
3. `plan_verdict` (plan.py) asks the workflow and returns a frozen `Plan`, or the refusal. What happens to
   rejected work is decided in rejection.py.
4. `apply` (apply.py) writes plans, one or a thousand, with the same statement; then it updates the counters
   and emits the events.

Besides AnnotationReviewService only reviews/listeners.py applies plans: it ends reviews whose annotation has
already changed.
"""
