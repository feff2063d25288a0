"""Deletions: confirmed by id, held when too many vanish at once, and decided by an operator."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from banking import rollups
from banking.actions import operations
from banking.models import HeldDeletion, Item, SyncState, Transaction
from tests.localpluggy import LocalPluggy
from tests.syncing import changed, hint_of, live, remote, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

State = HeldDeletion.State


@pytest.fixture
def item(alice: User, pluggy: LocalPluggy, connect: Any) -> Item:
    """With 30 rows of today on top of its history."""
    connected: Item = connect(alice)
    for number in range(30):
        pluggy.spend(str(connected.id), description=f"TESTE {number}", amount=f"-{number}.01", silent=True)
    changed(connected)
    run(connected)
    return connected


def todays(item: Item) -> list[Transaction]:
    return list(Transaction.objects.filter(account__item=item, description__startswith="TESTE ").live())


def vanish(pluggy: LocalPluggy, rows: list[Transaction]) -> None:
    for row in rows:
        pluggy.control("DELETE", f"/transactions/{row.id}", silent=True)


def held_by(item: Item, pluggy: LocalPluggy) -> HeldDeletion:
    vanish(pluggy, todays(item))
    changed(item)
    assert run(item).rows_held == 30
    return HeldDeletion.objects.get()


def test_many_at_once_are_held_with_what_there_is_to_know(item: Item, pluggy: LocalPluggy) -> None:
    before = live(item)
    held = held_by(item, pluggy)
    assert live(item) == before
    assert (len(held.transaction_ids), held.state, held.run_id) == (30, State.HELD, item.runs.latest("id").id)
    changed(item)
    run(item)
    assert HeldDeletion.objects.count() == 1  # the same review, seen again


def test_rows_that_are_back_clear_it(item: Item, pluggy: LocalPluggy) -> None:
    """One answer of the bank holds a single old row where there should be many."""
    account = todays(item)[0].account
    old = pluggy.truth(str(item.id))["transactions"][str(account.id)][-1]
    body = {"results": [old], "next": None}
    pluggy.fault("status", f"{account.id}.*dateFrom", status=200, body=body)
    changed(item)
    assert run(item).rows_held >= 30
    assert HeldDeletion.objects.get().state == State.HELD
    changed(item)
    run(item)
    assert HeldDeletion.objects.get().state == State.CLEARED


def test_applying_asks_again_and_removes_what_is_absent(alice: User, item: Item, pluggy: LocalPluggy) -> None:
    held = held_by(item, pluggy)
    operations.approve(held, by=alice, now=timezone.now())
    run(item)
    held.refresh_from_db()
    assert (held.state, held.removed, held.decided_by) == (State.APPLIED, 30, alice)
    assert live(item) == remote(pluggy, item)
    assert rollups.differences() == []


def test_applying_never_trusts_the_old_list(alice: User, item: Item, pluggy: LocalPluggy) -> None:
    """Rows that came back, and a row of somebody's list that was never absent, stay."""
    held = held_by(item, pluggy)
    here = Transaction.objects.filter(account=held.account, local_date__lt=timezone.localdate()).live()[0]
    HeldDeletion.objects.update(transaction_ids=[*held.transaction_ids, here.id])
    operations.approve(held, by=alice, now=timezone.now())
    run(item)
    here.refresh_from_db()
    assert here.deleted_at is None
    assert HeldDeletion.objects.get().removed == 30


def test_what_was_discarded_stays_and_is_not_asked_about_again(
    alice: User, item: Item, pluggy: LocalPluggy
) -> None:
    held = held_by(item, pluggy)
    operations.discard(held, by=alice, now=timezone.now())
    changed(item)
    assert run(item).rows_held == 0
    assert len(todays(item)) == 30
    assert HeldDeletion.objects.get().state == State.DISCARDED


def test_only_what_is_held_can_be_decided(alice: User, item: Item, pluggy: LocalPluggy) -> None:
    held = held_by(item, pluggy)
    assert operations.discard(held, by=alice, now=timezone.now())
    assert not operations.approve(held, by=alice, now=timezone.now())


def test_a_webhook_that_names_too_many_is_held_as_well(item: Item, pluggy: LocalPluggy) -> None:
    rows = list(Transaction.objects.filter(account=todays(item)[0].account).live())
    gone = rows[: len(rows) // 2]
    vanish(pluggy, gone)
    changed(item, **hint_of(gone[0], "deleted") | {"transaction_ids": [row.id for row in gone]})
    found = run(item)
    assert found.rows_held >= len(gone)
    assert found.rows_removed == 0


def test_a_deletion_before_the_creation_breaks_nothing(item: Item, pluggy: LocalPluggy) -> None:
    """F-5, F-6."""
    account = todays(item)[0].account
    unknown = {"account_id": account.id, "transaction_ids": [uuid.uuid4()]}
    changed(item, kind="deleted", **unknown)
    run(item)
    since = timezone.now() - timedelta(hours=1)
    changed(item, kind="created", account_id=account.id, created_from=since)
    assert run(item).outcome == "succeeded"
    assert live(item) == remote(pluggy, item)


def test_a_consent_that_ended_deletes_nothing(item: Item, pluggy: LocalPluggy) -> None:
    """F-41: empty lists instead of errors."""
    before = live(item)
    nothing = '{"results":[],"next":null}'
    pluggy.fault("status", "/v2/transactions", status=200, body=nothing, times=None)
    changed(item, **hint_of(todays(item)[0], "deleted"))
    run(item)
    assert live(item) == before
    assert not HeldDeletion.objects.exists()  # silence is no news that anybody could decide about


def test_an_account_that_is_missing_once_is_not_called_missing(item: Item, pluggy: LocalPluggy) -> None:
    """F-42."""
    savings = item.accounts.get(subtype="SAVINGS_ACCOUNT")
    listed = [one for one in pluggy.truth(str(item.id))["accounts"] if one["id"] != str(savings.id)]
    body = {"results": listed, "total": 2, "totalPages": 1, "page": 1}
    for times, missing in ((1, False), (2, True)):
        pluggy.fault("status", "/accounts", status=200, body=body)
        changed(item)
        run(item)
        savings.refresh_from_db()
        assert (savings.is_missing, savings.missing_reads) == (missing, times)
    changed(item)
    run(item)
    savings.refresh_from_db()
    assert (savings.is_missing, savings.missing_since) == (False, None)


def test_releasing_a_lease_stops_who_holds_it_and_makes_the_item_due(item: Item) -> None:
    SyncState.objects.filter(item=item).update(lease_until=timezone.now() + timedelta(minutes=1), fence=7)
    operations.release_lease(item, now=timezone.now())
    item.sync.refresh_from_db()
    assert (item.sync.lease_until, item.sync.fence, item.sync.is_behind) == (None, 8, True)
