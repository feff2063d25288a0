"""Replacements: when a transaction gets a new id at the bank, the user's edits move to it if the match is certain."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.lease import Lease
from banking.connections.models import Item
from banking.ledger import monthly_totals
from banking.ledger.classification import Override
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import (
    DeletionReview,
    Kind,
    MonthlyTotal,
    Transaction,
    TransactionReplacement,
)
from banking.ledger.overrides import save_edits
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, remote_amounts, run_sync, stored_amounts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

NOTE, CATEGORY = "presente", "11020000"
EDITS = {"note": NOTE, "hidden": True, "user_category_id": CATEGORY}


def spend(pluggy: LocalPluggy, item: Item, **fields: Any) -> UUID:
    body = {"description": "LIVRARIA AURORA", "amount": "-81.15", "silent": True}
    return UUID(pluggy.add_transaction(str(item.id), **body | fields)["id"])


def edited_transaction(pluggy: LocalPluggy, item: Item, **fields: Any) -> Transaction:
    """Add a transaction at the bank, sync it and store every kind of edit on it."""
    transaction_id = spend(pluggy, item, **fields)
    mark_changed(item)
    run_sync(item)
    transaction = Transaction.objects.get(id=transaction_id)
    save_edits(transaction, TransactionEdits(Override(CATEGORY, hidden=True), note=NOTE))
    return transaction


def delete_at_bank(pluggy: LocalPluggy, transaction_id: UUID) -> None:
    pluggy.control("DELETE", f"/transactions/{transaction_id}", silent=True)


def receive_event(item: Item, transaction: Transaction | UUID, kind: str) -> None:
    transaction_id = transaction.id if isinstance(transaction, Transaction) else transaction
    account_id = item.accounts.get(subtype="CHECKING_ACCOUNT").id
    ids = [transaction_id] if kind != "created" else []
    mark_changed(item, kind=kind, account_id=account_id, transaction_ids=ids)


def edits_of(transaction_id: UUID) -> dict[str, Any]:
    return dict(Transaction.objects.values(*EDITS).get(id=transaction_id))


def assert_equals_bank(pluggy: LocalPluggy, item: Item) -> None:
    assert stored_amounts(item) == remote_amounts(pluggy, item)
    assert monthly_totals.differences() == []


@pytest.mark.parametrize("events", list(itertools.permutations(["delete", "create"])), ids=str)
@pytest.mark.parametrize("sync_count", [1, 2])
def test_edits_move_to_the_new_id_in_either_order_and_in_one_sync_or_two(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item], events: tuple[str, ...], sync_count: int
) -> None:
    """F-8, within the look-back window and long before it."""
    item = connect(alice)
    dates = [str(timezone.localdate() - timedelta(days=days)) for days in (0, 60)]
    old = [edited_transaction(pluggy, item, date=date) for date in dates]
    for event in events:
        if event == "delete":
            for transaction in old:
                delete_at_bank(pluggy, transaction.id)
                receive_event(item, transaction, "deleted")
        else:
            name = "LIVRARIA AURORA SAO PAULO BRA"
            new = [spend(pluggy, item, date=date, description=name) for date in dates]
            receive_event(item, new[0], "created")
        if sync_count == 2:
            run_sync(item)
    run_sync(item)
    assert [edits_of(transaction_id) for transaction_id in new] == [EDITS, EDITS]
    assert set(Transaction.objects.filter(id__in=new).values_list("kind", flat=True)) == {Kind.NEUTRAL}
    assert set(TransactionReplacement.objects.values_list("state", flat=True)) == {
        TransactionReplacement.State.AUTOMATIC
    }
    assert_equals_bank(pluggy, item)


def test_a_hidden_transaction_is_never_counted_while_its_id_changes(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-8: the totals are right after every commit, because one commit contains both events."""
    item = connect(alice)
    old = edited_transaction(pluggy, item)
    spent = MonthlyTotal.objects.filter(kind=Kind.EXPENSE, basis="accrual")
    before = sum(total.total for total in spent)
    delete_at_bank(pluggy, old.id)
    receive_event(item, old, "deleted")
    receive_event(item, spend(pluggy, item), "created")
    totals_after_commits: list[Decimal] = []
    write_transaction = Lease.write_transaction

    @contextmanager
    def record_total(lease: Lease, now: datetime) -> Iterator[None]:
        with write_transaction(lease, now):
            yield
        totals_after_commits.append(sum((total.total for total in spent.all()), Decimal(0)))

    monkeypatch.setattr(Lease, "write_transaction", record_total)
    run_sync(item)
    assert len(totals_after_commits) > 3
    assert set(totals_after_commits) == {before}


def test_the_same_provider_id_is_enough_for_a_match(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item]
) -> None:
    item = connect(alice)
    old = edited_transaction(pluggy, item, raw={"providerId": "NSU-77"})
    delete_at_bank(pluggy, old.id)
    new = spend(pluggy, item, description="OUTRO NOME", amount="-82.00", raw={"providerId": "NSU-77"})
    receive_event(item, old, "deleted")
    run_sync(item)
    assert edits_of(new) == EDITS


