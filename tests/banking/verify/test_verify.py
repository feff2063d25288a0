"""The verify command: it names every violated invariant, and with --remote every difference to Pluggy."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item, SyncRun, SyncState
from banking.ledger.models import (
    Account,
    BalanceSnapshot,
    Bill,
    Investment,
    Loan,
    MonthlyTotal,
    Transaction,
)
from tests.factories import create_item_with_transactions
from tests.local_pluggy import LocalPluggy
from tests.payloads import event
from tests.sync_helpers import mark_changed, run_sync
from webhooks import inbox
from webhooks.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def item(alice: User) -> Item:
    return create_item_with_transactions(alice, [{"amount": "-10.00"}, {"amount": "5.00"}])


def verify(*arguments: str) -> str:
    """Return what the command prints about violations; an empty text if there are none."""
    out = StringIO()
    try:
        call_command("verify", *arguments, stdout=out, stderr=StringIO())
    except CommandError as error:
        message = str(error)
    else:
        assert "no violations" in out.getvalue()
        return ""
    assert "violations" in message
    return out.getvalue()


def test_consistent_data_has_no_violations(item: Item) -> None:
    assert verify() == ""


def test_a_wrong_monthly_total_is_named_and_rebuilt(item: Item) -> None:
    MonthlyTotal.objects.filter(kind="expense").update(transaction_count=7)
    assert "sum of its transactions" in verify()
    with pytest.raises(CommandError):
        call_command("rebuild_monthly_totals", "--check")
    call_command("rebuild_monthly_totals")
    call_command("rebuild_monthly_totals", "--check")
    assert verify() == ""


def test_only_the_given_item_is_checked(item: Item, bob: User) -> None:
    MonthlyTotal.objects.filter(kind="expense").update(transaction_count=7)
    other = create_item_with_transactions(bob, [{"amount": "-1.00"}])
    assert verify("--item", str(other.id)) == ""
    assert "sum of its transactions" in verify("--item", str(item.id))


def account_of_another_user(item: Item, bob: User) -> None:
    Account.objects.update(user=bob)


def snapshot_of_another_user(item: Item, bob: User) -> None:
    account = item.accounts.get()
    BalanceSnapshot.objects.create(user=bob, account=account, day="2026-01-01", currency="BRL", balance=0)


def due_for_too_long(item: Item, bob: User) -> None:
    SyncState.objects.update(dirty_seq=1, due_at=timezone.now() - timedelta(minutes=6))


def lease_for_too_long(item: Item, bob: User) -> None:
    SyncState.objects.update(lease_until=timezone.now() + timedelta(hours=1))


def concurrent_runs(item: Item, bob: User) -> None:
    SyncState.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    for _ in range(2):
        SyncRun.objects.create(user=item.user, item=item, fence=1, target_seq=1, started_at=timezone.now())


def run_without_lease(item: Item, bob: User) -> None:
    SyncRun.objects.create(user=item.user, item=item, fence=1, target_seq=1, started_at=timezone.now())


def changes_not_seen_by_a_run(item: Item, bob: User) -> None:
    SyncState.objects.update(dirty_seq=3, synced_seq=3)


def wrong_snapshot(item: Item, bob: User) -> None:
    account, now = item.accounts.get(), timezone.now()
    SyncState.objects.update(synced_at=now)
    BalanceSnapshot.objects.create(
        user=item.user, account=account, day=timezone.localdate(), currency="BRL", balance=Decimal("1.23")
    )


def queue_event(item: Item, **columns: Any) -> None:
    inbox.receive(event(item=item), client_id=event()["clientId"], now=timezone.now())
    Event.objects.update(**columns)


def event_that_no_run_will_settle(item: Item, bob: User) -> None:
    queue_event(item, seq=99)


def event_seen_but_not_done(item: Item, bob: User) -> None:
    long_ago = timezone.now() - timedelta(minutes=10)
    queue_event(item, received_at=long_ago)
    SyncState.objects.update(synced_seq=1, synced_at=long_ago)
    SyncRun.objects.create(
        user=item.user, item=item, fence=1, target_seq=1, started_at=long_ago, outcome="succeeded"
    )


def late_follow_up(item: Item, bob: User) -> None:
    queue_event(item, try_at=timezone.now() - timedelta(minutes=6))


@pytest.mark.parametrize(
    ("violate", "invariant"),
    [
        (account_of_another_user, "have one owner"),
        (snapshot_of_another_user, "have one owner"),
        (due_for_too_long, "no due connection waits longer"),
        (lease_for_too_long, "a lease expires within a minute"),
        (concurrent_runs, "an item has one sync at a time"),
        (run_without_lease, "a running sync has a lease"),
        (changes_not_seen_by_a_run, "changes that count as seen were seen by a sync"),
        (wrong_snapshot, "a snapshot has the account's balance"),
        (event_that_no_run_will_settle, "every waiting event will be processed"),
        (event_seen_but_not_done, "an event that a sync has seen is done"),
        (late_follow_up, "no follow-up waits longer"),
    ],
    ids=lambda parameter: getattr(parameter, "__name__", ""),
)
def test_each_violation_is_named(
    item: Item, bob: User, violate: Callable[[Item, User], None], invariant: str
) -> None:
    violate(item, bob)
    assert invariant in verify()


@pytest.fixture
def connected(alice: User, connect: Callable[..., Item]) -> Item:
    return connect(alice)


def differences(item: Item) -> set[str]:
    """Return the differences between the item and Pluggy that the command prints."""
    return set(verify("--remote", "--item", str(item.id)).split("\n")) - {""}


def test_a_synced_item_has_no_difference_to_pluggy(connected: Item) -> None:
    assert differences(connected) == set()


def test_each_difference_is_named(connected: Item, pluggy: LocalPluggy) -> None:
    new = pluggy.add_transaction(str(connected.id), description="NOVA", amount=-7, silent=True)["id"]
    stored = Transaction.objects.filter(account__item=connected, account__type="BANK").live()
    deleted, corrected = stored[:2]
    pluggy.control("DELETE", f"/transactions/{deleted.id}", silent=True)
    pluggy.control("PATCH", f"/transactions/{corrected.id}", amount=-123, silent=True)
    lines = differences(connected)
    assert {line for line in lines if "transaction" in line} == {
        f"lost transaction {new}",
        f"ghost transaction {deleted.id}",
        f"stale transaction {corrected.id}",
    }
    assert any(line.startswith("stale account") for line in lines)  # its balance changed as well
    ids = [deleted.id, corrected.id]
    mark_changed(connected, kind="deleted", account_id=deleted.account_id, transaction_ids=ids)
    run_sync(connected)
    assert differences(connected) == set()


@pytest.mark.parametrize(
    ("bank", "model", "column"),
    [(9003, Bill, "total"), (9003, Loan, "outstanding"), (9004, Investment, "balance")],
)
def test_a_difference_of_a_product_is_named(
    alice: User, connect: Callable[..., Item], bank: int, model: Any, column: str
) -> None:
    """A connection with bills, loans or investments equals Pluggy's data until a record is changed here."""
    item = connect(alice, connector=bank)
    assert differences(item) == set()
    record = model.objects.of(alice).earliest("id")
    model.objects.filter(id=record.id).update(**{column: Decimal("1.23")})
    name, remote_id = model._meta.model_name, record.id
    assert differences(item) == {f"stale {name} {remote_id}"}
    record.delete()
    assert differences(item) == {f"lost {name} {remote_id}"}
    record.id = uuid.uuid4()
    record.save(force_insert=True)
    # A bill that the bank no longer lists is kept on purpose.
    ghost = {f"ghost {name} {record.id}"} if model is not Bill else set()
    assert differences(item) == {f"lost {name} {remote_id}"} | ghost


