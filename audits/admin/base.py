"""What the lists of a data set's rows share: they are of data sets that one manages."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from tasks.admin.base import LeadAdmin
from tasks.admin.filters import MAX_OFFERED, NumberFilter
from users.admin.base import signed_in
from users.models import User

from ..models import Dataset


class NotFound(LeadAdmin):
    """404 for what one may not see, instead of a redirect to the index."""

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        raise Http404


class OfDataset(NotFound):
    """Rows of data sets that one manages; of those that belong to no project, for administrators."""

    project_path = "dataset__project"
    list_select_related: Any = ("dataset",)

    def seen_by(self, user: User, rows: Any) -> Any:
        return rows.filter(dataset__in=Dataset.objects.managed_by(user))


class ByDataset(NumberFilter):
    title = "data set"
    parameter_name = "dataset"
    path = "dataset_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        mine = Dataset.objects.managed_by(signed_in(request))
        return list(mine.values_list("pk", "title")[:MAX_OFFERED])
