"""The admin speaks in its reader's time zone, and its header names it."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from users.zones import zone_of

from .middleware import Handler


class ReadersTimezone:
    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/admin/") or not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(zone_of(request.user.timezone)):
            return self.get_response(request)
