"""Limits writes, generously: scripts are welcome. Passwords and tokens are counted by users.login_guard.

Counted per process, so that no request needs Redis.
"""

from rest_framework.permissions import SAFE_METHODS
from rest_framework.throttling import SimpleRateThrottle

from users.client_address import address_group, client_address


class WriteThrottle(SimpleRateThrottle):
    scope = "write"

    def get_ident(self, request):
        return address_group(client_address(request))

    def get_cache_key(self, request, view):
        if request.method in SAFE_METHODS:
            return None
        identity = (
            request.user.pk if request.user and request.user.is_authenticated else self.get_ident(request)
        )
        return self.cache_format % {"scope": self.scope, "ident": identity}
