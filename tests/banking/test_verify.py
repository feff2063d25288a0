"""verify: what is wrong is named, and only that; with --remote also what Pluggy would say otherwise."""

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
from banking.models import (
    Account,
    BalanceOnDay,
    Bill,
    Investment,
    Item,
    Loan,
    MonthTotal,
    SyncRun,
    SyncState,
    Transaction,
)
from tests.localpluggy import LocalPluggy
from tests.payloads import event
from tests.rows import store_rows
from tests.syncing import changed, run
from webhooks import inbox
from webhooks.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def item(alice: User) -> Item:
    return store_rows(alice, [{"amount": "-10.00"}, {"amount": "5.00"}])


def verified(*words: str) -> str:
    """What it prints, when it finds violations; nothing when all is well."""
    out = StringIO()
    try:
        call_command("verify", *words, stdout=out, stderr=StringIO())
    except CommandError as error:
        assert "violations" in str(error)
        return out.getvalue()
    assert "all is well" in out.getvalue()
    return ""


def test_all_is_well(item: Item) -> None:
    assert verified() == ""


def test_a_wrong_sum_is_named_and_rebuilt(item: Item) -> None:
    MonthTotal.objects.filter(kind="expense").update(rows=7)
    assert "sum of its rows" in verified()
    with pytest.raises(CommandError):
        call_command("rebuild_rollups", "--check")
    call_command("rebuild_rollups")
    call_command("rebuild_rollups", "--check")
    assert verified() == ""


def test_only_the_named_item_is_looked_at(item: Item, bob: User) -> None:
    MonthTotal.objects.filter(kind="expense").update(rows=7)
    other = store_rows(bob, [{"amount": "-1.00"}])
    assert verified("--item", str(other.id)) == ""
    assert "sum of its rows" in verified("--item", str(item.id))


def account_of_another(item: Item, bob: User) -> None:
    Account.objects.update(user=bob)


def day_of_another(item: Item, bob: User) -> None:
    account = item.accounts.get()
    BalanceOnDay.objects.create(user=bob, account=account, day="2026-01-01", currency="BRL", balance=0)


def late(item: Item, bob: User) -> None:
    SyncState.objects.update(dirty_seq=1, due_at=timezone.now() - timedelta(minutes=6))


def endless(item: Item, bob: User) -> None:
    SyncState.objects.update(lease_until=timezone.now() + timedelta(hours=1))


def two_runs(item: Item, bob: User) -> None:
    SyncState.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    for _ in range(2):
        SyncRun.objects.create(user=item.user, item=item, fence=1, target_seq=1, started_at=timezone.now())


def abandoned(item: Item, bob: User) -> None:
    SyncRun.objects.create(user=item.user, item=item, fence=1, target_seq=1, started_at=timezone.now())


def unseen(item: Item, bob: User) -> None:
    SyncState.objects.update(dirty_seq=3, synced_seq=3)


def wrong_day(item: Item, bob: User) -> None:
    account, now = item.accounts.get(), timezone.now()
    SyncState.objects.update(synced_at=now)
    BalanceOnDay.objects.create(
        user=item.user, account=account, day=timezone.localdate(), currency="BRL", balance=Decimal("1.23")
    )


def queued(item: Item, **columns: Any) -> None:
    inbox.receive(event(item=item), client_id=event()["clientId"], now=timezone.now())
    Event.objects.update(**columns)


def forgotten(item: Item, bob: User) -> None:
    queued(item, seq=99)


def unsettled(item: Item, bob: User) -> None:
    long_ago = timezone.now() - timedelta(minutes=10)
    queued(item, received_at=long_ago)
    SyncState.objects.update(synced_seq=1, synced_at=long_ago)
    SyncRun.objects.create(
        user=item.user, item=item, fence=1, target_seq=1, started_at=long_ago, outcome="succeeded"
    )


def nobody_follows_up(item: Item, bob: User) -> None:
    queued(item, try_at=timezone.now() - timedelta(minutes=6))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (account_of_another, "one owner"),
        (day_of_another, "one owner"),
        (late, "nothing due waits longer"),
        (endless, "a lease ends by itself"),
        (two_runs, "one run at a time"),
        (abandoned, "has a lease"),
        (unseen, "seen by a run"),
        (wrong_day, "a day's balance"),
        (forgotten, "has somebody who comes"),
        (unsettled, "is done"),
        (nobody_follows_up, "follow-up"),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_each_violation_is_named(
    item: Item, bob: User, spoil: Callable[[Item, User], None], says: str
) -> None:
    spoil(item, bob)
    assert says in verified()


@pytest.fixture
def read(alice: User, connect: Any) -> Item:
    connected: Item = connect(alice)
    return connected


def remotely(item: Item) -> set[str]:
    return set(verified("--remote", "--item", str(item.id)).split("\n")) - {""}


