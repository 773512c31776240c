"""The REST routes of this app, written with the trailing slash."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import datasets, models, reports

router = SimpleRouter()
router.register("datasets", datasets.DatasetViewSet)
router.register("models", models.AuditModelViewSet)
router.register("reports", reports.ReportViewSet)

urlpatterns = [
    path("models/<int:pk>/reports/", reports.ModelReports.as_view()),
    path("models/<int:pk>/reports/scaffold/", reports.ScaffoldView.as_view()),
    path("", include(router.urls)),
]
