"""The routes that only Label Studio's clients use."""

from django.urls import URLPattern, URLResolver, include, path
from rest_framework.routers import SimpleRouter

from . import page, stub_endpoints, version
from .data_manager import label_stream, tabs, views

router = SimpleRouter()
router.register("dm/views", tabs.ViewViewSet)

api_routes: list[URLPattern | URLResolver] = [
    path("dm/actions/", views.ActionsView.as_view(), name="dm-actions"),
    path("dm/actions/<str:action_id>/form/", views.ActionFormView.as_view(), name="dm-action-form"),
    path("dm/columns/", views.ColumnsView.as_view(), name="dm-columns"),
    path("dm/project/", views.ProjectStateView.as_view(), name="dm-project"),
    path(
        "projects/<int:pk>/label-stream-history/",
        label_stream.StreamHistoryView.as_view(),
        name="label-stream-history",
    ),
    path("projects/<int:pk>/next/", label_stream.NextTaskView.as_view(), name="next-task"),
    path("label_links/", stub_endpoints.LabelLinks.as_view(), name="label-links"),
    path("ml/", stub_endpoints.MlBackends.as_view(), name="ml-backends"),
    path("templates/", stub_endpoints.Templates.as_view(), name="templates"),
    path("version/", version.Version.as_view(), name="version"),
    path("", include(router.urls)),
]
page_routes: list[URLPattern | URLResolver] = [
    path("label-studio/", page.page, name="label-studio"),
    path("label-studio/<path:rest>", page.page),
]
