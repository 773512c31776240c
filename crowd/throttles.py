"""Limits what one person and one address send, per process like the limit on the API's writes. Far above what
people do; reviews that are too fast are flagged, not refused."""

from django.http import HttpRequest
from rest_framework.throttling import SimpleRateThrottle

from users.client_address import address_group, client_address

from .models import Reviewer


class _Throttle(SimpleRateThrottle):
    def __init__(self, identity: str) -> None:
        super().__init__()
        self.identity = identity

    def get_cache_key(self, request, view):
        return self.cache_format % {"scope": self.scope, "ident": self.identity}


class ByReviewer(_Throttle):
    scope = "crowd_reviewer"


class ByAddress(_Throttle):
    scope = "crowd_address"


def seconds_to_wait(request: HttpRequest, reviewer: Reviewer | None) -> int:
    """Count one more that is sent. Zero if it is allowed."""
    throttles: list[_Throttle] = [ByReviewer(str(reviewer.pk))] if reviewer else []
    throttles.append(ByAddress(address_group(client_address(request))))
    for throttle in throttles:
        if not throttle.allow_request(request, None):  # type: ignore[arg-type]  # it reads neither
            return max(1, round(throttle.wait() or 1))
    return 0