def test_what_was_read_is_as_pluggy_has_it(read: Item) -> None:
    assert remotely(read) == set()


def test_each_difference_is_named(read: Item, pluggy: LocalPluggy) -> None:
    new = pluggy.spend(str(read.id), description="NOVA", amount=-7, silent=True)["id"]
    rows = list(Transaction.objects.filter(account__item=read, account__type="BANK").live()[:2])
    pluggy.control("DELETE", f"/transactions/{rows[0].id}", silent=True)
    pluggy.control("PATCH", f"/transactions/{rows[1].id}", amount=-123, silent=True)
    found = remotely(read)
    mine = {line for line in found if "transaction" in line}
    assert mine == {
        f"lost transaction {new}",
        f"ghost transaction {rows[0].id}",
        f"stale transaction {rows[1].id}",
    }
    assert any(line.startswith("stale account") for line in found)  # the balance followed
    changed(read, kind="deleted", account_id=rows[0].account_id, transaction_ids=[row.id for row in rows])
    run(read)
    assert remotely(read) == set()


@pytest.mark.parametrize(
    ("bank", "model", "column"),
    [(9003, Bill, "total"), (9003, Loan, "outstanding"), (9004, Investment, "balance")],
)
def test_a_changed_product_is_named(alice: User, connect: Any, bank: int, model: Any, column: str) -> None:
    """A whole person with bills, loans or investments is as Pluggy has it, until a row is changed here."""
    item = connect(alice, connector=bank)
    assert remotely(item) == set()
    row = model.objects.of(alice).earliest("id")
    model.objects.filter(id=row.id).update(**{column: Decimal("1.23")})
    what, lost = model._meta.model_name, row.id
    assert remotely(item) == {f"stale {what} {lost}"}
    row.delete()
    assert remotely(item) == {f"lost {what} {lost}"}
    row.id = uuid.uuid4()
    row.save(force_insert=True)
    ghost = {f"ghost {what} {row.id}"} if model is not Bill else set()  # an old bill is history
    assert remotely(item) == {f"lost {what} {lost}"} | ghost


def test_an_item_that_pluggy_no_longer_has_is_a_ghost(read: Item, pluggy: LocalPluggy) -> None:
    pluggy.api("DELETE", f"/items/{read.id}")
    assert remotely(read) == {f"ghost item {read.id}"}


def test_a_limit_of_pluggys_is_waited_out(read: Item, pluggy: LocalPluggy) -> None:
    pluggy.fault("limited", "/v2/transactions", seconds=1)
    assert remotely(read) == set()


def test_an_item_that_is_being_read_is_not_compared(read: Item, pluggy: LocalPluggy) -> None:
    pluggy.spend(str(read.id), description="NOVA", amount=-7, silent=True)
    changed(read)
    assert remotely(read) == set()


def test_sync_item_reads_it_now(read: Item, pluggy: LocalPluggy, capsys: pytest.CaptureFixture[str]) -> None:
    pluggy.spend(str(read.id), description="NOVA", amount=-7, silent=True)
    call_command("sync_item", str(read.id))
    assert "2 written" in capsys.readouterr().out  # the row, and the day's balance


def test_a_full_reading_repairs_what_no_event_would(read: Item) -> None:
    """A row that was changed here by a mistake, long before the look-back window."""
    rows = Transaction.objects.filter(account__item=read, account__subtype="CHECKING_ACCOUNT")
    old = rows.live().order_by("local_date")[0]
    Transaction.objects.filter(id=old.id).update(description="WRONG")
    read.accounts.update(created_read_to=timezone.now() + timedelta(hours=2))  # as if it were read long ago
    call_command("sync_item", str(read.id))
    assert Transaction.objects.get(id=old.id).description == "WRONG"
    call_command("sync_item", str(read.id), "--full")
    assert Transaction.objects.get(id=old.id).description == old.description


def test_sync_item_says_what_it_cannot_do(read: Item) -> None:
    with pytest.raises(CommandError, match="no connected item"):
        call_command("sync_item", str(uuid.uuid4()))
    SyncState.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    with pytest.raises(CommandError, match="a worker is reading it"):
        call_command("sync_item", str(read.id))


def test_replay_events_judges_what_was_given_up(item: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pfm.bell.ring", lambda task, *args: True)
    queued(item, state="dead", received_at=timezone.now() - timedelta(days=2))
    call_command("replay_events", "--since", str(timezone.localdate()))
    call_command("replay_events", "--state", "parked")
    call_command("replay_events", "--item", str(uuid.uuid4()))
    assert Event.objects.get().state == "dead"
    call_command("replay_events", "--state", "dead", "--item", str(item.id), "--since", "2026-01-01")
    assert Event.objects.get().state == "queued"
