from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularSwaggerSplitView

from api.openapi.views import DocumentView
from api.urls import media_route, unknown_route
from labelstudio.urls import api_routes, page_routes

from . import metrics
from .signon import views as signon

urlpatterns = [
    path("metrics", metrics.metrics),
    # First, because every pattern before the right one is tried.
    path("api/", include("api.urls")),
    path("api/", include(api_routes)),
    path("api/", include("webhooks.urls")),
    path("api/audits/", include("audits.api.urls")),
    path("api/schema/", DocumentView.as_view(), name="api-schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    path("admin/", admin.site.urls),
    path("accounts/oidc/", signon.SignOn.as_view(), name="sign-on"),
    path("accounts/oidc/callback/", signon.Callback.as_view(), name="signed-on"),
    path("", include("crowd.urls")),
    path("", include("audits.urls")),
    path("", include("pages.urls")),
    *page_routes,
    media_route,
    unknown_route,
]
handler400 = "reviewsite.errors.bad_request"
handler403 = "reviewsite.errors.permission_denied"
handler404 = "reviewsite.errors.not_found"
handler500 = "reviewsite.errors.server_error"
