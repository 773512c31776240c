from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from api.urls import media_route, unknown_route

from . import health, labelstudio, pages
from .screens import inbox
from .screens import views as screens
from .signon import views as signon

urlpatterns = [
    path("", pages.index, name="index"),
    path("health", health.health),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("accounts/login/", pages.SignIn.as_view(), name="login"),
    path("accounts/oidc/", signon.Away.as_view(), name="sign-on"),
    path("accounts/oidc/callback/", signon.Back.as_view(), name="signed-on"),
    path("accounts/password_reset/", pages.Reset.as_view(), name="password_reset"),
    path("accounts/profile/", pages.profile, name="profile"),
    path("accounts/", include("django.contrib.auth.urls")),
    path("inbox/", inbox.page, name="inbox"),
    path("inbox/projects/<int:pk>/", inbox.lead, name="inbox-lead"),
    path("inbox/count/", inbox.count, name="inbox-count"),
    path("projects/<int:pk>/progress/", inbox.progress, name="project-progress"),
    path("projects/<int:pk>/review/", screens.review, name="review-screen"),
    path("projects/<int:pk>/label/", screens.label, name="label-screen"),
    path("projects/<int:pk>/counts/", screens.counts, name="screen-counts"),
    path("label-studio/", labelstudio.page, name="label-studio"),
    path("label-studio/<path:rest>", labelstudio.page),
    path("demo/sink/", include("reviewsite.demo.sink.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    path("api/", include("api.urls")),
    path("api/", include("webhooks.urls")),
    media_route,
    unknown_route,
]
handler400 = "reviewsite.errors.bad_request"
handler403 = "reviewsite.errors.permission_denied"
handler404 = "reviewsite.errors.not_found"
handler500 = "reviewsite.errors.server_error"
