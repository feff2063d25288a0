"""The runner: one thread that moves every open run to its next step when it is due, also after a restart."""

import threading
import time
import traceback
from collections.abc import Callable

from dev.sandbox.bank import connectors, logins
from dev.sandbox.clock import Clock, iso
from dev.sandbox.delivery.events import Announcer
from dev.sandbox.runs.collect import Collector
from dev.sandbox.runs.results import next_auto_sync, settle, status_detail
from dev.sandbox.settings import Settings
from dev.sandbox.store import items
from dev.sandbox.store.database import Database
from dev.sandbox.store.items import Item, Run

ANSWER_CODE_WITHIN = 300.0  # real seconds a person has for the MFA code
COLLECTING = ["ACCOUNTS_IN_PROGRESS", "CREDITCARDS_IN_PROGRESS", "TRANSACTIONS_IN_PROGRESS", "MERGING"]
STEPS = 1 + len(COLLECTING)  # parts a run's pace is divided into


class Runner:
    """Opens runs and walks them: login, maybe a code, collecting, end."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, collector: Collector, announcer: Announcer
    ) -> None:
        self.database, self.clock, self.settings = database, clock, settings
        self.collector, self.announcer = collector, announcer
        self._bell = threading.Condition()
        self._rung = False
        self._stopping = False

    def start(self) -> None:
        """Start the thread; runs left open by an earlier start go on."""
        threading.Thread(target=self._walk, name="runner", daemon=True).start()

    def stop(self) -> None:
        """End the thread after its current step."""
        with self._bell:
            self._stopping = True
            self._bell.notify_all()

    def open(self, item: Item, triggered_by: str) -> None:
        """Begin a run for an item that has none."""
        kind = "update" if item.ever_collected else "first"
        item.run = Run(kind, triggered_by, ["LOGIN_IN_PROGRESS"])
        item.status, item.execution_status = "UPDATING", "CREATED"
        item.error = item.parameter = item.user_action = None
        self._save(item, self._step_seconds() / 2)

    def answer(self, item: Item, *, accepted: bool) -> None:
        """Go on after the MFA code was given."""
        assert item.run is not None
        item.status, item.execution_status, item.parameter = "UPDATING", "LOGIN_MFA_IN_PROGRESS", None
        item.mfa_accepted = accepted
        item.run.steps = ["MFA_CHECKED"]
        self._save(item, self._step_seconds())

    def finish(self, item: Item, code: str, *, detailed: bool = False, announce: bool = True) -> None:
        """End the run with a final code and announce it."""
        triggered_by = item.run.triggered_by if item.run else "INTERNAL"
        first = not item.ever_collected
        settle(item, code, now=self.clock.now(), detailed=detailed)
        with self.database.writing():
            self._save(item, None)
            if announce and item.error:
                self.announcer.item("item/error", item, triggered_by=triggered_by, error=item.error)
            elif announce:
                event = "item/created" if first else "item/updated"
                self.announcer.item(event, item, triggered_by=triggered_by)

    def _walk(self) -> None:
        while not self._stopping:
            due = items.next_due(self.database)
            wait = min(5.0, due[1] - time.time()) if due else 5.0
            if due and wait <= 0:
                self._advance_or_fail(due[0])
                continue
            with self._bell:
                if not self._stopping and not self._rung:
                    self._bell.wait(wait)
                self._rung = False

    def _advance_or_fail(self, item_id: str) -> None:
        """A mistake in the simulator ends that one run, loudly, and not the thread."""
        try:
            self._advance(item_id)
        except Exception:
            traceback.print_exc()
            item = items.load(self.database, item_id)
            if item:
                self.finish(item, "UNEXPECTED_ERROR")

    def _advance(self, item_id: str) -> None:
        item = items.load(self.database, item_id)
        if item is None or item.run is None or not item.run.steps:
            return
        step = item.run.steps[0]
        if step == "MERGED":
            return self._merge(item)
        with self.database.writing():
            item = items.load(self.database, item_id)
            if item is None or item.run is None or item.run.steps[:1] != [step]:
                return
            item.run.steps.pop(0)
            self._moves().get(step, self._progress)(item, step)

    def _moves(self) -> dict[str, Callable[[Item, str], None]]:
        return {
            "LOGIN_IN_PROGRESS": self._login,
            "LOGIN_ANSWERED": self._login_answered,
            "MFA_CHECKED": self._mfa_checked,
            "MFA_TIMEOUT": lambda item, _: self.finish(item, "USER_INPUT_TIMEOUT"),
        }

    def _login(self, item: Item, step: str) -> None:
        item.execution_status = step
        assert item.run is not None
        item.run.steps = ["LOGIN_ANSWERED"]
        self._save(item, self._step_seconds())

    def _login_answered(self, item: Item, _: str) -> None:
        code, detailed = item.outcome.rstrip("+"), item.outcome.endswith("+")
        if code not in ("SUCCESS", "PARTIAL_SUCCESS"):
            self.finish(item, code, detailed=detailed)
        elif connectors.asks_for_code(item.connector_id):
            self.ask_for_code(item)
        else:
            self._logged_in(item)

    def ask_for_code(self, item: Item) -> None:
        """Stop the run until the person gives the MFA code."""
        assert item.run is not None
        expires = self.clock.now().timestamp() + ANSWER_CODE_WITHIN
        item.status = item.execution_status = "WAITING_USER_INPUT"
        item.parameter = mfa_field(iso(self.clock.now().fromtimestamp(expires, self.clock.now().tzinfo)))
        item.run.steps = ["MFA_TIMEOUT"]
        self._save(item, ANSWER_CODE_WITHIN)
        self.announcer.item("item/waiting_user_input", item, triggered_by=item.run.triggered_by)

    def _mfa_checked(self, item: Item, _: str) -> None:
        if item.mfa_accepted:
            self._logged_in(item)
        else:
            self.finish(item, "INVALID_CREDENTIALS_MFA")

    def _logged_in(self, item: Item) -> None:
        assert item.run is not None
        item.run.steps = [*COLLECTING, "MERGED"]
        self._progress(item, item.run.steps.pop(0))
        self.announcer.item("item/login_succeeded", item, triggered_by=item.run.triggered_by)

    def _progress(self, item: Item, step: str) -> None:
        item.status = "MERGING" if step == "MERGING" else "UPDATING"
        item.execution_status = step
        self._save(item, self._step_seconds())

    def _merge(self, item: Item) -> None:
        """The end of a good run: collect, announce what changed, close."""
        partial = item.outcome == "PARTIAL_SUCCESS"
        without = frozenset(item.failing) | (frozenset({"CREDIT_CARDS"}) if partial else frozenset())
        with self.database.writing():
            if items.load(self.database, item.id) != item:
                return  # deleted or changed while it waited for its turn: look again
            for report in self.collector.collect(item, without=without):
                self.announcer.report(item, report)
            item.status_detail = status_detail(item.outcome, iso(self.clock.now()))
            item.next_auto_sync_at = next_auto_sync(item, self.clock.now())
            self.finish(item, item.outcome.rstrip("+"))

    def _step_seconds(self) -> float:
        return self.settings.pace / STEPS

    def _save(self, item: Item, wait: float | None) -> None:
        item.updated_at = iso(self.clock.now())
        items.save(self.database, item, due_at=None if wait is None else time.time() + wait)
        self.database.after_commit(self._ring)

    def _ring(self) -> None:
        with self._bell:
            self._rung = True
            self._bell.notify_all()


def mfa_field(expires_at: str) -> dict[str, object]:
    """The credential an item asks for in the second step."""
    return {
        "name": "token",
        "label": "Código de segurança",
        "type": "number",
        "placeholder": logins.CODE,
        "assistiveText": "Digite o código de 6 dígitos enviado pelo banco",
        "validation": r"^\d{6}$",
        "validationMessage": "O código deve ter 6 números.",
        "mfa": True,
        "optional": False,
        "expiresAt": expires_at,
    }
