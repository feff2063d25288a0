"""Connections: list, connect, progress, refresh and disconnect."""

import ipaddress
import json
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from allauth.core import ratelimit
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotFound,
    JsonResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import SecurityEvent
from accounts.security_log import record
from accounts.sign_in import recent_sign_in_required
from banking.connections import actions
from banking.connections.models import Item
from banking.ledger import disconnection
from banking.pluggy import Limited, PluggyError, Refused
from banking.reports import connections
from banking.reports.same_money import disconnection_preview
from banking.web import tasks
from banking.web.api_client import pluggy
from banking.web.labels.connections import MEU_PLUGGY_REFUSAL, failure_text, refusal_text
from banking.web.query_string import current_user

BANKS_KEY, BANKS_SECONDS = "banks-2", 600


@login_required
@require_safe
def connections_list(request: HttpRequest) -> HttpResponse:
    user = current_user(request)
    listed = connections.connections_with_products(user)
    accounts = [account for connection in listed for account in connection.accounts]
    context = {
        "connections": listed,
        "balances": connections.balances(accounts),
        "lacks_categories": connections.lacks_categories(),
        "data_version": connections.data_version(user, listed),
    }
    return render(request, "banking/connections/list.html", context)


@login_required
@require_safe
def connection(request: HttpRequest, item_id: UUID) -> HttpResponse:
    user = current_user(request)
    listed = connections.connections_of(user)
    item = next((connection.item for connection in listed if connection.item.id == item_id), None)
    if item is None:
        raise Http404
    item.user = user  # else a query would load it again
    shown = connections.connection_with_products(item)
    others = [account for account in connections.accounts_of(listed) if account.item_id != item.id]
    context = {
        "connection": shown,
        "preview": disconnection_preview(item, shown.accounts, others),
        "runs": item.runs.all()[:10],
        "consents": item.consents.all() if item.connector.is_open_finance else (),
        "lacks_categories": connections.lacks_categories(),
        "other_accounts": others,
        "data_version": connections.data_version(user, listed),
    }
    return render(request, "banking/connections/detail.html", context)


