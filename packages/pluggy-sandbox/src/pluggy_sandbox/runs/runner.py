"""The runner: one thread that moves every open run to its next step when it is due."""

import secrets
import threading
import time
import traceback
from collections.abc import Callable
from datetime import timedelta

from pluggy_sandbox.clock import Clock, iso, parse
from pluggy_sandbox.delivery.publisher import EventPublisher
from pluggy_sandbox.institutions import health, logins
from pluggy_sandbox.runs import prompts
from pluggy_sandbox.runs.collector import Collector
from pluggy_sandbox.runs.outcome import close_run, not_collected, requested, success_code
from pluggy_sandbox.settings import Settings
from pluggy_sandbox.store import items
from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.items import Item, Run

CHECK_INTERVAL = 1.0  # seconds between checks for what the clock has made due
SECOND_APPROVAL_SECONDS = 120.0  # seconds, at real pace, until the other holders have decided
STEP_NAMES = {"CREDIT_CARDS": "CREDITCARDS_IN_PROGRESS"}  # the only product whose step has another name
MERGED = "MERGED"


class Runner:
    """Opens runs and executes their steps: login, a question to the user, collecting, end."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        collector: Collector,
        publisher: EventPublisher,
    ) -> None:
        self.database, self.clock, self.settings = database, clock, settings
        self.collector, self.publisher = collector, publisher
        self._condition = threading.Condition()
        self._woken = False
        self._stopping = False
        self._checked_at = 0.0

    def start(self) -> None:
        """Start the thread. Runs that an earlier start left open continue."""
        threading.Thread(target=self._loop, name="runner", daemon=True).start()

    def stop(self) -> None:
        """End the thread after its current step."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()

    # --- Called by others, inside `database.write_transaction()` -------------------------------------

    def open(self, item: Item, triggered_by: str) -> None:
        """Start a run for an item that has none."""
        kind = "update" if item.ever_collected else "first"
        item.run = Run(kind, triggered_by, ["LOGIN_IN_PROGRESS"], iso(self.clock.now()))
        item.status, item.execution_status = "UPDATING", "CREATED"
        item.error = item.parameter = item.user_action = None
        can_renew = item.outcome == "SUCCESS" and not item.renewal_needs_login
        if triggered_by == "USER" and item.consent == "ended" and can_renew:
            item.consent = "renewing"  # the user is present and can authorize again
        self._save(item, self._step_seconds(item) / 2)

    def answer(self, item: Item, *, accepted: bool) -> None:
        """Continue after the MFA code was submitted."""
        assert item.run is not None
        if item.parameter and item.parameter["name"] == prompts.OAUTH_FIELD and accepted:
            self.decide(item, granted=True)
            return
        item.status, item.execution_status, item.parameter = "UPDATING", "LOGIN_MFA_IN_PROGRESS", None
        item.run.steps = ["CODE_ACCEPTED" if accepted else "CODE_REFUSED"]
        self._save(item, self._step_seconds(item))

    def decide(self, item: Item, *, granted: bool) -> None:
        """Continue after the user, or another holder of the account, approved or refused at the bank."""
        if not granted:
            self.finish(item, "USER_AUTHORIZATION_NOT_GRANTED")
            return
        if item.execution_status == "USER_AUTHORIZATION_PENDING":
            item.consent, item.authorization_asked_at = "given", None
            item.outcome = "SUCCESS"
            self.open(item, "INTERNAL")
            return
        assert item.run is not None
        item.status, item.execution_status = "UPDATING", "LOGIN_IN_PROGRESS"
        item.parameter = item.user_action = None
        item.run.steps = ["AUTHORIZED"]
        self._save(item, self._step_seconds(item))

    def expire(self, item: Item) -> None:
        """End the run because the user did not answer in time."""
        self.finish(item, "USER_INPUT_TIMEOUT")

    def finish(self, item: Item, code: str) -> None:
        """End the run with a final code and publish it."""
        triggered_by = item.run.triggered_by if item.run else "INTERNAL"
        first = not item.ever_collected
        interval = timedelta(hours=self.settings.auto_sync_hours)
        close_run(item, code, now=self.clock.now(), interval=interval)
        with self.database.write_transaction():
            self._save(item, None)
            event = "item/error" if item.error else "item/created" if first else "item/updated"
            self.publisher.item(event, item, triggered_by=triggered_by, error=item.error)

    def ask_for_code(self, item: Item) -> None:
        """Stop the run until the user submits the MFA code."""
        self._ask(item, "code")

    def check_now(self) -> None:
        """Check at once what has become due, because the clock was moved."""
        self._checked_at = 0.0
        self._wake()

    # --- The thread ---------------------------------------------------------------------------------

    def _loop(self) -> None:
        while not self._stopping:
            if time.monotonic() - self._checked_at >= CHECK_INTERVAL:
                self._checked_at = time.monotonic()
                self._log_errors(self._open_due)
            due = items.next_due(self.database)
            wait = min(CHECK_INTERVAL, due[1] - time.time()) if due else CHECK_INTERVAL
            if due and wait <= 0:
                self._advance_or_fail(due[0])
                continue
            with self._condition:
                if not self._stopping and not self._woken:
                    self._condition.wait(wait)
                self._woken = False

    def _open_due(self) -> None:
        """Handle what the simulated clock has made due.

        These are expired consents, automatic syncs and unanswered questions.
        """
        now = iso(self.clock.now())
        for item_id in items.with_expired_consent(self.database, now):
            with self.database.write_transaction():
                item = items.load(self.database, item_id)
                if item:
                    logins.end_consent(item)
                    items.update(self.database, item)
        for item_id in items.due_to_sync(self.database, now):
            with self.database.write_transaction():
                item = items.load(self.database, item_id)
                if item and item.run is None and item.next_auto_sync_at and item.next_auto_sync_at <= now:
                    self.open(item, "SYNC")
        for item in items.waiting(self.database):
            if (item.parameter or item.user_action or {}).get("expiresAt", now) < now:
                self._expire_if_still(item)

    def _expire_if_still(self, item: Item) -> None:
        with self.database.write_transaction():
            if items.load(self.database, item.id) == item:
                self.expire(item)

    def _log_errors(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception:
            traceback.print_exc()

    def _advance_or_fail(self, item_id: str) -> None:
        """Advance a run; an exception ends this run with UNEXPECTED_ERROR and is printed."""
        try:
            self._advance(item_id)
        except Exception:
            traceback.print_exc()
            with self.database.write_transaction():
                item = items.load(self.database, item_id)
                if item:
                    self.finish(item, "UNEXPECTED_ERROR")

    def _advance(self, item_id: str) -> None:
        """Execute one step on the item as it is stored now; it may have changed or been deleted meanwhile."""
        with self.database.write_transaction():
            item = items.load(self.database, item_id)
            if item is None or item.run is None or not item.run.steps:
                return
            step = item.run.steps.pop(0)
            self._steps().get(step, self._progress)(item, step)

    def _steps(self) -> dict[str, Callable[[Item, str], None]]:
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
        elif prompts.required_prompt(item):
            self._ask(item, prompts.required_prompt(item))
        else:
            self._logged_in(item)

    def _refusal(self, item: Item) -> str | None:
        """Return the code with which the bank refuses this login, or None."""
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
        """Return the code for a new device, or None.

        The bank requires two minutes between the first login and the next.
        """
        assert item.run is not None
        if item.authorization_asked_at is None:
            return "USER_AUTHORIZATION_PENDING"
        waited = (parse(item.run.opened_at) - parse(item.authorization_asked_at)).total_seconds()
        waited_enough = waited >= self.settings.scaled(SECOND_APPROVAL_SECONDS)
        return None if waited_enough else "USER_AUTHORIZATION_NOT_GRANTED"

    def _ask(self, item: Item, kind: str) -> None:
        """Stop the run until the user has answered, in the widget or at the bank."""
        assert item.run is not None
        item.authorization_key = secrets.token_urlsafe(16) if kind in prompts.DECISIONS else ""
        page = f"{self.settings.origin}/connect/bank/{item.authorization_key}"
        expires_at = iso(self.clock.now() + timedelta(seconds=self.settings.answer_seconds))
        if kind in prompts.ACTIONS:
            item.status = item.execution_status = "WAITING_USER_ACTION"
            item.user_action = prompts.action(kind, expires_at=expires_at, page=page)
        else:
            item.status = item.execution_status = "WAITING_USER_INPUT"
            item.parameter = prompts.parameter(kind, expires_at=expires_at, page=page)
        item.run.steps = ["TIMED_OUT"]
        self._save(item, self.settings.answer_seconds)
        self.publisher.item(f"item/{item.status.lower()}", item, triggered_by=item.run.triggered_by)

    def _authorized(self, item: Item, _: str) -> None:
        """Continue after the user has approved, or wait for the other holders of the account."""
        if not item.second_approval:
            item.consent = "given"
            self._logged_in(item)
            return
        self.finish(item, "USER_AUTHORIZATION_PENDING")
        item.run = Run("update" if item.ever_collected else "first", "INTERNAL", ["SECOND_APPROVAL"])
        self._save(item, self.settings.scaled(SECOND_APPROVAL_SECONDS))

    def _second_approval(self, item: Item, _: str) -> None:
        self.decide(item, granted=item.second_approval == "granted")

    def _logged_in(self, item: Item) -> None:
        assert item.run is not None
        collecting = [STEP_NAMES.get(product, f"{product}_IN_PROGRESS") for product in requested(item)]
        item.run.steps = [*collecting, "MERGING", MERGED]
        self._progress(item, item.run.steps.pop(0))
        self.publisher.item("item/login_succeeded", item, triggered_by=item.run.triggered_by)

    def _progress(self, item: Item, step: str) -> None:
        item.status = "MERGING" if step == "MERGING" else "UPDATING"
        item.execution_status = step
        self._save(item, self._step_seconds(item))

    def _merge(self, item: Item, _: str) -> None:
        """Finish a successful run: collect, publish the changes, close."""
        if item.consent == "ended":
            self.finish(item, "USER_AUTHORIZATION_REVOKED")
            return
        if self.collector.import_batch(item, without=not_collected(item)):
            self._requeue_merge(item)
            return
        for changes in self.collector.collect(item, without=not_collected(item)):
            self.publisher.publish_changes(item, changes)
        self.finish(item, success_code(item))

    def _requeue_merge(self, item: Item) -> None:
        """Continue with the next batch after other waiting writes."""
        assert item.run is not None
        item.run.steps = [MERGED]
        self._save(item, 0)

    def _step_seconds(self, item: Item) -> float:
        """Return the duration of one step: the pace of a run divided by its steps."""
        return self.settings.pace / (2 + len(requested(item)))

    def _save(self, item: Item, wait: float | None) -> None:
        item.updated_at = iso(self.clock.now())
        items.save(self.database, item, due_at=None if wait is None else time.time() + wait)
        self.database.after_commit(self._wake)

    def _wake(self) -> None:
        with self._condition:
            self._woken = True
            self._condition.notify_all()
