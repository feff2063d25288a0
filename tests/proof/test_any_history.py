"""Any history: changes at the bank, deliveries lost, doubled and out of order, workers that die or come late.

Whatever Hypothesis thinks of, in the end our rows are the bank's rows, every sum is the sum of its rows, and
nothing that the person wrote is gone. `PROOF_EXAMPLES=10000 make test ARGS="tests/proof"` tries for longer.
A failure is told as it was found, with a decorator that tells it again when put above `class History`;
`PROOF_SHRINK=1` looks for a shorter history, which takes minutes.
"""

import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from banking import rollups
from banking.actions import connections, operations
from banking.actions import transactions as actions
from banking.application import pluggy as our_client
from banking.models import HeldDeletion, Item, SyncState, Transaction
from banking.sync import lease, sync_item
from banking.upsert.words import Said
from tests.localpluggy import LocalPluggy
from webhooks import inbox

pytestmark = [pytest.mark.django_db(transaction=True)]

LONG = os.environ.get("PROOF_EXAMPLES")
EXAMPLES = int(LONG or 200)
PHASES = set(Phase) - {Phase.explain} - (set() if os.environ.get("PROOF_SHRINK") else {Phase.shrink})
STEPS = 40
RECENT = 5  # days: within Pluggy's look-back, where even a lost event is found out
MOST_SILENT = 4
LEASE_OVER = lease.LEASE + timedelta(seconds=1)


class Killed(BaseException):
    """kill -9: nothing of ours runs after it."""