def test_an_item_deleted_at_pluggy_is_a_ghost(connected: Item, pluggy: LocalPluggy) -> None:
    pluggy.api("DELETE", f"/items/{connected.id}")
    assert differences(connected) == {f"ghost item {connected.id}"}


def test_the_comparison_waits_for_pluggys_rate_limit(connected: Item, pluggy: LocalPluggy) -> None:
    pluggy.fault("limited", "/v2/transactions", seconds=1)
    assert differences(connected) == set()


def test_an_item_that_is_due_is_not_compared(connected: Item, pluggy: LocalPluggy) -> None:
    pluggy.add_transaction(str(connected.id), description="NOVA", amount=-7, silent=True)
    mark_changed(connected)
    assert differences(connected) == set()


def test_sync_item_syncs_at_once(
    connected: Item, pluggy: LocalPluggy, capsys: pytest.CaptureFixture[str]
) -> None:
    pluggy.add_transaction(str(connected.id), description="NOVA", amount=-7, silent=True)
    call_command("sync_item", str(connected.id))
    assert "2 records written" in capsys.readouterr().out  # the transaction and the balance snapshot


def test_a_full_sync_repairs_an_old_transaction(connected: Item) -> None:
    """The transaction was changed here by mistake and is older than the look-back window."""
    transactions = Transaction.objects.filter(account__item=connected, account__subtype="CHECKING_ACCOUNT")
    old = transactions.live().order_by("local_date")[0]
    Transaction.objects.filter(id=old.id).update(description="WRONG")
    # As if it had been read long ago: a normal sync asks for no older transaction.
    connected.accounts.update(created_read_until=timezone.now() + timedelta(hours=2))
    call_command("sync_item", str(connected.id))
    assert Transaction.objects.get(id=old.id).description == "WRONG"
    call_command("sync_item", str(connected.id), "--full")
    assert Transaction.objects.get(id=old.id).description == old.description


def test_sync_item_fails_with_a_reason(connected: Item) -> None:
    with pytest.raises(CommandError, match="no connected item"):
        call_command("sync_item", str(uuid.uuid4()))
    SyncState.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    with pytest.raises(CommandError, match="a worker is syncing it"):
        call_command("sync_item", str(connected.id))


def test_replay_events_processes_dead_events_again(item: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pfm.task_queue.enqueue", lambda task, *args: True)
    queue_event(item, state="dead", received_at=timezone.now() - timedelta(days=2))
    call_command("replay_events", "--since", str(timezone.localdate()))
    call_command("replay_events", "--state", "parked")
    call_command("replay_events", "--item", str(uuid.uuid4()))
    assert Event.objects.get().state == "dead"
    call_command("replay_events", "--state", "dead", "--item", str(item.id), "--since", "2026-01-01")
    assert Event.objects.get().state == "queued"
