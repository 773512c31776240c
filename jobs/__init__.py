"""Long work as rows: kind, progress, lease, report. Celery runs it in steps."""
