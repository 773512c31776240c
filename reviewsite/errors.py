"""Turns errors into Label Studio's error body plus `code`, or into an error page."""

import logging
import sys
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.db import IntegrityError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_noop
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_handler
from rest_framework.views import set_rollback

from api.serializers.users import EMAIL_TAKEN
from api.views.base import stale_answer
from pages.responses import error_page
from tasks.errors import Refused
from users.sentences import sentence as _

from .error_body import body

log = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = 2
# PostgreSQL's SQLSTATE for a statement that exceeded statement_timeout.
QUERY_CANCELED = "57014"
# For one that exceeded lock_timeout, and for the one of a deadlock that was given up.
LOCK_FAILURES = ("55P03", "40P01")
BUSY = _("Somebody else is changing this at the moment, so nothing was changed. Try again.")
SERVER_ERROR = _("Something went wrong on our side. The error has been logged.")
# Unique constraints that a client can violate: constraint → field and sentence.
UNIQUE_CONSTRAINTS = {
    "task_external_id_unique": (
        "external_id",
        _("Another task of this project has this external_id. Change that task, or use another external_id."),
    ),
    "user_email_unique": ("email", EMAIL_TAKEN),
    "annotation_unique_id_unique": (
        "unique_id",
        _("Another annotation already has this unique_id. Change that annotation, or leave unique_id out."),
    ),
}
# Of REST framework, which has no Chinese for them.
FOREIGN = (
    gettext_noop("A valid biginteger is required."),
    gettext_noop("Integer value too large to convert to float"),
)
VERDICT_URLS = ("/accept/", "/reject/", "/fix-and-accept/")


def error_response(status: int, detail: str, code: str, **headers: str) -> JsonResponse:
    return JsonResponse(body(status, detail, code), status=status, headers=headers)


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    response = _response_for(exc, context)
    if response is not None:
        set_rollback()
        request = context.get("request")
        if request is not None and response.status_code < 500 and request.path.endswith(VERDICT_URLS):
            # The three verdict URLs also have the sentence under `error`.
            response.data["error"] = response.data["detail"]
    return response


def _response_for(exc: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(exc, Refused):
        return _refused(exc, context)
    if isinstance(exc, IntegrityError):
        return _integrity(exc)
    if isinstance(exc, OperationalError):
        return _database_busy(exc)
    if isinstance(exc, RequestDataTooBig):
        return Response(body(413, _("The request body is too large."), "too_large"), status=413)
    if isinstance(exc, ValidationError):
        exc = exceptions.ValidationError({"non_field_errors": exc.messages})
    return _rest(exc, context)


def _refused(exc: Refused, context: dict[str, Any]) -> Response:
    errors = {exc.field: [exc.detail]} if exc.field else None
    response = Response(
        body(exc.status, exc.detail, exc.code, errors) | exc.extra.get("body", {}), status=exc.status
    )
    if exc.status == 412:
        current, etag = stale_answer(exc.extra["stale"], context["request"])
        response.data["current"] = current
        response["ETag"] = etag
    if "retry_after" in exc.extra:
        response["Retry-After"] = str(exc.extra["retry_after"])
    return response


def _integrity(exc: IntegrityError) -> Response:
    """A constraint that no guard checked first: still a 400, with the name of the constraint as code."""
    diagnostics = getattr(exc.__cause__, "diag", None)
    code = getattr(diagnostics, "constraint_name", None) or "integrity_error"
    if code in UNIQUE_CONSTRAINTS:
        field, sentence = UNIQUE_CONSTRAINTS[code]
        return Response(body(400, sentence, f"{field}_taken", {field: [sentence]}), status=400)
    log.warning("Database constraint violated: %s", code)
    return Response(
        body(400, _("This change violates a constraint of the database. Nothing was changed."), code),
        status=400,
    )


def _database_busy(exc: OperationalError) -> Response:
    if _sqlstate(exc) == QUERY_CANCELED:
        return Response(body(400, _("This query takes too long. Narrow the filter."), "too_slow"), status=400)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if _sqlstate(exc) in LOCK_FAILURES:
        return Response(body(503, BUSY, "busy"), status=503, headers=headers)
    log.error("Database unavailable: %s", exc)
    detail = _("The database is not available. Try again in a moment.")
    return Response(body(503, detail, "unavailable"), status=503, headers=headers)


def _sqlstate(exc: BaseException | None) -> str | None:
    return getattr(exc.__cause__, "sqlstate", None) if isinstance(exc, OperationalError) else None


def _rest(exc: Exception, context: dict[str, Any]) -> Response | None:
    response = drf_handler(exc, context)
    if response is None:
        return None
    if isinstance(exc, exceptions.ValidationError):
        errors = exc.detail if isinstance(exc.detail, dict) else {"non_field_errors": exc.detail}
        response.data = body(400, _("Validation error"), _code_of(exc), errors)
    else:
        response.data = body(response.status_code, *_detail_and_code(exc, response))
    return response


def _code_of(exc: exceptions.ValidationError) -> str:
    codes: Any = exc.get_codes()
    while isinstance(codes, dict | list):
        if not codes:
            return "invalid"
        codes = next(iter(codes.values())) if isinstance(codes, dict) else codes[0]
    return codes


def _detail_and_code(exc: Exception, response: Response) -> tuple[str, str]:
    if isinstance(exc, Http404):
        return _("Not found."), "not_found"
    if isinstance(exc, PermissionDenied):
        return _("You do not have permission to do this."), "permission_denied"
    detail = getattr(exc, "detail", None)
    code = getattr(detail, "code", None) or getattr(exc, "default_code", "error")
    return str(detail if detail is not None else response.data), str(code)


# --- outside REST framework ---------------------------------------------------------------------


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return error_response(413, _("The request body is too large."), "too_large")
    if _is_api(request) or isinstance(exception, SuspiciousOperation):
        return error_response(400, _("This request is malformed."), "bad_request")
    return error_page(request, 400, _("Bad request"), _("This request is malformed."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _is_api(request):
        return error_response(404, _("Not found."), "not_found")
    return error_page(
        request, 404, _("Not found"), _("This page does not exist, or you do not have access to it.")
    )


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _is_api(request):
        return error_response(403, _("You do not have permission to do this."), "permission_denied")
    return error_page(request, 403, _("Not allowed"), _("You do not have permission to do this."))


def server_error(request: HttpRequest) -> HttpResponse:
    # Django calls this inside its except block, so the exception is still at hand.
    if _sqlstate(sys.exc_info()[1]) in LOCK_FAILURES:
        return _busy(request)
    if _is_api(request):
        return error_response(500, SERVER_ERROR, "error")
    return error_page(request, 500, "Error", SERVER_ERROR)


def _busy(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        return error_response(503, BUSY, "busy", **{"Retry-After": str(RETRY_AFTER_SECONDS)})
    page = error_page(request, 503, "Busy", BUSY)
    page["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return page


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if _is_api(request):
        return error_response(403, _("CSRF check failed: %(reason)s", reason=reason), "csrf_failed")
    return error_page(request, 403, _("Form expired"), _("Go back, reload the page and try again."))
