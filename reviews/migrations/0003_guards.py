"""The database's own part of the rule: no application path and no accidental SQL makes an annotation claim a verdict that its
standing review does not bear. Checked at commit, by primary key, on the rows as they are then (not as they were when queued).
"""

from django.db import migrations

GUARDS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON reviews_review
    FOR EACH ROW EXECUTE FUNCTION countersign_append_only('{undone_at,undone_by_id,superseded_by_id,contested_at}');

CREATE FUNCTION countersign_verdict_borne(which bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE a record; r record;
BEGIN
    SELECT last_action, standing_review_id INTO a FROM tasks_annotation WHERE id = which;
    IF NOT FOUND THEN RETURN; END IF;
    IF a.standing_review_id IS NULL THEN
        IF a.last_action NOT IN ('accepted', 'rejected', 'fixed_and_accepted') THEN RETURN; END IF;
        RAISE EXCEPTION 'annotation % says %, but no review stands', which, a.last_action
            USING ERRCODE = 'check_violation', CONSTRAINT = 'verdict_borne';
    END IF;
    SELECT annotation_id, verdict, undone_at, superseded_by_id INTO r FROM reviews_review WHERE id = a.standing_review_id;
    IF NOT FOUND OR r.annotation_id <> which OR r.verdict <> a.last_action OR r.undone_at IS NOT NULL OR r.superseded_by_id IS NOT NULL THEN
        RAISE EXCEPTION 'annotation % says %, which review % does not bear', which, a.last_action, a.standing_review_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'verdict_borne';
    END IF;
END $$;

CREATE FUNCTION countersign_check_annotation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM countersign_verdict_borne(NEW.id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER verdict_borne_new AFTER INSERT ON tasks_annotation DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.standing_review_id IS NOT NULL OR NEW.last_action IN ('accepted', 'rejected', 'fixed_and_accepted'))
    EXECUTE FUNCTION countersign_check_annotation();
CREATE CONSTRAINT TRIGGER verdict_borne_moved AFTER UPDATE OF last_action, standing_review_id ON tasks_annotation
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.standing_review_id IS NOT NULL OR NEW.last_action IN ('accepted', 'rejected', 'fixed_and_accepted'))
    EXECUTE FUNCTION countersign_check_annotation();

-- A new review must stand, or have been taken back or replaced by commit. An imported one may be outdated from the start.
CREATE FUNCTION countersign_check_review() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE r record; standing bigint;
BEGIN
    SELECT annotation_id, undone_at, superseded_by_id, imported_by_id INTO r FROM reviews_review WHERE id = NEW.id;
    IF NOT FOUND THEN RETURN NULL; END IF;
    SELECT standing_review_id INTO standing FROM tasks_annotation WHERE id = r.annotation_id;
    IF TG_OP = 'INSERT' AND r.undone_at IS NULL AND r.superseded_by_id IS NULL AND r.imported_by_id IS NULL
        AND standing IS DISTINCT FROM NEW.id THEN
        RAISE EXCEPTION 'review % was written, but it does not stand', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'verdict_borne';
    END IF;
    PERFORM countersign_verdict_borne(r.annotation_id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER verdict_borne_review AFTER INSERT OR UPDATE ON reviews_review DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION countersign_check_review();
"""
BACK = """
DROP TRIGGER verdict_borne_review ON reviews_review;
DROP TRIGGER verdict_borne_moved ON tasks_annotation;
DROP TRIGGER verdict_borne_new ON tasks_annotation;
DROP TRIGGER append_only ON reviews_review;
DROP FUNCTION countersign_check_review();
DROP FUNCTION countersign_check_annotation();
DROP FUNCTION countersign_verdict_borne(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_initial"), ("tasks", "0003_append_only")]
    operations = [migrations.RunSQL(GUARDS, BACK)]
