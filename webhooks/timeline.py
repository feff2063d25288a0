"""The timeline of an item for operators: events, syncs and reviews, with errors explained."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.masking import MASK
from banking.connections.models import Item, SyncRun
from banking.ledger.models import DeletionReview, QuarantinedRecord
from banking.web.labels.text import Text
from webhooks.models import Event

MAX_ENTRIES = 200  # of each kind

# What the errors of banking/pluggy/errors.py mean, and what happens next while there are attempts left.
EXPLANATIONS: dict[str, tuple[Text, Text]] = {
    "Limited": (
        _("Pluggy's rate limit was reached."),
        _("The sync continues automatically when the limit ends."),
    ),
    "Unauthorized": (
        _("Pluggy refuses our client id or secret."),
        _("No sync works: check the configuration."),
    ),
    "Unavailable": (
        _("Pluggy did not answer, or not with the expected data."),
        _("The sync is repeated automatically."),
    ),
    "GoneInDoubt": (
        _("Pluggy calls this connection gone, and many others at once."),
        _("It is asked again; see the alert."),
    ),
    "Gone": (_("Pluggy says that something that was asked for does not exist."), ""),
    "Refused": (_("Pluggy refused the request."), ""),
}
OWN_FAULT: tuple[Text, Text] = (
    _("An error in our own program, which should be investigated."),
    _("It is repeated automatically."),
)
RUNS: dict[str, tuple[Text, str]] = {
    SyncRun.Outcome.RUNNING: (_("Syncing"), "busy"),
    SyncRun.Outcome.SUCCEEDED: (_("Synced"), "good"),
    SyncRun.Outcome.NOTHING_TO_READ: (_("Checked, nothing to read"), "off"),
    SyncRun.Outcome.FAILED: (_("Sync failed"), "bad"),
    SyncRun.Outcome.SUPERSEDED: (_("Another worker took over"), "warn"),
    SyncRun.Outcome.MOVED_TO_BULK: (_("Continues in the bulk queue"), "busy"),
    SyncRun.Outcome.QUARANTINED: (_("Quarantined: its syncs crash the worker"), "bad"),
}
COUNTS: dict[str, Text] = {
    "transactions read": _("%(n)s transactions read"),
    "records written": _("%(n)s records written"),
    "transactions removed": _("%(n)s transactions removed"),
    "transactions under review": _("%(n)s transactions under review"),
    "records quarantined": _("%(n)s records quarantined"),
}
EVENTS: dict[str, tuple[Text, str]] = {
    Event.State.QUEUED: (_("a sync will process it"), "busy"),
    Event.State.DONE: (_("a sync has processed it"), "good"),
    Event.State.PARKED: (_("parked: no user has the item yet"), "warn"),
    Event.State.IGNORED: (_("nothing to do"), "off"),
    Event.State.DEAD: (_("given up"), "bad"),
}


@dataclass(frozen=True)
class Entry:
    """An entry of the timeline."""

    at: datetime
    kind: Text
    title: Text
    facts: str
    tone: str  # good, busy, warn, bad or off
    explanation: str = ""  # of an error
    error: str = ""
    review_id: int | None = None  # of a deletion review, which has a page of its own


def find_item(item_id: UUID) -> Item | None:
    """Load an item with its connector, user, sync state and unreadable records, or None. One query."""
    records = QuarantinedRecord.objects.filter(item=OuterRef("pk")).order_by("-last_seen_at", "-id")
    fields = JSONObject(at="first_seen_at", record_type="record_type", key="key", reason="reason")
    items = Item.objects.select_related("connector", "user", "sync")
    unreadable = ArraySubquery(records.values(json=fields)[:MAX_ENTRIES])
    return items.annotate(unreadable_records=unreadable).filter(id=item_id).first()


def entries(item: Item, *, shows_names: bool) -> list[Entry]:
    """Return the entries of an item of `find_item`, newest first. Three queries.

    Without names, accounts have none, and errors only their first line: further ones may quote a transaction.
    """
    listed = [*_events(item), *_runs(item), *_reviews(item, shows_names), *_quarantined(item)]
    if not shows_names:
        listed = [replace(entry, error=entry.error.partition("\n")[0]) for entry in listed]
    return sorted(listed, key=lambda entry: entry.at, reverse=True)


def _events(item: Item) -> Iterator[Entry]:
    for event in Event.objects.filter(item_id=item.id)[:MAX_ENTRIES]:
        state, tone = EVENTS[Event.State(event.state)]
        by = gettext("by %(name)s") % {"name": event.triggered_by} if event.triggered_by else ""
        facts = [str(state), event.reason, by]
        if event.deliveries > 1:
            facts.append(gettext("delivered %(n)s times") % {"n": event.deliveries})
        if event.attempts:
            attempts = ngettext("%(n)s attempt", "%(n)s attempts", event.attempts)
            facts.append(attempts % {"n": event.attempts})
        explanation = explain(event.error, is_final=event.state == Event.State.DEAD)
        yield Entry(event.received_at, _("event"), event.name, _join(facts), tone, explanation, event.error)


def _runs(item: Item) -> Iterator[Entry]:
    for run in item.runs.all()[:MAX_ENTRIES]:
        title, tone = RUNS[SyncRun.Outcome(run.outcome)]
        counts = [COUNTS[name] % {"n": count} for name, count in run.counts().items() if count]
        kind = gettext("all transactions read again") if run.is_full_read else ""
        facts = [run.item_status, kind, *counts, _duration(run)]
        yield Entry(run.started_at, _("sync"), title, _join(facts), tone, explain(run.error), run.error)


def _reviews(item: Item, shows_names: bool) -> Iterator[Entry]:
    for review in item.deletion_reviews.select_related("account", "decided_by")[:MAX_ENTRIES]:
        missing = gettext("%(missing)s of %(count)s transactions of %(account)s") % {
            "missing": len(review.transaction_ids),
            "count": review.expected_count,
            "account": review.account if shows_names else MASK,
        }
        is_open = review.state in (DeletionReview.State.PENDING, DeletionReview.State.APPROVED)
        by = review.decided_by
        decided = gettext("decided by %(user)s") % {"user": by} if by else ""
        facts = _join([missing, review.state, decided])
        tone = "warn" if is_open else "off"
        title = _("Deletion review")
        yield Entry(review.opened_at, _("review"), title, facts, tone, review_id=review.pk)


def _quarantined(item: Any) -> Iterator[Entry]:
    for record in item.unreadable_records:
        facts = _join([record["record_type"], record["key"], record["reason"]])
        first_seen_at = datetime.fromisoformat(record["at"])
        yield Entry(first_seen_at, _("review"), _("Could not be read"), facts, "warn")


def explain(error: str, *, is_final: bool = False) -> str:
    """Explain an error; one that is not the client's is a fault of our own program."""
    name, colon, _detail = error.partition(":")
    explanation = EXPLANATIONS.get(name) or (OWN_FAULT if colon and name.isidentifier() else None)
    if explanation is None:
        return ""
    meaning, next_step = explanation
    return str(meaning) if is_final else f"{meaning} {next_step}".strip()


def _duration(run: SyncRun) -> str:
    if run.finished_at is None:
        return ""
    return f"{(run.finished_at - run.started_at).total_seconds():.1f} s"


def _join(facts: list[str]) -> str:
    return " · ".join(fact for fact in facts if fact)
