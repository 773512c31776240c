"""The pages of audits. Each module of `audits.pages` has its own routes."""

from django.urls import path
from django.views.i18n import set_language

from .pages import comments, entry, explore, labelling, models, reports, topics

urlpatterns = [
    path("audits/", entry.index, name="audits"),
    path("audits/language/", set_language, name="audit-language"),
    path("audits/datasets/<int:pk>/", explore.page, name="audit-dataset"),
    path("audits/datasets/<int:pk>/warning/", entry.warning, name="audit-warning"),
    path("audits/datasets/<int:pk>/models/new/", models.new, name="audit-new-model"),
    path("audits/models/<int:pk>/", models.page, name="audit-model"),
    path("audits/models/<int:pk>/label/", labelling.page, name="audit-label"),
    # Topics and comments, of a model or of the system alone.
    path("audits/datasets/<int:pk>/topics/", topics.of_dataset, name="audit-dataset-topics"),
    path("audits/datasets/<int:pk>/comments/", comments.of_dataset, name="audit-dataset-comments"),
    path("audits/models/<int:pk>/topics/", topics.of_model, name="audit-topics"),
    path("audits/models/<int:pk>/comments/", comments.of_model, name="audit-comments"),
    path("audits/models/<int:pk>/reports/", reports.index, name="audit-reports"),
    path("audits/reports/<int:pk>/", reports.report, name="audit-report"),
    path("audits/reports/<int:pk>/submit/", reports.submit, name="audit-report-submit"),
    path("audits/public/<uuid:public_id>/", reports.public, name="audit-public-report"),
]