class Failpoints:
    """What happens at the n-th write of the run in this thread: before or after its commit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._here = threading.local()
        original = lease.Lease.writing

        @contextmanager
        def writing(mine: lease.Lease, now: datetime) -> Iterator[None]:
            self._pass(before=True, inside=False)
            with original(mine, now):
                yield
                self._pass(before=True)
            self._pass(before=False)

        monkeypatch.setattr(lease.Lease, "writing", writing)

    def arm(self, count: int, *, before: bool, act: Callable[[], None]) -> None:
        self._here.plan = [count, before, act]

    def disarm(self) -> None:
        self._here.plan = None

    def _pass(self, *, before: bool, inside: bool = True) -> None:
        plan = getattr(self._here, "plan", None)
        if plan is None or not inside or plan[1] != before:
            return
        plan[0] -= 1
        if plan[0] < 0:
            self._here.plan = None
            plan[2]()


def _kill() -> None:
    raise Killed


class History(RuleBasedStateMachine):
    """One person, one bank, a worker or two, and time."""

    pluggy: LocalPluggy
    failpoints: Failpoints

    def __init__(self) -> None:
        super().__init__()
        self.ahead = timedelta()
        self.flying: list[dict[str, Any]] = []
        self.seen: set[str] = set()
        self.notes: dict[UUID, str] = {}
        self.silent = 0
        self.item: Item | None = None

    def now(self) -> datetime:
        return timezone.now() + self.ahead

    @initialize()
    def connect(self) -> None:
        reference = uuid.uuid4()
        self.user = User.objects.create_user(f"{reference}@example.com")
        self.item_id = str(
            self.pluggy.control("POST", "/world", **_world(self.user.reference))["items"][0]["id"]
        )
        self.item = connections.claim(self.user, UUID(self.item_id), client=our_client(), now=self.now())
        self._collect_events()
        self.flying.clear()
        self.accounts = [one["id"] for one in self.pluggy.truth(self.item_id)["accounts"]]

    # --- The bank --------------------------------------------------------------------------------------
    @rule(which=st.integers(0, 1), days=st.integers(0, 20), cents=st.integers(1, 99999), told=st.booleans())
    def the_bank_adds(self, which: int, days: int, cents: int, told: bool) -> None:
        day = timezone.localdate() - timedelta(days=days)
        self.pluggy.spend(
            self.item_id, accountId=self.accounts[which], description=f"COMPRA {cents % 7}",
            amount=-cents / 100, date=str(day), silent=not told,
        )  # fmt: skip
        self._collect_events()

    @rule(pick=st.integers(0, 999), cents=st.integers(1, 99999), told=st.booleans())
    def the_bank_changes(self, pick: int, cents: int, told: bool) -> None:
        row = self._remote_row(pick, only_recent=not told)
        if row:
            path = f"/transactions/{row['id']}"
            self.pluggy.control("PATCH", path, amount=-cents / 100, silent=not told)
            self._collect_events()

    @rule(pick=st.integers(0, 999), told=st.booleans())
    def the_bank_deletes(self, pick: int, told: bool) -> None:
        """Never an account's last row (an empty answer proves nothing); too many in silence would be held."""
        row = self._remote_row(pick, only_recent=not told, leave=1)
        if row and (told or self.silent < MOST_SILENT):
            self.silent += not told
            self.pluggy.control("DELETE", f"/transactions/{row['id']}", silent=not told)
            self._collect_events()

    @rule(pick=st.integers(0, 999))
    def the_bank_gives_a_row_a_new_id(self, pick: int) -> None:
        row = self._remote_row(pick, only_recent=False, leave=1)
        if row:
            self.pluggy.control("DELETE", f"/transactions/{row['id']}")
            again = {name: row[name] for name in ("date", "description", "amount", "type")}
            self.pluggy.spend(
                self.item_id, accountId=row["accountId"], description=row["description"], amount=-1, raw=again
            )
            self._collect_events()

    # --- On the way ------------------------------------------------------------------------------------
    @precondition(lambda self: self.flying)
    @rule(pick=st.integers(0, 999), again=st.booleans())
    def a_delivery_arrives(self, pick: int, again: bool) -> None:
        place = pick % len(self.flying)
        inbox.receive(self.flying[place], client_id=django_settings.PLUGGY_CLIENT_ID, now=self.now())
        if not again:
            self.flying.pop(place)

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds: int) -> None:
        self.ahead += timedelta(seconds=seconds)

    # --- We --------------------------------------------------------------------------------------------
    @rule()
    def a_worker_works(self) -> None:
        self._work()

    @rule(at=st.integers(0, 6), before=st.booleans())
    def a_worker_is_killed(self, at: int, before: bool) -> None:
        self.failpoints.arm(at, before=before, act=_kill)
        try:
            self._work()
        except Killed:
            self.ahead += LEASE_OVER
        finally:
            self.failpoints.disarm()

    @rule(at=st.integers(0, 6))
    def a_worker_comes_late(self, at: int) -> None:
        """It stops for a minute between two commits; another one takes over meanwhile."""
        asleep, awake = threading.Event(), threading.Event()

        def sleep() -> None:
            asleep.set()
            awake.wait(30)

        def sleeper() -> None:
            self.failpoints.arm(at, before=False, act=sleep)
            try:
                self._work()
            finally:
                self.failpoints.disarm()
                asleep.set()
                connection.close()

        late = threading.Thread(target=sleeper)
        late.start()
        asleep.wait(30)
        self.ahead += LEASE_OVER
        self._work()
        awake.set()
        late.join(30)
        assert not late.is_alive()

    @rule(pick=st.integers(0, 999))
    def the_person_writes_a_note(self, pick: int) -> None:
        rows = list(Transaction.objects.of(self.user).live().order_by("id"))
        if rows:
            row = rows[pick % len(rows)]
            self.notes[row.id] = f"note {len(self.notes)}"
            actions.say(row, Said(note=self.notes[row.id]))

    # --- In the end ------------------------------------------------------------------------------------
    def teardown(self) -> None:
        if self.item is None:
            return
        self.pluggy.control("POST", f"/items/{self.item_id}/status", executionStatus="SUCCESS")
        self._collect_events()
        for event in self.flying:
            inbox.receive(event, client_id=django_settings.PLUGGY_CLIENT_ID, now=self.now())
        self._settle()
        self._an_operator_approves_what_is_held()
        self._settle()
        self._compare()

    def _settle(self) -> None:
        """Until everything told is seen."""
        for _ in range(8):
            self.ahead += timedelta(minutes=31)
            self._work()
            state = SyncState.objects.get(item=self.item)
            if not state.is_behind:
                return
            if state.parked_until:  # three workers in a row were killed: it waits for a day
                self.ahead = max(self.ahead, state.parked_until - timezone.now())
        raise AssertionError(state.failure)

    def _an_operator_approves_what_is_held(self) -> None:
        """Many rows that go at once wait for somebody, webhook or not."""
        for held in HeldDeletion.objects.filter(item=self.item, state=HeldDeletion.State.HELD):
            operations.approve(held, by=self.user, now=self.now())

    def _compare(self) -> None:
        mine = Transaction.objects.of(self.user)
        stored = {str(row.id): (row.amount, row.type) for row in mine.live()}
        by_account = self.pluggy.truth(self.item_id)["transactions"].values()
        told = {row["id"]: (Decimal(str(row["amount"])), row["type"]) for rows in by_account for row in rows}
        assert stored == told
        assert rollups.differences() == []
        written = {row.id: row.note for row in mine}
        assert all(written.get(row_id) == note for row_id, note in self.notes.items())
        inbox.settle(now=self.now())

    def _work(self) -> None:
        assert self.item is not None
        sync_item(self.item.id, client=our_client(), now=self.now)

    def _remote_row(self, pick: int, *, only_recent: bool, leave: int = 0) -> dict[str, Any] | None:
        edge = str(timezone.localdate() - timedelta(days=RECENT)) if only_recent else ""
        by_account = self.pluggy.truth(self.item_id)["transactions"].values()
        rows = [row for rows in by_account if len(rows) > leave for row in rows if row["date"] > edge]
        return rows[pick % len(rows)] if rows else None

    def _collect_events(self) -> None:
        for event in self.pluggy.control("GET", f"/events?itemId={self.item_id}")["results"]:
            if event["eventId"] not in self.seen:
                self.seen.add(event["eventId"])
                self.flying.append(event["payload"])


def _world(reference: str) -> dict[str, Any]:
    """A bank with a checking account and a card, a few rows each."""
    today = timezone.localdate()

    def rows(sign: int) -> list[dict[str, Any]]:
        return [
            {
                "date": str(today - timedelta(days=3 * n)),
                "amount": sign * (10 + n),
                "description": f"LOJA {n % 3}",
            }
            for n in range(6)
        ]

    accounts = [
        {"subtype": "CHECKING_ACCOUNT", "number": "0001/1-1", "transactions": rows(-1)},
        {"subtype": "CREDIT_CARD", "number": "1234", "transactions": rows(1)},
    ]
    products = ["ACCOUNTS", "CREDIT_CARDS", "TRANSACTIONS"]
    item = {"connectorId": 9001, "clientUserId": str(reference), "products": products, "accounts": accounts}
    return {"items": [item], "silent": True}


@pytest.mark.usefixtures("categories")
def test_any_history_ends_in_the_banks_rows(pluggy: LocalPluggy, monkeypatch: pytest.MonkeyPatch) -> None:
    History.pluggy, History.failpoints = pluggy, Failpoints(monkeypatch)
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=EXAMPLES,
            derandomize=not LONG,  # the test command tells the same histories again; by hand, new ones
            stateful_step_count=STEPS,
            phases=PHASES,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
