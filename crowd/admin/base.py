"""What the lists of a campaign's rows share: they are of campaigns whose project one manages."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from tasks.admin.base import LeadAdmin
from tasks.admin.filters import MAX_OFFERED, NumberFilter
from users.admin.base import signed_in

from ..models import Campaign


class NotFound(LeadAdmin):
    """404 for what one may not see, instead of a redirect to the index."""

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        raise Http404


class OfCampaign(NotFound):
    project_path = "campaign__project"
    list_select_related: Any = ("campaign",)


class ByCampaign(NumberFilter):
    title = "campaign"
    parameter_name = "campaign"
    path = "campaign_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        mine = Campaign.objects.visible_to(signed_in(request))
        return list(mine.values_list("pk", "title")[:MAX_OFFERED])


def percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.0%}"
