"""The runner: one thread that moves every open run to its next step when it is due, also after a restart."""

import secrets
import threading
import time
import traceback
from collections.abc import Callable
from datetime import timedelta

from dev.sandbox.bank import health, logins
from dev.sandbox.clock import Clock, iso, parse
from dev.sandbox.delivery.events import Announcer
from dev.sandbox.runs import asking
from dev.sandbox.runs.collect import Collector
from dev.sandbox.runs.results import good_end, not_collected, requested, settle
from dev.sandbox.settings import Settings
from dev.sandbox.store import items
from dev.sandbox.store.database import Database
from dev.sandbox.store.items import Item, Run

ONE_LOOK = 1.0  # seconds between looks for what the clock has made due
SECOND_APPROVAL = 120.0  # real seconds until the other holders have decided
COLLECTING = {"CREDIT_CARDS": "CREDITCARDS_IN_PROGRESS"}  # the one product whose step is spelt otherwise
MERGED = "MERGED"


class Runner:
    """Opens runs and walks them: login, maybe a question to the person, collecting, end."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, collector: Collector, announcer: Announcer
    ) -> None:
        self.database, self.clock, self.settings = database, clock, settings
        self.collector, self.announcer = collector, announcer
        self._bell = threading.Condition()
        self._rung = False
        self._stopping = False
        self._looked = 0.0

    def start(self) -> None:
        """Start the thread; runs left open by an earlier start go on."""
        threading.Thread(target=self._walk, name="runner", daemon=True).start()

    def stop(self) -> None:
        """End the thread after its current step."""
        with self._bell:
            self._stopping = True
            self._bell.notify_all()

    # --- What others ask of it; they hold `database.writing()` --------------------------------------

    def open(self, item: Item, triggered_by: str) -> None:
        """Begin a run for an item that has none."""
        kind = "update" if item.ever_collected else "first"
        item.run = Run(kind, triggered_by, ["LOGIN_IN_PROGRESS"], iso(self.clock.now()))
        item.status, item.execution_status = "UPDATING", "CREATED"
        item.error = item.parameter = item.user_action = None
        if triggered_by == "USER" and item.consent == "ended" and item.outcome == "SUCCESS":
            item.consent = "renewing"  # somebody is there who can authorise again
        self._save(item, self._step_seconds(item) / 2)

    def answer(self, item: Item, *, accepted: bool) -> None:
        """Go on after the MFA code was given."""
        assert item.run is not None
        if item.parameter and item.parameter["name"] == asking.OAUTH_FIELD and accepted:
            return self.decide(item, granted=True)
        item.status, item.execution_status, item.parameter = "UPDATING", "LOGIN_MFA_IN_PROGRESS", None
        item.run.steps = ["CODE_ACCEPTED" if accepted else "CODE_REFUSED"]
        self._save(item, self._step_seconds(item))

    def decide(self, item: Item, *, granted: bool) -> None:
        """The person, or another holder of the account, approved or refused at the bank."""
        if not granted:
            return self.finish(item, "USER_AUTHORIZATION_NOT_GRANTED")
        if item.execution_status == "USER_AUTHORIZATION_PENDING":
            item.consent, item.authorization_asked_at = "given", None
            item.outcome = "SUCCESS"
            return self.open(item, "INTERNAL")
        assert item.run is not None
        item.status, item.execution_status = "UPDATING", "LOGIN_IN_PROGRESS"
        item.parameter = item.user_action = None
        item.run.steps = ["AUTHORIZED"]
        self._save(item, self._step_seconds(item))

    def expire(self, item: Item) -> None:
        """The person did not answer in time."""
        self.finish(item, "USER_INPUT_TIMEOUT")

    def finish(self, item: Item, code: str) -> None:
        """End the run with a final code and announce it."""
        triggered_by = item.run.triggered_by if item.run else "INTERNAL"
        first = not item.ever_collected
        every = timedelta(hours=self.settings.auto_sync_hours)
        settle(item, code, now=self.clock.now(), every=every)
        with self.database.writing():
            self._save(item, None)
            event = "item/error" if item.error else "item/created" if first else "item/updated"
            self.announcer.item(event, item, triggered_by=triggered_by, error=item.error)

    def ask_for_code(self, item: Item) -> None:
        """Stop the run until the person gives the MFA code."""
        self._ask(item, "code")

    def look(self) -> None:
        """The clock was moved: see at once what that has made due."""
        self._looked = 0.0
        self._ring()

    # --- The thread ---------------------------------------------------------------------------------

    def _walk(self) -> None:
        while not self._stopping:
            if time.monotonic() - self._looked >= ONE_LOOK:
                self._looked = time.monotonic()
                self._loudly(self._open_due)
            due = items.next_due(self.database)
            wait = min(ONE_LOOK, due[1] - time.time()) if due else ONE_LOOK
            if due and wait <= 0:
                self._advance_or_fail(due[0])
                continue
            with self._bell:
                if not self._stopping and not self._rung:
                    self._bell.wait(wait)
                self._rung = False

    def _open_due(self) -> None:
        """What the pretended clock has made due: ends of consents, automatic syncs, ends of patience."""
        now = iso(self.clock.now())
        for item_id in items.with_consent_over(self.database, now):
            with self.database.writing():
                item = items.load(self.database, item_id)
                if item:
                    logins.end_consent(item)
                    items.keep(self.database, item)
        for item_id in items.due_to_sync(self.database, now):
            with self.database.writing():
                item = items.load(self.database, item_id)
                if item and item.run is None and item.next_auto_sync_at and item.next_auto_sync_at <= now:
                    self.open(item, "SYNC")
        for item in items.waiting(self.database):
            if (item.parameter or item.user_action or {}).get("expiresAt", now) < now:
                self._expire_if_still(item)

    def _expire_if_still(self, item: Item) -> None:
        with self.database.writing():
            if items.load(self.database, item.id) == item:
                self.expire(item)

    def _loudly(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception:
            traceback.print_exc()

    def _advance_or_fail(self, item_id: str) -> None:
        """A mistake in the simulator ends that one run, loudly, and not the thread."""
        try:
            self._advance(item_id)
        except Exception:
            traceback.print_exc()
            with self.database.writing():
                item = items.load(self.database, item_id)
                if item:
                    self.finish(item, "UNEXPECTED_ERROR")

    def _advance(self, item_id: str) -> None:
        """One step, on the item as it is now: whoever changed or removed it meanwhile was first."""
        with self.database.writing():
            item = items.load(self.database, item_id)
            if item is None or item.run is None or not item.run.steps:
                return
            step = item.run.steps.pop(0)
            self._moves().get(step, self._progress)(item, step)

    def _moves(self) -> dict[str, Callable[[Item, str], None]]:
        return {
            "LOGIN_IN_PROGRESS": self._login,
            "LOGIN_ANSWERED": self._login_answered,
            "CODE_ACCEPTED": lambda item, _: self._logged_in(item),
            "CODE_REFUSED": lambda item, _: self.finish(item, "INVALID_CREDENTIALS_MFA"),
            "AUTHORIZED": self._authorized,
            "SECOND_APPROVAL": self._second_approval,
            "TIMED_OUT": lambda item, _: self.expire(item),
            MERGED: self._merge,
        }

    def _login(self, item: Item, step: str) -> None:
        assert item.run is not None
        item.execution_status = step
        item.run.steps = ["LOGIN_ANSWERED"]
        self._save(item, self._step_seconds(item))

    def _login_answered(self, item: Item, _: str) -> None:
        refusal = self._refusal(item)
        if refusal:
            self.finish(item, refusal)
        elif asking.needed(item):
            self._ask(item, asking.needed(item))
        else:
            self._logged_in(item)

    def _refusal(self, item: Item) -> str | None:
        """The code with which the bank refuses this login."""
        if health.status(self.database, item.connector_id) == "OFFLINE":
            return "SITE_NOT_AVAILABLE"
        if item.outcome == "USER_AUTHORIZATION_PENDING":
            return self._pending(item)
        if item.outcome != "SUCCESS":
            return item.outcome
        if not item.mfa_accepted:
            return "INVALID_CREDENTIALS_MFA"
        return "USER_AUTHORIZATION_REVOKED" if item.consent == "ended" else None

    def _pending(self, item: Item) -> str | None:
        """A new device: the bank wants two minutes of patience between the first login and the next."""
        assert item.run is not None
        if item.authorization_asked_at is None:
            return "USER_AUTHORIZATION_PENDING"
        waited = (parse(item.run.opened_at) - parse(item.authorization_asked_at)).total_seconds()
        return None if waited >= self.settings.scaled(SECOND_APPROVAL) else "USER_AUTHORIZATION_NOT_GRANTED"

    def _ask(self, item: Item, kind: str) -> None:
        """Stop the run until the person has answered, here or at the bank."""
        assert item.run is not None
        item.bank_key = secrets.token_urlsafe(16) if kind in asking.DECISIONS else ""
        page = f"{self.settings.origin}/connect/bank/{item.bank_key}"
        expires_at = iso(self.clock.now() + timedelta(seconds=self.settings.answer_seconds))
        if kind in asking.ACTIONS:
            item.status = item.execution_status = "WAITING_USER_ACTION"
            item.user_action = asking.action(kind, expires_at=expires_at, page=page)
        else:
            item.status = item.execution_status = "WAITING_USER_INPUT"
            item.parameter = asking.parameter(kind, expires_at=expires_at, page=page)
        item.run.steps = ["TIMED_OUT"]
        self._save(item, self.settings.answer_seconds)
        self.announcer.item(f"item/{item.status.lower()}", item, triggered_by=item.run.triggered_by)

    def _authorized(self, item: Item, _: str) -> None:
        """The person has said yes; where others hold the account too, theirs is still to come."""
        if not item.second_approval:
            item.consent = "given"
            return self._logged_in(item)
        self.finish(item, "USER_AUTHORIZATION_PENDING")
        item.run = Run("update" if item.ever_collected else "first", "INTERNAL", ["SECOND_APPROVAL"])
        self._save(item, self.settings.scaled(SECOND_APPROVAL))

    def _second_approval(self, item: Item, _: str) -> None:
        self.decide(item, granted=item.second_approval == "granted")

    def _logged_in(self, item: Item) -> None:
        assert item.run is not None
        collecting = [COLLECTING.get(product, f"{product}_IN_PROGRESS") for product in requested(item)]
        item.run.steps = [*collecting, "MERGING", MERGED]
        self._progress(item, item.run.steps.pop(0))
        self.announcer.item("item/login_succeeded", item, triggered_by=item.run.triggered_by)

    def _progress(self, item: Item, step: str) -> None:
        item.status = "MERGING" if step == "MERGING" else "UPDATING"
        item.execution_status = step
        self._save(item, self._step_seconds(item))

    def _merge(self, item: Item, _: str) -> None:
        """The end of a good run: collect, announce what changed, close."""
        if item.consent == "ended":
            return self.finish(item, "USER_AUTHORIZATION_REVOKED")
        if self.collector.pour(item, without=not_collected(item)):
            return self._again(item)
        for report in self.collector.collect(item, without=not_collected(item)):
            self.announcer.report(item, report)
        self.finish(item, good_end(item))

    def _again(self, item: Item) -> None:
        """Merging goes on with the next piece, after whoever waits to write."""
        assert item.run is not None
        item.run.steps = [MERGED]
        self._save(item, 0)

    def _step_seconds(self, item: Item) -> float:
        """A run's pace, divided among its login, its products and the merging."""
        return self.settings.pace / (2 + len(requested(item)))

    def _save(self, item: Item, wait: float | None) -> None:
        item.updated_at = iso(self.clock.now())
        items.save(self.database, item, due_at=None if wait is None else time.time() + wait)
        self.database.after_commit(self._ring)

    def _ring(self) -> None:
        with self._bell:
            self._rung = True
            self._bell.notify_all()
