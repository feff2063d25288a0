"""The activity of an account: the user's own security events, explained in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.devices import device_name
from accounts.models import SecurityEvent, User

PAGE_SIZE = 50
Code = SecurityEvent.Code
# What a user should look at twice: they did not do it themselves, or somebody else may have done it.
CRITICAL = {
    Code.SIGN_IN_FAILED,
    Code.SIGN_IN_LOCKED,
    Code.PASSWORD_RESET,
    Code.SECOND_FACTOR_REMOVED,
    Code.RECOVERY_CODE_USED,
    Code.FOREIGN_ID_REFUSED,
    Code.READ_BY_STAFF,
    Code.CHANGED_BY_STAFF,
}
METHODS = {
    "password": gettext_lazy("password"),
    "password_reset": gettext_lazy("link by e-mail"),
    "code": gettext_lazy("code by e-mail"),
    "totp": gettext_lazy("authenticator app"),
    "webauthn": gettext_lazy("passkey"),
    "recovery_codes": gettext_lazy("recovery codes"),
}
STEPS = {
    "requested": gettext_lazy("A new address was entered. It counts when it is confirmed."),
    "confirmed": gettext_lazy("The address was confirmed."),
}
PAGES = {  # of the admin, by MaskedAdmin.page_name
    "user": gettext_lazy("your account"),
    "status": gettext_lazy("your connections"),
    "connection": gettext_lazy("a connection"),
    "timeline": gettext_lazy("history of a connection"),
    "sync": gettext_lazy("updates of a connection"),
    "account": gettext_lazy("bank accounts"),
    "transaction": gettext_lazy("transactions"),
    "missing transactions": gettext_lazy("missing transactions"),
    "unreadable record": gettext_lazy("unreadable records"),
    "replaced transaction": gettext_lazy("replaced transactions"),
}


@dataclass(frozen=True)
class Activity:
    """An event as the page shows it."""

    at: datetime
    title: str
    detail: str
    device: str
    network: str
    is_critical: bool


@dataclass(frozen=True)
class ActivityPage:
    """One page of activities, newest first, and the cursor of the next page, if there is one."""

    activities: list[Activity]
    next_cursor: str


def activity_page(user: User, *, cursor: str = "") -> ActivityPage:
    """Return a page of the user's activities. A cursor that cannot be read is the first page."""
    events = SecurityEvent.objects.of(user).order_by("-at", "-id")
    before = _decode(cursor)
    if before is not None:
        at, id_ = before
        events = events.filter(Q(at__lt=at) | Q(at=at, id__lt=id_))
    listed = list(events[: PAGE_SIZE + 1])
    has_more = len(listed) > PAGE_SIZE
    shown = listed[:PAGE_SIZE]
    next_cursor = f"{shown[-1].at.isoformat()}_{shown[-1].id}" if has_more else ""
    return ActivityPage([_activity(event) for event in shown], next_cursor)


def _decode(cursor: str) -> tuple[datetime, UUID] | None:
    at, _separator, id_ = cursor.partition("_")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, UUID(id_)) if moment.tzinfo else None
    except ValueError:
        return None


def _activity(event: SecurityEvent) -> Activity:
    is_by_staff = event.actor_id is not None and event.actor_id != event.user_id
    return Activity(
        at=event.at,
        title=str(event),
        detail=describe(event),
        # The device and the network of an administrator are not the user's business, nor their own.
        device=_("An administrator") if is_by_staff else device_name(event.user_agent),
        network="" if is_by_staff else event.network,
        is_critical=event.code in CRITICAL,
    )


def describe(event: SecurityEvent) -> str:
    """Return what else is known of an event, in a sentence or a few words."""
    facts: Mapping[str, Any] = event.facts
    if event.code == Code.SIGNED_IN:
        return ", ".join(_method(method) for method in facts.get("methods", []))
    if event.code == Code.SIGN_IN_FAILED:
        return (
            _("The code was wrong.")
            if facts.get("method") == "second factor"
            else _("The password was wrong.")
        )
    if event.code == Code.EMAIL_CHANGED:
        return str(STEPS.get(facts.get("step", ""), ""))
    if event.code == Code.SESSION_ENDED:
        return device_name(facts.get("device", ""))
    if event.code == Code.EXPORTED:
        return str(facts.get("format", "")).upper()
    if event.code == Code.FOREIGN_ID_REFUSED:
        return _("A page was asked for that is not yours, or no longer exists. Nothing was shown.")
    if event.code == Code.READ_BY_STAFF:
        reason = facts.get("reason", "–")
        if "page" not in facts:
            return _("Reason: %(reason)s") % {"reason": reason}
        page = PAGES.get(facts["page"], facts["page"])
        return _("Page: %(page)s. Reason: %(reason)s") % {"page": page, "reason": reason}
    if event.code == Code.CHANGED_BY_STAFF:
        return ", ".join(facts.get("fields", []))
    return (
        _method(facts["type"]) if "type" in facts else _method(facts["method"]) if "method" in facts else ""
    )


def _method(name: str) -> str:
    return str(METHODS.get(name, name))
