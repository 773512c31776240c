"""Long work as rows: kind, progress, lease, report. Run in steps by Celery; knows nothing of projects and tasks."""
