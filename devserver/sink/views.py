"""The receiver and its page: 404 unless DEMO is set."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from devserver.models import Sink
from tasks.errors import Refused
from users.requests import user_of
from webhooks import endpoints, replay
from webhooks.models import Delivery, Webhook

from . import endpoint
from .arrivals import arrivals, digest, states
from .receive import current_behaviour
from .receive import receive as receive_it

View = Callable[..., HttpResponse]


def demo_only(view: View) -> View:
    @wraps(view)
    def wrapper(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, **kwargs)

    return wrapper


@demo_only
@csrf_exempt
@require_POST
def receive(request: HttpRequest, key: str) -> HttpResponse:
    if not constant_time_compare(key, endpoint.key()):
        raise Http404
    status = receive_it(request)
    return JsonResponse({"answered": status}, status=status)


@demo_only
@login_required
@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What arrived, newest first. htmx polls this page; while nothing has changed, the answer is 204."""
    endpoints_here = list(endpoint.sink_endpoints().visible_to(user_of(request)))
    found, health = arrivals(endpoints_here), states(endpoints_here)
    live = {"arrivals": found, "endpoints": health, "seen": digest(found, health)}
    if request.headers.get("HX-Request"):
        same = request.GET.get("seen") == live["seen"]
        return HttpResponse(status=204) if same else render(request, "demo/sink_feed.html", live)
    return render(
        request, "demo/sink.html", live | {"behaviours": Sink.Behaviour.choices, "now": current_behaviour()}
    )


@demo_only
@login_required
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Set how the receiver answers from now on."""
    _own_endpoint(request)
    wanted = request.POST.get("behaviour", "")
    if wanted in Sink.Behaviour.values:
        Sink.objects.update_or_create(pk=1, defaults={"behaviour": wanted})
    return redirect("sink")


@demo_only
@login_required
@require_POST
def resend(request: HttpRequest) -> HttpResponse:
    """Send the newest delivery again, with a full set of attempts."""
    newest = _own_endpoint(request).deliveries.exclude(event__action=replay.PING).order_by("-id").first()
    if newest is None:
        messages.info(request, "There is nothing to send yet. Accept or reject an annotation first.")
        return redirect("sink")
    try:
        replay.require_active(newest.webhook)
        replay.resend_all([newest], lane=Delivery.Lane.LIVE)
    except Refused as refused:
        messages.error(request, refused.detail)
    return redirect("sink")


@demo_only
@login_required
@require_POST
def enable(request: HttpRequest) -> HttpResponse:
    endpoints.change(_own_endpoint(request), {"is_active": True})
    return redirect("sink")


def _own_endpoint(request: HttpRequest) -> Webhook:
    webhook = endpoint.sink_endpoints().visible_to(user_of(request)).first()
    if webhook is None:
        raise Http404
    return webhook
