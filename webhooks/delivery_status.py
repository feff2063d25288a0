"""Whether our webhook is registered and deliveries arrive, for operators."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Sum
from django.utils.translation import gettext_lazy as _

from banking.connections.models import Alert
from banking.pluggy import Client, PluggyError, Refused, Unauthorized
from banking.web.labels.text import Text
from webhooks import registration
from webhooks.models import DeliveryCount, Event
from webhooks.registration import Problem, WantedWebhook

MAX_EVENTS = 1000  # the newest ones, which are counted
REFUSED_WITHIN = timedelta(hours=24)

PROBLEMS: dict[str, Text] = {
    Problem.MISSING: _("It is not registered."),
    Problem.DISABLED: _("Pluggy disabled it, because deliveries failed."),
    Problem.OTHER_URL: _("It is registered with another address."),
    Problem.OTHER_SECRET: _("It is registered without our secret, so every delivery is refused."),
    Problem.OTHER_EVENTS: _("It is registered for some of the events only."),
}
STATES: dict[str, Text] = {
    Event.State.QUEUED: _("Wait for a sync"),
    Event.State.DONE: _("Processed"),
    Event.State.PARKED: _("Parked: no user has the connection"),
    Event.State.IGNORED: _("Nothing to do"),
    Event.State.DEAD: _("Given up"),
}


@dataclass(frozen=True)
class RegistrationStatus:
    """What Pluggy says about our webhook; `failure` says why it could not be asked."""

    urls: tuple[str, ...] = ()  # as they are registered
    events: tuple[str, ...] = ()
    missing_events: tuple[str, ...] = ()
    disabled_at: datetime | None = None
    problems: tuple[Text, ...] = ()
    failure: Text = ""

    @property
    def is_correct(self) -> bool:
        return not self.problems and not self.failure


@dataclass(frozen=True)
class Deliveries:
    """The newest events by state, and the deliveries that were refused or used the previous secret."""

    by_state: tuple[tuple[Text, int], ...]
    since: datetime | None  # of the oldest event that is counted
    latest_at: datetime | None
    refused: int  # with a wrong secret, within REFUSED_WITHIN
    previous_secret_used_at: datetime | None


def registration_status(wanted: WantedWebhook, *, client: Client) -> RegistrationStatus:
    """Ask Pluggy for our webhook. Nothing is changed, and no error is raised."""
    try:
        found = registration.find(wanted, client=client)
    except PluggyError as error:
        return RegistrationStatus(failure=failure_text(error))
    problems = tuple(PROBLEMS.get(problem, str(problem)) for problem in found.problems)
    disabled = [webhook.disabled_at for webhook in found.webhooks if webhook.disabled_at is not None]
    return RegistrationStatus(
        urls=tuple(dict.fromkeys(webhook.url for webhook in found.webhooks)),
        events=tuple(webhook.event for webhook in found.webhooks),
        missing_events=found.missing_events,
        disabled_at=min(disabled, default=None),
        problems=problems,
    )


def failure_text(error: PluggyError) -> Text:
    """Say why Pluggy did not do what was asked; its own message may contain what we sent, and is not shown."""
    if isinstance(error, Unauthorized):
        return _("Pluggy refuses our client id or secret.")
    if isinstance(error, Refused):
        return _("Pluggy refused the request: %(code)s") % {"code": error.code or error.status}
    return _("Pluggy did not answer. Try again soon.")


def deliveries(*, now: datetime) -> Deliveries:
    """Count the newest events. Three queries, however many events are stored."""
    newest = Event.objects.order_by("-id").values("pk")[:MAX_EVENTS]
    counted = Event.objects.filter(pk__in=newest).order_by().values_list("state")
    rows = counted.annotate(Count("pk"), Min("received_at"), Max("received_at")).order_by(
        "-pk__count", "state"
    )
    by_state = [(STATES.get(state, state), count, first, last) for state, count, first, last in rows]
    recent = DeliveryCount.objects.filter(start__gt=now - REFUSED_WITHIN)
    used = DeliveryCount.objects.filter(with_previous_secret__gt=0)
    return Deliveries(
        by_state=tuple((title, count) for title, count, _first, _last in by_state),
        since=min((first for _title, _count, first, _last in by_state), default=None),
        latest_at=max((last for _title, _count, _first, last in by_state), default=None),
        refused=recent.aggregate(sum=Sum("refused"))["sum"] or 0,
        previous_secret_used_at=used.aggregate(last=Max("start"))["last"],
    )


def open_alert() -> Alert | None:
    """Return the alert about the registration, if it is open."""
    return Alert.objects.active().filter(code=Alert.Code.REGISTRATION).first()
