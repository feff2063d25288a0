"""Deletion reviews: many transactions missing at once are kept until an operator decides about them."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item, SyncState
from banking.ledger import monthly_totals, operations
from banking.ledger.models import DeletionReview, Transaction
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import hint_for, mark_changed, remote_amounts, run_sync, stored_amounts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

State = DeletionReview.State


@pytest.fixture
def item(alice: User, pluggy: LocalPluggy, connect: Callable[..., Item]) -> Item:
    """An item with 30 transactions of today in addition to its history."""
    connected = connect(alice)
    for number in range(30):
        pluggy.add_transaction(
            str(connected.id), description=f"TESTE {number}", amount=f"-{number}.01", silent=True
        )
    mark_changed(connected)
    run_sync(connected)
    return connected


def todays_transactions(item: Item) -> list[Transaction]:
    return list(Transaction.objects.filter(account__item=item, description__startswith="TESTE ").live())


def delete_at_bank(pluggy: LocalPluggy, transactions: list[Transaction]) -> None:
    for transaction in transactions:
        pluggy.control("DELETE", f"/transactions/{transaction.id}", silent=True)


def start_review(item: Item, pluggy: LocalPluggy) -> DeletionReview:
    """Delete today's transactions at the bank and sync, which starts a review."""
    delete_at_bank(pluggy, todays_transactions(item))
    mark_changed(item)
    assert run_sync(item).transactions_under_review == 30
    return DeletionReview.objects.get()


def test_many_missing_transactions_are_kept_and_start_one_review(item: Item, pluggy: LocalPluggy) -> None:
    before = stored_amounts(item)
    review = start_review(item, pluggy)
    assert stored_amounts(item) == before
    assert len(review.transaction_ids) == 30
    assert (review.state, review.run_id) == (State.PENDING, item.runs.latest("id").id)
    mark_changed(item)
    run_sync(item)
    assert DeletionReview.objects.count() == 1  # the second sync starts no other


def test_a_review_is_cleared_when_the_transactions_are_listed_again(item: Item, pluggy: LocalPluggy) -> None:
    """One answer of the bank contains a single old transaction where there should be many."""
    account = todays_transactions(item)[0].account
    old = pluggy.truth(str(item.id))["transactions"][str(account.id)][-1]
    body = {"results": [old], "next": None}
    pluggy.fault("status", f"{account.id}.*dateFrom", status=200, body=body)
    mark_changed(item)
    assert run_sync(item).transactions_under_review >= 30
    assert DeletionReview.objects.get().state == State.PENDING
    mark_changed(item)
    run_sync(item)
    assert DeletionReview.objects.get().state == State.CLEARED


def test_an_approved_review_removes_what_is_still_missing(
    alice: User, item: Item, pluggy: LocalPluggy
) -> None:
    review = start_review(item, pluggy)
    operations.approve_deletion(review, by=alice, now=timezone.now())
    run_sync(item)
    review.refresh_from_db()
    assert (review.state, review.removed_count, review.decided_by) == (State.APPLIED, 30, alice)
    assert stored_amounts(item) == remote_amounts(pluggy, item)
    assert monthly_totals.differences() == []


def test_an_approved_review_keeps_transactions_that_exist_at_the_bank(
    alice: User, item: Item, pluggy: LocalPluggy
) -> None:
    """The ids in the review are checked again at the bank before anything is removed."""
    review = start_review(item, pluggy)
    existing = Transaction.objects.filter(account=review.account, local_date__lt=timezone.localdate()).live()[
        0
    ]
    DeletionReview.objects.update(transaction_ids=[*review.transaction_ids, existing.id])
    operations.approve_deletion(review, by=alice, now=timezone.now())
    run_sync(item)
    existing.refresh_from_db()
    assert existing.deleted_at is None
    assert DeletionReview.objects.get().removed_count == 30


