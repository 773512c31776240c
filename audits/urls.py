"""The pages of audits. Each module of `audits.pages` has its own routes."""

from django.urls import path
from django.views.i18n import set_language

from .pages import entry, explore, labelling, models

urlpatterns = [
    path("audits/", entry.index, name="audits"),
    path("audits/language/", set_language, name="audit-language"),
    path("audits/datasets/<int:pk>/", explore.page, name="audit-dataset"),
    path("audits/datasets/<int:pk>/warning/", entry.warning, name="audit-warning"),
    path("audits/datasets/<int:pk>/models/new/", models.new, name="audit-new-model"),
    path("audits/models/<int:pk>/", models.page, name="audit-model"),
    path("audits/models/<int:pk>/label/", labelling.page, name="audit-label"),
]
