"""Connections: connect, watch, refresh, disconnect."""

import json
from typing import Any
from uuid import UUID

from allauth.core import ratelimit
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banking import tasks
from banking.actions import connections as actions
from banking.application import pluggy
from banking.models import Item
from banking.pluggy import Limited, PluggyError, Refused
from banking.reports import connections
from banking.views.scope import signed_in
from banking.views.words.connections import refusal_words


@login_required
@require_safe
def connections_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    mine = connections.detailed(user)
    context = {
        "connections": mine,
        "balances": connections.balances(mine),
        "news": connections.news(user, mine),
    }
    return render(request, "banking/connections.html", context)


@login_required
@require_safe
def connection(request: HttpRequest, item_id: UUID) -> HttpResponse:
    item = _item(request, item_id)
    context = {
        "connection": connections.in_detail(item),
        "runs": item.runs.all()[:10],
        "news": connections.news(signed_in(request)),
    }
    return render(request, "banking/connection.html", context)


@login_required
@require_safe
def progress(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """The fragment that asks again while something is going on, and then has the page renewed."""
    found = connections.connection(_item(request, item_id))
    if found.is_busy and request.GET.get("state") == found.state:
        return HttpResponse(status=204)  # nothing new: htmx leaves the page as it is and asks again
    response = render(request, "banking/_progress.html", {"connection": found})
    if not found.is_busy:
        response["HX-Refresh"] = "true"
    return response


def _item(request: HttpRequest, item_id: UUID) -> Item:
    mine = Item.objects.of(signed_in(request)).select_related("connector", "sync")
    return get_object_or_404(mine, id=item_id)


def _allow_connect(view: Any) -> Any:
    """Only this page may frame Connect, and the bank's pop-up must be able to talk back to it."""

    @csp_update({"frame-src": [settings.PLUGGY_CONNECT_URL]})
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = view(request, *args, **kwargs)
        response["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
        return response

    return wrapped


@login_required
@require_safe
@_allow_connect
def connect(request: HttpRequest) -> HttpResponse:
    """The page that opens Pluggy Connect; with `?item=` to update a connection that is already there."""
    item = _item(request, _uuid(request.GET["item"])) if request.GET.get("item") else None
    language = "en" if (get_language() or "pt").startswith("en") else "pt"
    config = {
        "connectUrl": settings.PLUGGY_CONNECT_URL,
        "tokenUrl": reverse("connect_token"),
        "claimUrl": reverse("claim"),
        "doneUrl": reverse("connections"),
        "itemId": str(item.id) if item else "",
        "includeSandbox": settings.PLUGGY_INCLUDE_SANDBOX,
        "language": language,
        "theme": signed_in(request).theme,
    }
    unfinished = () if item else connections.unfinished(signed_in(request))
    return render(request, "banking/connect.html", {"config": config, "item": item, "unfinished": unfinished})


@login_required
@require_POST
def connect_token(request: HttpRequest) -> HttpResponse:
    """A token for one opening of the widget: never cached, never logged, never in an address."""
    user = signed_in(request)
    if not ratelimit.consume(request, action="connect_token", user=user):
        return JsonResponse({"error": _("Too many attempts. Wait a minute.")}, status=429)
    item_id = _posted_uuid(request, required=False)
    try:
        token = actions.connect_token(user, client=pluggy(), item_id=item_id)
    except actions.NotYours as error:
        raise Http404 from error
    except PluggyError:
        return JsonResponse({"error": _("Pluggy cannot be reached. Try again soon.")}, status=503)
    return JsonResponse({"accessToken": token})


@login_required
@require_POST
def claim(request: HttpRequest) -> HttpResponse:
    """What the widget's onSuccess reports: a hint, believed only when Pluggy says whose item it is."""
    item_id = _posted_uuid(request, required=True)
    assert item_id is not None
    if not ratelimit.consume(request, action="claim", user=signed_in(request)):
        return JsonResponse({"error": _("Too many attempts. Wait a minute.")}, status=429)
    try:
        item = actions.claim(signed_in(request), item_id, client=pluggy(), now=timezone.now())
    except actions.NotYours as error:
        raise Http404 from error
    except PluggyError:
        return JsonResponse({"error": _("Pluggy cannot be reached. Try again soon.")}, status=503)
    tasks.ring(item.id)
    return JsonResponse({"url": reverse("overview")})


@login_required
@require_POST
def refresh(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """The person asks Pluggy to collect now: the only time that an item is ever updated by us."""
    item = _item(request, item_id)
    if not ratelimit.consume(request, action="refresh_item", user=signed_in(request)):
        messages.warning(request, _("Too many attempts. Wait a minute."))
        return redirect("connection", item_id=item.id)
    try:
        actions.refresh(item, client=pluggy(), now=timezone.now())
        tasks.ring(item.id)
        messages.success(request, _("The bank is being asked for news."))
    except Refused as error:
        messages.warning(request, refusal_words(error.code))
    except Limited:
        messages.warning(request, _("Many people are asking their banks right now. Try again in a minute."))
    except PluggyError:
        messages.warning(request, _("Pluggy cannot be reached. Try again soon."))
    return redirect("connection", item_id=item.id)


@login_required
@require_POST
def disconnect(request: HttpRequest, item_id: UUID) -> HttpResponse:
    item = _item(request, item_id)
    try:
        actions.disconnect(item, client=pluggy(), now=timezone.now())
        messages.success(request, _("Disconnected. Its data has been deleted here and at Pluggy."))
    except PluggyError:
        messages.warning(
            request, _("Pluggy cannot be reached. The connection is deleted as soon as it answers.")
        )
    return redirect("connections")


def _posted_uuid(request: HttpRequest, *, required: bool) -> UUID | None:
    """`itemId` of a JSON body."""
    try:
        body = json.loads(request.body or b"{}")
        value = body.get("itemId") if isinstance(body, dict) else None
    except (ValueError, RecursionError):
        raise Http404 from None
    return _uuid(value) if value or required else None


def _uuid(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise Http404 from None
