"""Refuses query parameters that a view does not describe: a mistyped filter would find everything. And those
that are sent with several values, of which it would read one."""

import threading
from collections.abc import Callable
from functools import cache
from typing import Any

from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from drf_spectacular.settings import spectacular_settings
from rest_framework import generics, views
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from tasks.known_names import errors_for
from users.sentences import sentence as _

from ..filters.ignored import is_ignored

_ONE_AT_A_TIME = threading.Lock()


class RefusesUnknown:
    """What a view reads must be in its OpenAPI description: a parameter that is missing there is refused."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if request.query_params and (match := request.resolver_match):
            refuse_unknown(request, match.func)


class APIView(RefusesUnknown, views.APIView):
    pass


class GenericAPIView(RefusesUnknown, generics.GenericAPIView):
    pass


def refuse_unknown(request: Request, view: Callable[..., Any]) -> None:
    # drf-spectacular loads its extensions when it is first asked, and two threads disturb each other.
    with _ONE_AT_A_TIME:
        known = described(view, str(request.method))
    if known is not None:
        sent = [name for name in request.query_params if not is_ignored(name, request.path)]
        if errors := errors_for(sent, known, thing="parameter"):
            raise ValidationError(errors)
        if twice := [name for name in sent if _has_several_values(name, request, known[name])]:
            raise ValidationError({name: [_twice(name)] for name in twice})


def _has_several_values(name: str, request: Request, schema: dict[str, Any]) -> bool:
    """Of what has one value: Django would take the last one. Texts may be lists, `ids=1&ids=2`."""
    has_one = schema.get("type") in ("boolean", "integer", "number") or "enum" in schema
    return has_one and len(set(request.query_params.getlist(name))) > 1


def _twice(name: str) -> ErrorDetail:
    return ErrorDetail(_("%(name)s is here with several values. Send one.", name=name), "repeated_parameter")


@cache
def described(view: Callable[..., Any], method: str) -> dict[str, dict[str, Any]] | None:
    """The query parameters in the OpenAPI description of this route; None if it has no such method."""
    method = "GET" if method == "HEAD" else method
    if method not in (name.upper() for name in EndpointEnumerator().get_allowed_methods(view)):
        return None
    generator = SchemaGenerator()  # to be kept: the view refers to it weakly
    blank = generator.create_view(view, method)
    blank.request = spectacular_settings.GET_MOCK_REQUEST(method, "/", blank, None)
    return blank.schema.query_parameters(method)
