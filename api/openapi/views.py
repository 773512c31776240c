"""Where the document is served."""

from typing import Any

from drf_spectacular.renderers import OpenApiJsonRenderer2, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request


class DocumentView(SpectacularAPIView):
    """YAML, or JSON by `Accept` or with `?format=json`."""

    def get_renderers(self) -> list[Any]:
        # URL_FORMAT_OVERRIDE is off: elsewhere `format` is no choice of the client.
        chosen = {"json": OpenApiJsonRenderer2, "yaml": OpenApiYamlRenderer}
        request: Request | None = getattr(self, "request", None)
        wanted = chosen.get(request.GET.get("format", "")) if request is not None else None
        return [wanted()] if wanted else super().get_renderers()
