"""History is append-only. The function takes the columns that may be set once, from NULL; History has none.

A row passes while `SET LOCAL countersign.purge = 'on'`, which only `purge` sets. TRUNCATE has no trigger: the test runner needs it.
"""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION countersign_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    set_once text[] := coalesce(TG_ARGV[0], '{}')::text[];
    before jsonb; after jsonb; name text;
BEGIN
    IF current_setting('countersign.purge', true) = 'on' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        before := to_jsonb(OLD); after := to_jsonb(NEW);
        FOREACH name IN ARRAY set_once LOOP
            IF before -> name = 'null'::jsonb OR before -> name = after -> name THEN
                before := before - name; after := after - name;
            END IF;
        END LOOP;
        IF before = after THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: a row may not be changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'append_only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON tasks_history
    FOR EACH ROW EXECUTE FUNCTION countersign_append_only();
"""
BACK = "DROP TRIGGER append_only ON tasks_history; DROP FUNCTION countersign_append_only();"


class Migration(migrations.Migration):
    dependencies = [("tasks", "0002_initial")]
    operations = [migrations.RunSQL(APPEND_ONLY, BACK)]
