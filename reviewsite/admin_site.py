"""Django's admin with this site's name, and with the messages of the login guard."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from users.forms import StaffSignInForm, told_to_wait


class CountersignSite(AdminSite):
    site_header = "Countersign"
    site_title = "Countersign"
    index_title = "Projects and reviews"
    # Lists need the width; the header links to the lists that matter (templates/admin/base_site.html).
    enable_nav_sidebar = False
    site_url = "/start/"
    login_form = StaffSignInForm
    empty_value_display = "—"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().login(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        return told_to_wait(response, context.get("form"))

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one page to change one's password, which counts attempts."""
        return redirect("password_change")
