"""Random histories: changes at the bank, lost, repeated and unordered webhooks, crashed and late workers.

The bank is connected a second time, adds amounts in another currency and converts them later, gives an id to another
posting, and sends odd details; Pluggy refuses products; the user leaves accounts out, closes them, and says whether
the accounts of both connections are the same.

After every history our data equal the bank's, every sum is that of its transactions, the screens show the same
figures, and every note of the user is on the posting that it was written for. `PROOF_EXAMPLES=10000 make test
ARGS="tests/proof"` tries more histories. Hypothesis prints a failure as it happened, with a decorator that repeats it
when put above `class History`; `PROOF_SHRINK=1` searches for a shorter history, which takes minutes.
"""

import os
import threading
import uuid
from contextlib import suppress
from datetime import datetime, timedelta
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
from banking.connections import actions as connection_actions
from banking.connections import lease
from banking.connections.models import Item, SyncState
from banking.ingest import sync_item
from banking.ledger import account_settings, double_listings, operations, overrides
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import Account, DeletionReview, DoubleListing, Transaction
from banking.money.periods import Month
from banking.pluggy import PluggyError
from banking.web.api_client import pluggy as our_client
from tests.local_pluggy import LocalPluggy, clear_rate_limits
from tests.proof import bank, comparison
from tests.proof.bank import ODD_FIELDS, ODD_VALUES, REUSED_WORDS, WORDS, Json
from tests.proof.failpoints import Failpoints, Killed, kill
from webhooks import inbox

pytestmark = [pytest.mark.django_db(transaction=True)]

LONG = os.environ.get("PROOF_EXAMPLES")
EXAMPLES = int(LONG or 15)
PHASES = set(Phase) - {Phase.explain} - (set() if os.environ.get("PROOF_SHRINK") else {Phase.shrink})
STEPS = 40
RECENT = 5  # days within the look-back window, where a change without an event is detected as well
MAX_SILENT_DELETIONS = 4  # more at once would start a deletion review
LEASE_OVER = lease.LEASE + timedelta(seconds=1)
SIDES = st.sampled_from((0, 1, None))  # the first connection, the second one, or both