@pytest.mark.parametrize(
    "other", [{"amount": "-81.16"}, {"description": "POSTO ESTRELA"}, {"days_ago": 6}], ids=str
)
def test_a_different_transaction_is_no_replacement(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item], other: dict[str, Any]
) -> None:
    item = connect(alice)
    old = edited_transaction(pluggy, item)
    delete_at_bank(pluggy, old.id)
    other = dict(other)
    date = str(timezone.localdate() - timedelta(days=other.pop("days_ago", 0)))
    new = spend(pluggy, item, date=date, **other)
    receive_event(item, old, "deleted")
    run_sync(item)
    assert edits_of(new)["note"] == ""
    assert not TransactionReplacement.objects.exists()


def test_an_identical_transaction_that_existed_before_is_no_replacement(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item]
) -> None:
    """F-9: two identical coffees existed side by side for days, then the bank deleted one of them."""
    item = connect(alice)
    old = edited_transaction(pluggy, item, description="CAFE")
    twin = spend(pluggy, item, description="CAFE")
    mark_changed(item)
    run_sync(item)
    delete_at_bank(pluggy, old.id)
    receive_event(item, old, "deleted")
    assert run_sync(item, after=timedelta(days=3)).transactions_removed == 1
    assert edits_of(twin)["note"] == ""
    assert not TransactionReplacement.objects.exists()


def test_a_replacement_that_comes_days_later_is_only_suggested(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item]
) -> None:
    """It may be another purchase of the same kind, such as the weekly coffee."""
    item = connect(alice)
    old = edited_transaction(pluggy, item, description="CAFE")
    delete_at_bank(pluggy, old.id)
    receive_event(item, old, "deleted")
    run_sync(item)
    later = timedelta(days=3)
    at = (timezone.now() + later).isoformat().replace("+00:00", "Z")
    new = spend(pluggy, item, description="CAFE", raw={"createdAt": at, "updatedAt": at})
    mark_changed(item)
    run_sync(item, after=later)
    assert edits_of(new)["note"] == ""
    assert TransactionReplacement.objects.get().state == TransactionReplacement.State.SUGGESTED


def ambiguous_replacements(pluggy: LocalPluggy, item: Item) -> tuple[Transaction, list[UUID]]:
    """Replace two identical coffees, one of which has edits, by two new ones at the bank."""
    old = edited_transaction(pluggy, item, description="CAFE")
    twin = spend(pluggy, item, description="CAFE")
    mark_changed(item)
    run_sync(item)
    for transaction_id in (old.id, twin):
        delete_at_bank(pluggy, transaction_id)
        receive_event(item, transaction_id, "deleted")
    new = [spend(pluggy, item, description="CAFE") for _ in range(2)]
    run_sync(item)
    return old, new


def test_ambiguous_replacements_are_suggested_to_the_user(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item], as_alice: Client
) -> None:
    item = connect(alice)
    old, new = ambiguous_replacements(pluggy, item)
    assert [edits_of(transaction_id)["note"] for transaction_id in new] == ["", ""]
    url = reverse("transaction", args=[new[0]])
    assert "presente" in as_alice.get(url).content.decode()
    response = as_alice.post(reverse("replacement", args=[new[0]]), {"original": old.id, "answer": "same"})
    assert response["Location"] == url
    assert edits_of(new[0]) == EDITS
    assert edits_of(new[1])["note"] == ""
    assert "presente" not in as_alice.get(reverse("transaction", args=[new[1]])).content.decode()
    assert_equals_bank(pluggy, item)


def test_a_suggested_replacement_can_be_rejected(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item], as_alice: Client
) -> None:
    item = connect(alice)
    old, new = ambiguous_replacements(pluggy, item)
    as_alice.post(reverse("replacement", args=[new[0]]), {"original": old.id, "answer": "another"})
    assert "presente" not in as_alice.get(reverse("transaction", args=[new[0]])).content.decode()
    assert "presente" in as_alice.get(reverse("transaction", args=[new[1]])).content.decode()


def test_many_replaced_transactions_start_no_deletion_review(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item]
) -> None:
    """Each deleted transaction has a replacement, so nothing is lost, however many there are."""
    item = connect(alice)
    amounts = [f"-{number}.37" for number in range(10, 40)]
    old = [spend(pluggy, item, amount=amount) for amount in amounts]
    mark_changed(item)
    run_sync(item)
    for transaction_id in old:
        delete_at_bank(pluggy, transaction_id)
    receive_event(item, old[0], "created")
    for amount in amounts:
        spend(pluggy, item, amount=amount)
    assert run_sync(item).transactions_removed == len(old)
    assert not DeletionReview.objects.exists()
    assert_equals_bank(pluggy, item)


def test_a_transaction_that_returns_with_its_own_id_keeps_its_edits(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item]
) -> None:
    """F-7."""
    item = connect(alice)
    old = edited_transaction(pluggy, item)

    delete_at_bank(pluggy, old.id)
    receive_event(item, old, "deleted")
    run_sync(item)
    assert str(old.id) not in stored_amounts(item)
    again = spend(pluggy, item, raw={"id": str(old.id), "createdAt": timezone.now().isoformat()})
    mark_changed(item)
    run_sync(item)
    assert again == old.id or str(old.id) in stored_amounts(item)
    assert edits_of(old.id) == EDITS
    assert monthly_totals.differences() == []
