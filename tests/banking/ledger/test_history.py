"""The history of a transaction: what a write changed and its source; nothing for new or unchanged ones."""

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction as database
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import SyncState
from banking.ingest import transaction_upsert
from banking.ledger import overrides
from banking.ledger.classification import Override
from banking.ledger.derived_fields import recompute
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import (
    Account,
    CategoryTree,
    Transaction,
    TransactionChange,
)
from banking.ledger.overrides import save_edits
from banking.reports.history import history_of
from tests.factories import create_account, create_item, store_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def account(alice: User) -> Account:
    return create_account(create_item(alice))


def body(**changes: Any) -> dict[str, Any]:
    at = "2026-11-14T15:00:00Z"
    return {"id": str(uuid.uuid4()), "date": at, "createdAt": at, "updatedAt": at} | changes


def stored() -> Transaction:
    return Transaction.objects.select_related("account__item__connector").get()


def history(transaction: Transaction) -> list[tuple[str, dict[str, list[Any]]]]:
    """Return (source, changes), newest first."""
    return list(TransactionChange.objects.filter(transaction=transaction).values_list("source", "changes"))


def remove(account: Account, transaction: Transaction) -> None:
    roots = CategoryTree.load().roots
    with database.atomic():
        transaction_upsert.remove(account, [transaction.id], roots=roots, now=timezone.now())


def test_new_and_unchanged_transactions_have_no_history(account: Account) -> None:
    sent = body()
    store_transactions(account, sent)
    store_transactions(account, sent)
    assert not TransactionChange.objects.exists()


def test_change_by_the_bank_is_recorded_with_the_old_values(account: Account) -> None:
    sent = body(status="PENDING", description="COMPRA", amount="-10.00")
    store_transactions(account, sent)
    store_transactions(account, sent | {"status": "POSTED", "description": "PADARIA", "amount": "-12.50"})
    ((source, changes),) = history(stored())
    assert source == "bank"
    assert changes == {
        "status": ["PENDING", "POSTED"],
        "description": ["COMPRA", "PADARIA"],
        "signed_amount": ["-10.00000000", "-12.50000000"],
    }


def test_change_that_users_do_not_see_is_not_recorded(account: Account) -> None:
    sent = body()
    store_transactions(account, sent)
    assert store_transactions(account, sent | {"providerCode": "9"}).count == 1
    assert not TransactionChange.objects.exists()


def test_deletion_and_return_are_recorded(account: Account) -> None:
    sent = body()
    store_transactions(account, sent)
    remove(account, stored())
    store_transactions(account, sent | {"amount": "-11.00"})
    (_, returned), (_, deleted) = history(stored())
    assert deleted == {"gone": [False, True]}
    assert returned == {"gone": [True, False], "signed_amount": ["-10.00000000", "-11.00000000"]}


def test_users_edit_is_one_entry_with_what_follows_from_it(account: Account) -> None:
    store_transactions(account, body())
    edits = TransactionEdits(Override("01010000", hidden=True), note="do Beto", tags=("férias",))
    save_edits(stored(), edits)
    ((source, changes),) = history(stored())
    assert source == "user"
    assert changes["category_id"] == ["11010000", "01010000"]
    assert changes["kind"] == ["expense", "neutral"]
    assert changes["hidden"] == [False, True]
    assert changes["note"] == ["", "do Beto"]
    assert changes["tags"] == [[], ["férias"]]
    save_edits(stored(), edits)
    assert TransactionChange.objects.count() == 1


def test_recomputed_columns_are_recorded_with_their_source(account: Account) -> None:
    store_transactions(account, body())
    Transaction.objects.update(kind="income", signed_amount=Decimal("-9"))
    for _ in range(2):
        roots = CategoryTree.load().roots
        recompute(account, [stored()], roots=roots, source=TransactionChange.Source.MATCH)
    ((source, changes),) = history(stored())
    assert source == "match"
    assert changes == {"kind": ["income", "expense"], "signed_amount": ["-9.00000000", "-10.00000000"]}


def test_history_is_carried_over_to_the_replacement(account: Account) -> None:
    store_transactions(account, body())
    old = stored()
    save_edits(old, TransactionEdits(note="presente"))
    remove(account, old)
    store_transactions(account, body())
    new = Transaction.objects.select_related("account__item__connector").live().get()
    overrides.carry_over(account, old, new, roots=CategoryTree.load().roots)
    assert [source for source, _ in history(new)] == ["user", "bank", "user"]
    assert history(old) == []


def test_history_is_deleted_with_its_transaction(account: Account) -> None:
    store_transactions(account, body())
    save_edits(stored(), TransactionEdits(note="x"))
    stored().delete()
    assert not TransactionChange.objects.exists()


def test_page_shows_the_history_newest_first(account: Account, as_alice: Client) -> None:
    sent = body(status="PENDING", amount="-10.00")
    store_transactions(account, sent)
    store_transactions(account, sent | {"status": "POSTED", "amount": "-12.50"})
    SyncState.objects.get_or_create(item=account.item, defaults={"due_at": timezone.now()})
    save_edits(stored(), TransactionEdits(Override("01010000"), note="do Beto"))
    (by_user, by_bank) = history_of(stored(), CategoryTree.load())
    assert (by_user.source, by_bank.source) == ("user", "bank")
    assert [change.column for change in by_bank.changes] == ["signed_amount", "status"]
    page = as_alice.get(reverse("transaction", args=[stored().id]), headers={"accept-language": "pt"})
    text = page.content.decode()
    assert "Histórico" in text and "R$\u00a012,50" in text and "do Beto" in text
    assert text.index("Você") < text.index("Enviou pela primeira vez")
