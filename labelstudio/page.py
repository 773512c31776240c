"""Label Studio's unmodified web application on this site.

It needs a setting, and the files of `make frontend`.
"""

from typing import Any, cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from tasks.models import Project
from users.models import User

from . import frontend
from .content_security import with_origins

PREFIX = "/label-studio"
# The quick view shows review buttons and the comments panel only with these.
FLAGS = [
    "fflag_feat_all_leap_1081_reviewer_flow_updates",
    "fflag-feat-dev-2887-comments-ui-editor-short",
    "ff_front_1170_outliner_030222_short",
    "fflag_feat_front_dev_3873_labeling_ui_improvements_short",
]
# The editor marks reviewed annotations only in this edition, which otherwise only adds a button to copy a
# link.
VERSION = {
    "edition": "Enterprise",
    "release": settings.VERSION,
    "label-studio-os-package": {"version": frontend.WHEEL.rpartition("=")[2]},
}
# The header must stay short: only the newest projects count.
MAX_PROJECTS = 200
MAX_ORIGINS = 60


@never_cache
@login_required
@ensure_csrf_cookie
def page(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Every path below /label-studio/: the application routes by itself."""
    if not settings.LABEL_STUDIO_PAGE:
        raise Http404("The page is switched off (LABEL_STUDIO_PAGE).")
    if not frontend.is_present():
        return render(request, "label_studio_absent.html", status=503)
    hostname = request.build_absolute_uri(PREFIX)
    user = cast(User, request.user)
    response = render(request, "label_studio.html", {"app_settings": app_settings(user, hostname)})
    return with_origins(response, origins_for(user))


def origins_for(user: User) -> list[str]:
    """Media hosts of all projects `user` sees: the application changes projects without loading a page."""
    rows = Project.objects.visible_to(user).exclude(media_origins=[]).values_list("media_origins", flat=True)
    origins = dict.fromkeys(origin for row in rows[:MAX_PROJECTS] for origin in row)
    return list(origins)[:MAX_ORIGINS]


def app_settings(user: User, hostname: str) -> dict[str, Any]:
    """What the application reads from window.APP_SETTINGS before it starts."""
    return {
        "user": user_settings(user),
        "hostname": hostname,
        "version": VERSION,
        "version_edition": "Community",
        "feature_flags": dict.fromkeys(FLAGS, True),
        "feature_flags_default_value": False,
        "flags": {"allow_organization_webhooks": False, "storage_persistence": True},
        "data_manager": {"max_users_to_display": 10},
        "editor_keymap": {},
        "page_title": "Countersign",
        "polling": False,
        "debug": False,
        "collect_analytics": False,
    }


def user_settings(user: User) -> dict[str, Any]:
    names = {
        "firstName": user.first_name,
        "lastName": user.last_name,
        "username": user.username,
        "email": user.email,
    }
    return {
        "id": user.pk,
        **names,
        "initials": user.initials,
        "customHotkeys": {},
        "allow_newsletters": False,
    }
