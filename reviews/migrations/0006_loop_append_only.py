"""Disputes, corrections and picks are kept as they were given; what may be set, once, is named here."""

from django.db import migrations

SET_ONCE = {
    "reviews_correction": "acknowledged_at",
    "reviews_dispute": "outcome,decided_by_id,decided_at,deciding_review_id",
    "reviews_finalpick": "undone_at,undone_by_id",
}
GUARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION countersign_append_only('{{{columns}}}');
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0005_review_loop")]
    operations = [
        migrations.RunSQL(GUARD.format(table=table, columns=columns), f"DROP TRIGGER append_only ON {table};")
        for table, columns in SET_ONCE.items()
    ]
