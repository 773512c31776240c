"""Triggers: an annotation has a verdict exactly if its standing review gives it.

They are checked at commit, by primary key, on the rows as they are then (not as they were when a statement
changed them). So no code path and no manual SQL can leave a verdict without its review.
"""

from tasks.choices import VERDICTS
from tasks.models import Annotation
from tasks.triggers import Function, Trigger

_VERDICTS = ", ".join(f"'{verdict.value}'" for verdict in VERDICTS)

CHECK_VERDICT = Function(
    "countersign_check_verdict(which bigint)",
    returns="void",
    body=f"""
DECLARE a record; r record;
BEGIN
    SELECT last_action, standing_review_id INTO a FROM tasks_annotation WHERE id = which;
    IF NOT FOUND THEN RETURN; END IF;
    IF a.standing_review_id IS NULL THEN
        IF a.last_action NOT IN ({_VERDICTS}) THEN RETURN; END IF;
        RAISE EXCEPTION 'annotation % is %, but has no standing review', which, a.last_action
            USING ERRCODE = 'check_violation', CONSTRAINT = 'verdict_matches_review';
    END IF;
    SELECT annotation_id, verdict, undone_at, superseded_by_id INTO r FROM reviews_review
    WHERE id = a.standing_review_id;
    IF NOT FOUND OR r.annotation_id <> which OR r.verdict <> a.last_action
        OR r.undone_at IS NOT NULL OR r.superseded_by_id IS NOT NULL THEN
        RAISE EXCEPTION 'annotation % is %, but its standing review % says otherwise', which, a.last_action,
        a.standing_review_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'verdict_matches_review';
    END IF;
END
""",
)
CHECK_ANNOTATION = Function(
    "countersign_check_annotation()",
    returns="trigger",
    body="""
BEGIN
    PERFORM countersign_check_verdict(NEW.id);
    RETURN NULL;
END
""",
)
# At commit a new review must stand, unless it has been undone or superseded since. An imported one may be
# outdated from the start.
CHECK_REVIEW = Function(
    "countersign_check_review()",
    returns="trigger",
    body="""
DECLARE r record; standing bigint;
BEGIN
    SELECT annotation_id, undone_at, superseded_by_id, imported_by_id INTO r FROM reviews_review
    WHERE id = NEW.id;
    IF NOT FOUND THEN RETURN NULL; END IF;
    SELECT standing_review_id INTO standing FROM tasks_annotation WHERE id = r.annotation_id;
    IF TG_OP = 'INSERT' AND r.undone_at IS NULL AND r.superseded_by_id IS NULL AND r.imported_by_id IS NULL
        AND standing IS DISTINCT FROM NEW.id THEN
        RAISE EXCEPTION 'review % is new, but does not stand', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'verdict_matches_review';
    END IF;
    PERFORM countersign_check_verdict(r.annotation_id);
    RETURN NULL;
END
""",
)
_CLAIMS_VERDICT = f"NEW.standing_review_id IS NOT NULL OR NEW.last_action IN ({_VERDICTS})"

VERDICT_TRIGGERS = (
    Trigger(
        "verdict_matches_review_new",
        "AFTER INSERT",
        CHECK_ANNOTATION,
        on=Annotation,
        condition=_CLAIMS_VERDICT,
        deferred=True,
        calls=(CHECK_VERDICT,),
    ),
    Trigger(
        "verdict_matches_review_changed",
        "AFTER UPDATE",
        CHECK_ANNOTATION,
        on=Annotation,
        fields=("last_action", "standing_review_id"),
        condition=_CLAIMS_VERDICT,
        deferred=True,
        calls=(CHECK_VERDICT,),
    ),
    Trigger(
        "verdict_matches_review",
        "AFTER INSERT OR UPDATE",
        CHECK_REVIEW,
        deferred=True,
        calls=(CHECK_VERDICT,),
    ),
)