def test_a_rejected_review_keeps_the_transactions_and_is_not_started_again(
    alice: User, item: Item, pluggy: LocalPluggy
) -> None:
    review = start_review(item, pluggy)
    operations.reject_deletion(review, by=alice, now=timezone.now())
    mark_changed(item)
    assert run_sync(item).transactions_under_review == 0
    assert len(todays_transactions(item)) == 30
    assert DeletionReview.objects.get().state == State.REJECTED


def test_a_review_can_be_decided_only_once(alice: User, item: Item, pluggy: LocalPluggy) -> None:
    review = start_review(item, pluggy)
    assert operations.reject_deletion(review, by=alice, now=timezone.now())
    assert not operations.approve_deletion(review, by=alice, now=timezone.now())


def test_a_webhook_that_names_too_many_deletions_starts_a_review(item: Item, pluggy: LocalPluggy) -> None:
    transactions = list(Transaction.objects.filter(account=todays_transactions(item)[0].account).live())
    deleted = transactions[: len(transactions) // 2]
    delete_at_bank(pluggy, deleted)
    ids = [transaction.id for transaction in deleted]
    mark_changed(item, **hint_for(deleted[0], "deleted") | {"transaction_ids": ids})
    sync_run = run_sync(item)
    assert sync_run.transactions_under_review >= len(deleted)
    assert sync_run.transactions_removed == 0


def test_a_deletion_event_before_its_creation_event_does_no_harm(item: Item, pluggy: LocalPluggy) -> None:
    """F-5, F-6: events arrive in any order."""
    account = todays_transactions(item)[0].account
    unknown = {"account_id": account.id, "transaction_ids": [uuid.uuid4()]}
    mark_changed(item, kind="deleted", **unknown)
    run_sync(item)
    since = timezone.now() - timedelta(hours=1)
    mark_changed(item, kind="created", account_id=account.id, created_from=since)
    assert run_sync(item).outcome == "succeeded"
    assert stored_amounts(item) == remote_amounts(pluggy, item)


def test_empty_lists_after_the_consent_ended_delete_nothing(item: Item, pluggy: LocalPluggy) -> None:
    """F-41: Pluggy may answer with empty lists instead of errors."""
    before = stored_amounts(item)
    nothing = '{"results":[],"next":null}'
    pluggy.fault("status", "/v2/transactions", status=200, body=nothing, times=None)
    mark_changed(item, **hint_for(todays_transactions(item)[0], "deleted"))
    run_sync(item)
    assert stored_amounts(item) == before
    assert not DeletionReview.objects.exists()  # an account that lists nothing gives no reason for one


def test_an_account_is_marked_missing_only_after_two_reads(item: Item, pluggy: LocalPluggy) -> None:
    """F-42: one incomplete answer proves nothing."""
    savings = item.accounts.get(subtype="SAVINGS_ACCOUNT")
    accounts = pluggy.truth(str(item.id))["accounts"]
    listed = [account for account in accounts if account["id"] != str(savings.id)]
    body = {"results": listed, "total": 2, "totalPages": 1, "page": 1}
    for missing_reads, is_missing in ((1, False), (2, True)):
        pluggy.fault("status", "/accounts", status=200, body=body)
        mark_changed(item)
        run_sync(item)
        savings.refresh_from_db()
        assert (savings.is_missing, savings.missing_reads) == (is_missing, missing_reads)
    mark_changed(item)
    run_sync(item)
    savings.refresh_from_db()
    assert (savings.is_missing, savings.missing_since) == (False, None)


def test_releasing_a_lease_stops_its_holder_and_makes_the_item_due(item: Item) -> None:
    SyncState.objects.filter(item=item).update(lease_until=timezone.now() + timedelta(minutes=1), fence=7)
    operations.release_lease(item, now=timezone.now())
    item.sync.refresh_from_db()
    assert (item.sync.lease_until, item.sync.fence, item.sync.is_behind) == (None, 8, True)
