"""The story of one item for operators: what was told, what was read, what changed, what went wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from banking.models import HeldDeletion, Item, SyncRun
from webhooks.models import Event

MOST = 200  # of each kind

# What the errors of the border mean (banking/pluggy/errors.py), and what follows as long as it is tried.
MEANINGS = {
    "Limited": (
        "Pluggy's limit for requests was reached.",
        "It goes on by itself when the limit ends.",
    ),
    "Unauthorized": (
        "Pluggy refuses our client id or secret.",
        "Every sync waits: check the configuration.",
    ),
    "Unavailable": (
        "Pluggy did not answer, or not with what was asked for.",
        "It is tried again by itself.",
    ),
    "InDoubt": (
        "Pluggy calls this connection gone, and many others at once.",
        "It is asked again; see the alarm.",
    ),
    "Gone": ("Pluggy says that something which was asked for does not exist.", ""),
    "Refused": ("Pluggy understood the request and said no.", ""),
}
OURS = ("A fault in our own program, which should be looked at.", "It is tried again by itself.")
RUNS = {
    SyncRun.Outcome.RUNNING: ("Reading", "busy"),
    SyncRun.Outcome.SUCCEEDED: ("Read", "good"),
    SyncRun.Outcome.NOTHING_TO_READ: ("Looked, nothing to read", "off"),
    SyncRun.Outcome.FAILED: ("Not read", "bad"),
    SyncRun.Outcome.OVERTAKEN: ("Another worker took over", "warn"),
    SyncRun.Outcome.HANDED_OVER: ("Goes on in the bulk queue", "busy"),
    SyncRun.Outcome.PARKED: ("Parked: reading it ends the worker", "bad"),
}
EVENTS = {
    Event.State.QUEUED: ("a run will look", "busy"),
    Event.State.DONE: ("a run has looked since", "good"),
    Event.State.PARKED: ("parked: the item is nobody's yet", "warn"),
    Event.State.IGNORED: ("nothing to do for it", "off"),
    Event.State.DEAD: ("given up", "bad"),
}


@dataclass(frozen=True)
class Moment:
    """One line. `trouble` is an error in plain words, `detail` the error itself."""

    at: datetime
    kind: str  # event, run, review
    title: str
    facts: str
    tone: str  # good, busy, warn, bad, off
    trouble: str = ""
    detail: str = ""
    held_id: int | None = None  # a review that has a page of its own


def story(item: Item) -> list[Moment]:
    """The newest first. Three queries."""
    found = [*_events(item), *_runs(item), *_reviews(item)]
    return sorted(found, key=lambda moment: moment.at, reverse=True)


def _events(item: Item) -> Iterator[Moment]:
    for event in Event.objects.filter(item_id=item.id)[:MOST]:
        meaning, tone = EVENTS[Event.State(event.state)]
        facts = [meaning, event.reason, f"by {event.triggered_by}" if event.triggered_by else ""]
        facts += [f"delivered {event.deliveries} times"] if event.deliveries > 1 else []
        facts += [f"tried {event.attempts} times"] if event.attempts else []
        trouble = meaning_of(event.error, is_over=event.state == Event.State.DEAD)
        yield Moment(event.received_at, "event", event.name, _joined(facts), tone, trouble, event.error)


def _runs(item: Item) -> Iterator[Moment]:
    for run in item.runs.all()[:MOST]:
        title, tone = RUNS[SyncRun.Outcome(run.outcome)]
        counted = ("read", "written", "removed", "held", "unreadable")
        numbers = [(name, getattr(run, f"rows_{name}")) for name in counted]
        facts = [run.item_status, *(f"{count} rows {name}" for name, count in numbers if count), _length(run)]
        yield Moment(run.started_at, "run", title, _joined(facts), tone, meaning_of(run.error), run.error)


def _reviews(item: Item) -> Iterator[Moment]:
    for held in item.held_deletions.select_related("account", "decided_by")[:MOST]:
        rows = f"{len(held.transaction_ids)} of {held.known} rows of {held.account}"
        is_open = held.state in (HeldDeletion.State.HELD, HeldDeletion.State.APPROVED)
        decided = f"decided by {held.decided_by}" if held.decided_by else ""
        facts = _joined([rows, held.state, decided])
        tone = "warn" if is_open else "off"
        yield Moment(held.held_at, "review", "Deletion held", facts, tone, held_id=held.pk)
    for one in item.unreadable.all()[:MOST]:
        facts = _joined([one.what, one.key, one.reason])
        yield Moment(one.first_seen_at, "review", "Could not be read", facts, "warn")


def meaning_of(error: str, *, is_over: bool = False) -> str:
    """In plain words; an error that is none of the border's is a fault of ours."""
    name, colon, _ = error.partition(":")
    found = MEANINGS.get(name) or (OURS if colon and name.isidentifier() else None)
    if found is None:
        return ""
    meaning, then = found
    return meaning if is_over else f"{meaning} {then}".strip()


def _length(run: SyncRun) -> str:
    if run.finished_at is None:
        return ""
    return f"{(run.finished_at - run.started_at).total_seconds():.1f} s"


def _joined(facts: list[str]) -> str:
    return " · ".join(fact for fact in facts if fact)
