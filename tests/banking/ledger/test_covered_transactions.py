"""Transactions that two connections to one account list: which of them counts, and where the user's edits are."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from banking.connections.models import SyncState
from banking.ingest import transaction_upsert
from banking.ledger import double_listings, monthly_totals, overrides
from banking.ledger.coverage import Posting, find_covered
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import (
    Account,
    CategoryTree,
    CoveredTransaction,
    DoubleListing,
    Transaction,
    TransactionReplacement,
)
from banking.verify import double_listings as verified
from tests.factories import create_account, create_item, store_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
Body = dict[str, Any]
SALARY = {"amount": "2500.00", "date": "2026-11-05T15:00:00Z", "description": "SALARIO ACME"}
PETROL = {"amount": "-85.00", "date": "2026-11-06T15:00:00Z", "description": "POSTO ESTRELA"}
NOTE = TransactionEdits(note="a nota")
OLD_ID, NEW_ID = str(uuid4()), str(uuid4())


class Twice:
    """One account of a user through an older and a newer connection."""

    def __init__(self, user: User) -> None:
        now = timezone.now()
        self.user = user
        self.old, self.new = (
            create_account(create_item(user, connected_at=connected_at), transfer_number="1/0001/55501-0")
            for connected_at in (now - timedelta(days=90), now)
        )

    def receive(self, account: Account, *bodies: Body) -> None:
        """Store transactions, and compare the days of November on which they are or were."""
        store_transactions(account, *bodies)
        self.compare((date(2026, 11, 1), date(2026, 11, 30)))

    def compare(self, dates: tuple[date, date] | None) -> None:
        with transaction.atomic():
            roots = CategoryTree.load().roots
            double_listings.update(self.user.pk, roots=roots, now=timezone.now(), dates=dates)
        assert monthly_totals.differences() == []
        assert verified.violations() == []

    def total(self) -> int:
        live = Transaction.objects.of(self.user).live()
        return int(sum(live.values_list("signed_amount", flat=True)))

    def delete(self, account: Account, transaction_id: str) -> None:
        with transaction.atomic():
            result = transaction_upsert.remove(
                account, [UUID(transaction_id)], roots=CategoryTree.load().roots, now=timezone.now()
            )
            monthly_totals.apply(result.deltas)


@pytest.fixture
def twice(alice: User) -> Twice:
    """The salary in both connections, with a note that was written before the second one came."""
    accounts = Twice(alice)
    accounts.receive(accounts.old, SALARY | {"id": OLD_ID})
    overrides.save_edits(stored(OLD_ID), NOTE)
    accounts.receive(accounts.new, SALARY | {"id": NEW_ID})
    assert (note_of(OLD_ID), note_of(NEW_ID), accounts.total()) == ("", "a nota", 2500)
    return accounts


def stored(transaction_id: str) -> Transaction:
    return Transaction.objects.get(id=transaction_id)


def note_of(transaction_id: str) -> str:
    return stored(transaction_id).note


# --- Edits ---------------------------------------------------------------------------------------------
def test_a_posting_that_gets_the_id_of_the_covered_one_gets_no_edits(twice: Twice) -> None:
    twice.receive(twice.old, PETROL | {"id": OLD_ID})
    assert (note_of(OLD_ID), note_of(NEW_ID), twice.total()) == ("", "a nota", 2415)
    double_listings.undo(DoubleListing.objects.get(), now=timezone.now())
    assert (note_of(OLD_ID), note_of(NEW_ID)) == ("", "a nota")


def test_a_posting_that_gets_the_id_of_the_counted_one_leaves_the_edits_to_the_old_one(twice: Twice) -> None:
    twice.receive(twice.new, PETROL | {"id": NEW_ID})
    assert (note_of(OLD_ID), note_of(NEW_ID), twice.total()) == ("a nota", "", 2415)
    assert not TransactionReplacement.objects.exists()  # nothing is left to offer


def test_edits_of_the_new_posting_stay_with_it(twice: Twice) -> None:
    store_transactions(twice.new, PETROL | {"id": NEW_ID})
    overrides.save_edits(stored(NEW_ID), TransactionEdits(note="gasolina"))
    twice.compare((date(2026, 11, 1), date(2026, 11, 30)))
    assert (note_of(OLD_ID), note_of(NEW_ID)) == ("a nota", "gasolina")


@pytest.mark.parametrize("first", ["old", "new"])
def test_edits_follow_a_value_that_both_connections_correct(twice: Twice, first: str) -> None:
    corrected = SALARY | {"amount": "2600.00"}
    sides = [(twice.old, OLD_ID), (twice.new, NEW_ID)]
    for account, transaction_id in sides if first == "old" else sides[::-1]:
        twice.receive(account, corrected | {"id": transaction_id})
    assert (note_of(OLD_ID), note_of(NEW_ID), twice.total()) == ("", "a nota", 2600)
    double_listings.undo(DoubleListing.objects.get(), now=timezone.now())
    assert (note_of(OLD_ID), note_of(NEW_ID)) == ("a nota", "")


def test_edits_stay_when_the_older_connection_no_longer_has_the_transaction(twice: Twice) -> None:
    twice.delete(twice.old, OLD_ID)
    twice.compare(None)
    double_listings.undo(DoubleListing.objects.get(), now=timezone.now())
    assert note_of(NEW_ID) == "a nota"


def test_edits_return_when_the_newer_connection_no_longer_has_the_transaction(twice: Twice) -> None:
    twice.delete(twice.new, NEW_ID)
    twice.compare((date(2026, 11, 5), date(2026, 11, 5)))
    assert (note_of(OLD_ID), twice.total()) == ("a nota", 2500)


# --- What counts ---------------------------------------------------------------------------------------
def test_a_pair_by_number_stays_when_only_one_of_its_days_is_compared(alice: User) -> None:
    accounts = Twice(alice)
    numbered = {"amount": "-40.00", "providerId": "N1", "description": "LIVRARIA"}
    accounts.receive(accounts.old, numbered | {"id": OLD_ID, "date": "2026-11-02T15:00:00Z"})
    accounts.receive(accounts.new, numbered | {"id": NEW_ID, "date": "2026-11-20T15:00:00Z"})
    assert accounts.total() == -40
    for day in (date(2026, 11, 2), date(2026, 11, 20)):
        accounts.compare((day, day))
        assert accounts.total() == -40
    # The counted one is taken, also for an equal one of its own day.
    accounts.receive(accounts.old, numbered | {"providerId": "N2", "date": "2026-11-20T15:00:00Z"})
    accounts.compare((date(2026, 11, 20), date(2026, 11, 20)))
    assert accounts.total() == -80


def test_a_number_that_many_transactions_have_pairs_none(alice: User) -> None:
    accounts, constant = Twice(alice), {"amount": "-40.00", "providerId": "7"}
    for account, shops in ((accounts.old, ("LIVRARIA", "PADARIA")), (accounts.new, ("CINEMA", "PADARIA"))):
        bodies = [constant | {"description": shop, "date": "2026-11-05T15:00:00Z"} for shop in shops]
        accounts.receive(account, *bodies)
    assert accounts.total() == -120


def test_two_that_were_paired_with_the_same_one_are_two_again() -> None:
    first, second, new = (UUID(int=number) for number in (1, 2, 3))
    coffee = (date(2026, 11, 5), -10, "BRL", "CAFE")
    old = [Posting(first, *coffee), Posting(second, *coffee)]  # type: ignore[arg-type]
    counted = [Posting(new, *coffee)]  # type: ignore[arg-type]
    assert find_covered(old, counted, stored={first: new, second: new}) in ({first: new}, {second: new})


# --- The invariant -------------------------------------------------------------------------------------
def test_verify_names_a_transaction_that_counts_in_both_connections(twice: Twice) -> None:
    CoveredTransaction.objects.all().delete()
    (violation,) = verified.violations()
    assert OLD_ID in violation.detail and "in both" in violation.detail


def test_verify_names_a_transaction_that_counts_in_neither(twice: Twice) -> None:
    Transaction.objects.filter(id=NEW_ID).update(deleted_at=timezone.now())
    assert [OLD_ID in violation.detail for violation in verified.violations()] == [True]


def test_verify_names_two_that_count_as_the_same_one(twice: Twice) -> None:
    other_id = str(uuid4())
    store_transactions(twice.old, SALARY | {"id": other_id})
    CoveredTransaction.objects.create(
        user=twice.user, account=twice.old, transaction_id=other_id, counted_id=NEW_ID
    )
    assert len(verified.violations()) == 2
    SyncState.objects.update(unmatched_from=date(2026, 11, 5))
    assert verified.violations() == []  # not compared yet