@login_required
@require_safe
def progress(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Render the progress of a connection; htmx asks again until it is done, then the page is reloaded."""
    own = Item.objects.of(current_user(request)).select_related("connector", "sync")
    item = own.filter(id=item_id).first()
    if item is None:  # perhaps it has just been disconnected; then its own page is gone, too
        is_its_page = request.headers.get("HX-Current-URL", "").endswith(
            reverse("connection", args=[item_id])
        )
        then = {"HX-Redirect": reverse("connections")} if is_its_page else {"HX-Refresh": "true"}
        return HttpResponseNotFound(headers=then)
    connection = connections.to_connection(item)
    if connection.is_busy and request.GET.get("state") == connection.state:
        return HttpResponse(status=204)  # unchanged: htmx leaves the page as it is and asks again
    response = render(request, "banking/connections/_progress.html", {"connection": connection})
    if not connection.is_busy:
        response["HX-Refresh"] = "true"
    return response


def _item(request: HttpRequest, item_id: UUID) -> Item:
    own = Item.objects.of(current_user(request)).select_related("connector", "sync")
    return get_object_or_404(own, id=item_id)


def _allow_connect(view: Any) -> Any:
    """Allow a page to frame Pluggy Connect, and the bank's pop-up to send messages to it."""

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
    """Show the page that opens Pluggy Connect; with `?item=` to update an existing connection.

    Nothing opens before the user chooses, because an unfinished connection is continued, not connected again.
    """
    item = _item(request, _uuid(request.GET["item"])) if request.GET.get("item") else None
    language = "en" if (get_language() or "pt").startswith("en") else "pt"
    bank = _bank_to_select(request) if item is None else None
    config = {
        "connectUrl": settings.PLUGGY_CONNECT_URL,
        "tokenUrl": reverse("connect_token"),
        "claimUrl": reverse("claim"),
        "doneUrl": reverse("connections"),
        "connectorId": bank.id if bank else None,
        "includeSandbox": settings.PLUGGY_INCLUDE_SANDBOX,
        "language": language,
        "theme": current_user(request).theme,
    }
    unfinished = () if item else connections.unfinished_connections(current_user(request))
    chosen = connections.to_connection(item) if item else None
    return render(
        request,
        "banking/connections/connect.html",
        {"config": config, "chosen": chosen, "unfinished": unfinished, "bank": bank},
    )


def _bank_to_select(request: HttpRequest) -> actions.Bank | None:
    """Return the bank that `?bank=` names, to select it in the widget; None if it is not offered."""
    number = request.GET.get("bank", "")
    return next((bank for bank in _listed_banks()[0] if str(bank.id) == number), None) if number else None


@login_required
@require_safe
def banks(request: HttpRequest) -> HttpResponse:
    """Show what each bank sends and which banks have problems now. The connect page includes the problems."""
    listed, failure = _listed_banks()
    with_incidents = [bank for bank in listed if bank.incidents]
    context = {"banks": listed, "with_incidents": with_incidents, "failure": failure}
    return render(request, "banking/connections/banks.html", context)


def _listed_banks() -> tuple[tuple[actions.Bank, ...], str]:
    """Return the banks that Pluggy can connect, from the cache for some minutes; else none, and why."""
    listed: tuple[actions.Bank, ...] | None = cache.get(BANKS_KEY)
    failure = ""
    if listed is None:
        try:
            listed = actions.list_banks(client=pluggy(), sandbox=settings.PLUGGY_INCLUDE_SANDBOX)
            cache.set(BANKS_KEY, listed, BANKS_SECONDS)
        except PluggyError as error:
            listed, failure = (), failure_text(error)
    return listed, failure


@login_required
@require_safe
def successor(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Render where a direct connection goes on that Pluggy no longer offers, a part of its page."""
    bank = actions.find_successor(_item(request, item_id).connector, _listed_banks()[0])
    return render(request, "banking/connections/successor.html", {"bank": bank})


@login_required
@require_safe
def connect_return(request: HttpRequest) -> HttpResponse:
    """Continue a connection after the bank's page, which leads here if the browser cannot close its window.

    htmx loads the page again until the bank's data arrive. Pluggy may name the item; else it is the one that
    the user worked on last.
    """
    named = _uuid_or_none(request.GET.get("itemId") or request.GET.get("item_id"))
    connection = connections.returned_connection(current_user(request), named)
    if connection and connection.was_read and not connection.is_unfinished and not connection.is_busy:
        url = reverse("overview")
        return (
            HttpResponse(headers={"HX-Redirect": url}) if "HX-Request" in request.headers else redirect(url)
        )
    item_id = connection.item.id if connection else named
    config = {"claimUrl": reverse("claim"), "itemId": str(item_id or "")}
    context = {"connection": connection, "config": config, "is_waiting": _waits_for_bank(connection)}
    return render(request, "banking/connections/return.html", context)


def _waits_for_bank(connection: connections.Connection | None) -> bool:
    """Tell whether the connection continues by itself. One that waits here may just have been approved."""
    return connection is None or connection.is_busy or connection.state in connections.WAITING


def oauth_redirect_uri(public_url: str, path: str) -> str:
    """Return the address to which the bank's page leads; empty if Pluggy would refuse it, as it does localhost."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if parts.scheme != "https" or not host or host == "localhost" or host.endswith(".localhost"):
        return ""
    try:
        is_private = not ipaddress.ip_address(host).is_global
    except ValueError:
        is_private = False
    return "" if is_private else public_url.rstrip("/") + path


@login_required
@require_POST
def connect_token(request: HttpRequest) -> HttpResponse:
    """Return a connect token for one opening of the widget."""
    user = current_user(request)
    if not ratelimit.consume(request, action="connect_token", user=user):
        return JsonResponse({"error": _("Too many attempts. Wait a minute.")}, status=429)
    item_id = _posted_uuid(request, required=False)
    try:
        redirect_uri = oauth_redirect_uri(settings.PUBLIC_URL, reverse("connect_return"))
        token = actions.connect_token(
            user, client=pluggy(), now=timezone.now(), item_id=item_id, oauth_redirect_uri=redirect_uri
        )
    except actions.NotOwner as error:
        raise Http404 from error
    except PluggyError as error:
        return JsonResponse({"error": failure_text(error)}, status=503)
    return JsonResponse(
        {"accessToken": token.access_token, "forceAskForCredentials": token.asks_for_credentials}
    )


@login_required
@require_POST
def claim(request: HttpRequest) -> HttpResponse:
    """Claim the item that the widget named; Pluggy is asked whose it is.

    The widget names items that failed, too, so that the user can continue them.
    """
    item_id = _posted_uuid(request, required=True)
    assert item_id is not None
    if not ratelimit.consume(request, action="claim", user=current_user(request)):
        return JsonResponse({"error": _("Too many attempts. Wait a minute.")}, status=429)
    try:
        item = actions.claim(current_user(request), item_id, client=pluggy(), now=timezone.now())
    except actions.NotOwner as error:
        raise Http404 from error
    except PluggyError as error:
        return JsonResponse({"error": failure_text(error)}, status=503)
    tasks.enqueue_sync(item.id)
    return JsonResponse({"url": reverse("overview")})


@login_required
@require_POST
def refresh(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Ask Pluggy to collect now. Items are updated only here, when the user asks."""
    item = _item(request, item_id)
    if item.connector.is_meu_pluggy:
        messages.info(request, MEU_PLUGGY_REFUSAL)
        return redirect("connection", item_id=item.id)
    if item.is_imported:
        raise Http404
    if not ratelimit.consume(request, action="refresh_item", user=current_user(request)):
        messages.warning(request, _("Too many attempts. Wait a minute."))
        return redirect("connection", item_id=item.id)
    try:
        actions.refresh(item, client=pluggy(), now=timezone.now())
        tasks.enqueue_sync(item.id)
        messages.success(request, _("Updating from your bank."))
    except Refused as error:
        messages.warning(request, refusal_text(error, now=timezone.now()))
    except Limited:
        messages.warning(request, _("Too many updates right now. Try again in a minute."))
    except PluggyError as error:
        messages.warning(request, failure_text(error))
    return redirect("connection", item_id=item.id)


@login_required
@require_POST
@recent_sign_in_required
def disconnect(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Mark the connection as ended; a task deletes it at Pluggy and here, and the list shows its progress."""
    item = _item(request, item_id)
    record(SecurityEvent.Code.CONNECTION_ENDED, user=current_user(request), request=request)
    disconnection.begin_disconnection(item, now=timezone.now())
    tasks.enqueue_disconnection(item.id)
    messages.info(request, _("Disconnecting. Its data will be deleted here and at Pluggy."))
    return redirect("connections")


def _posted_uuid(request: HttpRequest, *, required: bool) -> UUID | None:
    """Return `itemId` of the JSON body. Raises Http404."""
    try:
        body = json.loads(request.body or b"{}")
        value = body.get("itemId") if isinstance(body, dict) else None
    except (ValueError, RecursionError):
        raise Http404 from None
    return _uuid(value) if value or required else None


def _uuid(value: object) -> UUID:
    item_id = _uuid_or_none(value)
    if item_id is None:
        raise Http404
    return item_id


def _uuid_or_none(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
