from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from api.views.media.responses import file_response
from tasks.errors import Refused

from . import media
from .models import Campaign
from .visits import Visit, campaign_of, refused_by_link


@require_safe
def serve(request: HttpRequest, slug: str, path: str) -> HttpResponseBase:
    """A file of the campaign, for everybody whom its link lets in, and for those who manage it."""
    visit = Visit(request, campaign_of(slug))
    if (refused := refused_by_link(visit)) and not _is_manager(visit):
        return refused
    file = media.find(visit.campaign, path)
    if file is None:
        raise Http404
    try:
        response = file_response(file, request)
    except Refused:  # removed since
        raise Http404 from None
    if not visit.campaign.link_key:
        # Nobody who could be shut out again: browsers need not ask each time.
        response["Cache-Control"] = "private, max-age=600"
    return response


def _is_manager(visit: Visit) -> bool:
    """The admin shows them the items, without the link."""
    user = visit.request.user
    return user.is_authenticated and Campaign.objects.visible_to(user).filter(pk=visit.campaign.pk).exists()
