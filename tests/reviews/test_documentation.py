from pathlib import Path

from django.conf import settings

from reviews.documentation import page


def test_workflow_page_is_up_to_date():
    assert Path(settings.BASE_DIR, "docs/reference/workflow.md").read_text() == page()