class History(RuleBasedStateMachine):
    """One user with a bank that may be connected twice, up to two workers, and a clock."""

    pluggy: LocalPluggy
    failpoints: Failpoints

    def __init__(self) -> None:
        super().__init__()
        self.ahead = timedelta()  # how far our clock is ahead of the real one
        self.undelivered: list[dict[str, Any]] = []
        self.collected_ids: set[str] = set()  # of events
        self.notes: dict[str, str] = {}  # → the words of the posting for which it was written
        self.silent_deletions = 0
        self.items: list[Item] = []
        self.are_same = True  # the accounts of both connections
        self.reused_ids: set[str] = set()  # which belong to another posting than at first
        self.has_faults = False

    def now(self) -> datetime:
        return timezone.now() + self.ahead

    @initialize()
    def connect(self) -> None:
        reference = uuid.uuid4()
        self.user = User.objects.create_user(f"{reference}@example.com")
        self._load(bank.world(self.user.reference))
        self._collect_events()
        self.undelivered.clear()

    def _load(self, world: Json) -> None:
        """Connect a bank; repeat it while an odd detail hides whose it is."""
        item_id = UUID(self.pluggy.control("POST", "/world", **world)["items"][0]["id"])
        for _ in range(50):
            with suppress(connection_actions.NotOwner, PluggyError):
                item = connection_actions.claim(self.user, item_id, client=our_client(), now=self.now())
                self.items.append(item)
                return
        raise AssertionError("the bank cannot be connected")

    # --- The bank --------------------------------------------------------------------------------------
    @rule(
        account=st.integers(0, 1),
        days=st.integers(0, 20),
        cents=st.integers(1, 99999),
        currency=st.sampled_from(("BRL", "BRL", "USD")),
        side=SIDES,
        sends_event=st.booleans(),
    )
    def the_bank_adds_a_transaction(
        self, account: int, days: int, cents: int, currency: str, side: int | None, sends_event: bool
    ) -> None:
        for item in self.items if side is None else self.items[side : side + 1]:
            self.pluggy.add_transaction(
                str(item.id),
                accountType=("CHECKING_ACCOUNT", "CREDIT_CARD")[account],
                description=WORDS[cents % len(WORDS)],
                amount=-cents / 100,
                date=str(timezone.localdate() - timedelta(days=days)),
                raw={"currencyCode": currency},
                silent=not sends_event,
            )
        self._collect_events()

    @rule(pick=st.integers(0, 999), cents=st.integers(1, 99999), sends_event=st.booleans())
    def the_bank_changes_a_transaction(self, pick: int, cents: int, sends_event: bool) -> None:
        payload = self._remote_transaction(pick, only_recent=not sends_event)
        if payload and payload["id"] not in self.reused_ids:
            path = f"/transactions/{payload['id']}"
            self.pluggy.control("PATCH", path, amount=-cents / 100, silent=not sends_event)
            self._collect_events()

    @rule(pick=st.integers(0, 999), cents=st.integers(1, 99999), sends_event=st.booleans())
    def the_bank_converts_an_amount(self, pick: int, cents: int, sends_event: bool) -> None:
        payload = self._remote_transaction(pick, only_recent=not sends_event, currency="USD")
        if payload:
            converted = {"amountInAccountCurrency": cents / (100 if payload["amount"] > 0 else -100)}
            path = f"/transactions/{payload['id']}"
            self.pluggy.control("PATCH", path, raw=converted, silent=not sends_event)
            self._collect_events()

    @rule(pick=st.integers(0, 999), sends_event=st.booleans())
    def the_bank_gives_an_id_to_another_posting(self, pick: int, sends_event: bool) -> None:
        """Do it once with an id: if a sync misses the one between, the last one may look like a correction."""
        payload = self._remote_transaction(pick, only_recent=not sends_event)
        if payload and payload["id"] not in self.reused_ids:
            self.reused_ids.add(payload["id"])
            self.pluggy.control("POST", f"/transactions/{payload['id']}/reuse", silent=not sends_event)
            self._collect_events()

    @rule(pick=st.integers(0, 999), sends_event=st.booleans())
    def the_bank_deletes_a_transaction(self, pick: int, sends_event: bool) -> None:
        """Keep the last transaction of an account: an empty list is not taken as a deletion."""
        payload = self._remote_transaction(pick, only_recent=not sends_event, leave=1)
        if payload and (sends_event or self.silent_deletions < MAX_SILENT_DELETIONS):
            self.silent_deletions += not sends_event
            self.pluggy.control("DELETE", f"/transactions/{payload['id']}", silent=not sends_event)
            self._collect_events()

    @rule(pick=st.integers(0, 999))
    def the_bank_gives_a_transaction_a_new_id(self, pick: int) -> None:
        payload = self._remote_transaction(pick, only_recent=False, leave=1)
        if payload:
            self.pluggy.control("DELETE", f"/transactions/{payload['id']}")
            names = ("date", "description", "amount", "type", "currencyCode", "amountInAccountCurrency")
            raw = {name: payload[name] for name in names}
            self.pluggy.add_transaction(
                payload["itemId"],
                accountId=payload["accountId"],
                description=payload["description"],
                amount=-1,
                raw=raw,
            )
            self._collect_events()

    @precondition(lambda self: len(self.items) == 1)
    @rule(days=st.integers(0, 20))
    def the_user_connects_the_bank_again(self, days: int) -> None:
        """Connect it by Open Finance: the same accounts under new ids, and a shorter history."""
        truth = self.pluggy.truth(str(self.items[0].id))
        self._load(bank.successor(self.user.reference, truth, days=days))

    @rule(side=st.integers(0, 1))
    def the_bank_lets_nobody_in(self, side: int) -> None:
        for item in self.items[side : side + 1]:
            path = f"/items/{item.id}/status"
            self.pluggy.control("POST", path, executionStatus="SITE_NOT_AVAILABLE")
            self._collect_events()

    # --- What Pluggy answers ---------------------------------------------------------------------------
    @rule(
        product=st.sampled_from(("bills", "loans", "investments", "identity")),
        status=st.sampled_from((403, 404, 429, 500, 503)),
        times=st.integers(1, 3),
    )
    def pluggy_refuses_a_product(self, product: str, status: int, times: int) -> None:
        self.has_faults = True
        self.pluggy.fault("product-refused", f"^/{product}", status=status, times=times)

    @rule(where=st.sampled_from(ODD_FIELDS), value=st.sampled_from(ODD_VALUES), times=st.integers(1, 2))
    def pluggy_sends_an_odd_field(self, where: tuple[str, str], value: object, times: int) -> None:
        self.has_faults = True
        self.pluggy.fault("odd-field", where[0], field=where[1], value=value, times=times)

    # --- Deliveries and time ---------------------------------------------------------------------------
    @precondition(lambda self: self.undelivered)
    @rule(pick=st.integers(0, 999), is_repeated=st.booleans())
    def a_delivery_arrives(self, pick: int, is_repeated: bool) -> None:
        index = pick % len(self.undelivered)
        inbox.receive(self.undelivered[index], client_id=django_settings.PLUGGY_CLIENT_ID, now=self.now())
        if not is_repeated:
            self.undelivered.pop(index)

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds: int) -> None:
        self.ahead += timedelta(seconds=seconds)

    # --- Workers and the user --------------------------------------------------------------------------
    @rule(side=SIDES)
    def a_worker_syncs(self, side: int | None) -> None:
        self._sync(side)

    @rule(side=SIDES, at=st.integers(0, 6), before=st.booleans())
    def a_worker_is_killed(self, side: int | None, at: int, before: bool) -> None:
        self.failpoints.arm(at, before=before, act=kill)
        try:
            self._sync(side)
        except Killed:
            self.ahead += LEASE_OVER
        finally:
            self.failpoints.disarm()

    @rule(at=st.integers(0, 6))
    def a_worker_is_late(self, at: int) -> None:
        """Let a worker stop for a minute between two commits, while another one takes over."""
        asleep, awake = threading.Event(), threading.Event()

        def sleep() -> None:
            asleep.set()
            awake.wait(30)

        def sleeper() -> None:
            self.failpoints.arm(at, before=False, act=sleep)
            try:
                self._sync()
            finally:
                self.failpoints.disarm()
                asleep.set()
                connection.close()

        late = threading.Thread(target=sleeper)
        late.start()
        asleep.wait(30)
        self.ahead += LEASE_OVER
        self._sync()
        awake.set()
        late.join(30)
        assert not late.is_alive()

    @rule(pick=st.integers(0, 999))
    def the_user_writes_a_note(self, pick: int) -> None:
        transactions = list(Transaction.objects.of(self.user).live().order_by("id"))
        if transactions:
            transaction = transactions[pick % len(transactions)]
            note = f"note {uuid.uuid4()}"
            self.notes.pop(transaction.note, None)
            self.notes[note] = transaction.description
            overrides.save_edits(transaction, TransactionEdits(note=note))

    @rule(pick=st.integers(0, 3), is_left_out=st.booleans())
    def the_user_leaves_an_account_out(self, pick: int, is_left_out: bool) -> None:
        for account in self._accounts()[pick : pick + 1]:
            account_settings.leave_out(account, is_left_out=is_left_out)

    @rule(pick=st.integers(0, 3), days=st.integers(0, 20), is_closed=st.booleans())
    def the_user_closes_an_account(self, pick: int, days: int, is_closed: bool) -> None:
        today = timezone.localdate()
        for account in self._accounts()[pick : pick + 1]:
            account_settings.keep_open(account)
            if is_closed:
                account_settings.close(account, today - timedelta(days=days), today=today)

    @precondition(lambda self: len(self.items) == 2)
    @rule(are_same=st.booleans())
    def the_user_says_whether_the_accounts_are_the_same(self, are_same: bool) -> None:
        accounts = self._accounts()[:2]  # the checking accounts; the cards follow
        if {account.item_id for account in accounts} != {item.id for item in self.items}:
            return  # the second connection was not read yet
        with suppress(double_listings.NotSuggested, DoubleListing.DoesNotExist):
            if are_same:
                double_listings.merge(*accounts, now=self.now())
            else:
                ids = [account.id for account in accounts]
                listing = DoubleListing.objects.active().get(listed_id__in=ids, counted_id__in=ids)
                double_listings.undo(listing, now=self.now())
            self.are_same = are_same

    def _accounts(self) -> list[Account]:
        """Return the stored accounts: the cards last, the first connection before the second."""
        return list(Account.objects.of(self.user).order_by("type", "item__connected_at"))

    # --- The end of a history --------------------------------------------------------------------------
    def teardown(self) -> None:
        if not self.items:
            return
        if self.has_faults:
            self.pluggy.control("DELETE", "/faults")
            clear_rate_limits()
        for item in self.items:
            self.pluggy.control("POST", f"/items/{item.id}/status", executionStatus="SUCCESS")
        self._collect_events()
        for event in self.undelivered:
            inbox.receive(event, client_id=django_settings.PLUGGY_CLIENT_ID, now=self.now())
        self._settle()
        self._approve_deletions()
        self._settle()
        self._compare()

    def _settle(self) -> None:
        """Sync until every change is seen."""
        for _ in range(8):
            self.ahead += timedelta(minutes=31)
            self._sync()
            behind = [state for state in SyncState.objects.filter(item__in=self.items) if state.is_behind]
            if not behind:
                return
            for state in behind:
                if state.quarantined_until:  # three workers in a row were killed
                    self.ahead = max(self.ahead, state.quarantined_until - timezone.now())
        raise AssertionError([state.failure for state in behind])

    def _approve_deletions(self) -> None:
        """Approve the deletion reviews, which many deletions at once start."""
        for review in DeletionReview.objects.filter(item__in=self.items, state=DeletionReview.State.PENDING):
            operations.approve_deletion(review, by=self.user, now=self.now())

    def _compare(self) -> None:
        truths = [self.pluggy.truth(str(item.id)) for item in self.items]
        for item, truth in zip(self.items, truths, strict=True):
            comparison.assert_equals_the_bank(item, truth)
        comparison.assert_counts_as(self.user, bank.expected_money(truths, are_same=self.are_same))
        uncounted = {
            str(account.id): account.is_left_out or bool(account.closed_on) for account in self._accounts()
        }
        net_worth = bank.expected_net_worth(truths, are_same=self.are_same, uncounted=uncounted)
        month = Month.of(timezone.localdate())
        comparison.assert_screens_are_equal(self.user, month, net_worth=net_worth)
        self._compare_notes()
        inbox.settle(now=self.now())

    def _compare_notes(self) -> None:
        """Each note is kept, and only on the posting for which it was written, under whatever id."""
        noted = Transaction.objects.of(self.user).exclude(note="").values_list("note", "description")
        for note, words in self.notes.items():
            found = {description for text, description in noted if text == note}
            assert found == {words} or (found and words not in (*WORDS, *REUSED_WORDS)), (note, words, found)

    def _sync(self, side: int | None = None) -> None:
        for item in self.items if side is None else self.items[side : side + 1]:
            sync_item(item.id, client=our_client(), now=self.now)

    def _remote_transaction(
        self, pick: int, *, only_recent: bool, leave: int = 0, currency: str | None = None
    ) -> Json | None:
        """Return a transaction of the bank with its `itemId`, from an account that has more than `leave`."""
        since = str(timezone.localdate() - timedelta(days=RECENT)) if only_recent else ""
        candidates = [
            payload | {"itemId": str(item.id)}
            for item in self.items
            for payloads in self.pluggy.truth(str(item.id))["transactions"].values()
            if len(payloads) > leave
            for payload in payloads
            if payload["date"] > since and currency in (None, payload["currencyCode"])
        ]
        return candidates[pick % len(candidates)] if candidates else None

    def _collect_events(self) -> None:
        for item in self.items:
            for event in self.pluggy.control("GET", f"/events?itemId={item.id}")["results"]:
                if event["eventId"] not in self.collected_ids:
                    self.collected_ids.add(event["eventId"])
                    self.undelivered.append(event["payload"])


@pytest.mark.usefixtures("categories")
def test_after_any_history_our_data_equal_the_banks(
    pluggy: LocalPluggy, monkeypatch: pytest.MonkeyPatch
) -> None:
    History.pluggy, History.failpoints = pluggy, Failpoints(monkeypatch)
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=EXAMPLES,
            derandomize=not LONG,  # the same histories in each test run; new ones with PROOF_EXAMPLES
            stateful_step_count=STEPS,
            phases=PHASES,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
