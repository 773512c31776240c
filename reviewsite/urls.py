from django.contrib import admin
from django.urls import include, path

from . import health

urlpatterns = [
    path("health", health.health),
    path("readyz", health.readyz),
    path("admin/", admin.site.urls),
    path("accounts/", include("django.contrib.auth.urls")),
    path("api/", include("api.urls")),
]
handler400 = "reviewsite.errors.bad_request"
handler403 = "reviewsite.errors.permission_denied"
handler404 = "reviewsite.errors.not_found"
handler500 = "reviewsite.errors.server_error"
