"""Splits of a transaction: together they add up to it, whatever the bank changes."""

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction as database
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item
from banking.ingest import transaction_upsert
from banking.ledger import monthly_totals
from banking.ledger.classification import Override
from banking.ledger.edits import Split, TransactionEdits
from banking.ledger.models import CategoryTree, Transaction
from banking.ledger.monthly_totals import WriteResult
from banking.ledger.overrides import carry_over, save_edits
from banking.ledger.splits import SplitExceedsAmount, UnknownSplit, replace_splits
from tests.factories import create_account, create_item_with_transactions, store_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

PURCHASE = {
    "id": "9f9b2a52-6c0e-4c0d-8bb5-6f1f0c9d0a11",
    "date": "2026-11-10T15:00:00Z",
    "amount": "-100.00",
}


@pytest.fixture
def item(alice: User) -> Item:
    return create_item_with_transactions(alice, [PURCHASE])


@pytest.fixture
def purchase(item: Item) -> Transaction:
    return Transaction.objects.select_related("account__item__connector").get(id=PURCHASE["id"])


def amounts() -> list[Decimal]:
    return sorted(Transaction.objects.live().values_list("signed_amount", flat=True))


def send_again(purchase: Transaction, **changes: Any) -> None:
    """Store the purchase as the bank sends it again, with changes."""
    later = (timezone.now() + timedelta(seconds=1)).isoformat()
    store_transactions(purchase.account, PURCHASE | {"updatedAt": later} | changes)


def remove(purchase: Transaction) -> WriteResult:
    roots = CategoryTree.load().roots
    return transaction_upsert.remove(purchase.account, [purchase.id], roots=roots, now=timezone.now())


def check_monthly_totals() -> None:
    assert monthly_totals.differences() == []


def test_splits_and_the_rest_add_up_to_the_transaction(purchase: Transaction) -> None:
    replace_splits(purchase, [Split(Decimal("60.10"), "11020000", "vinho"), Split(Decimal("30"))])
    assert amounts() == [Decimal("-60.10"), Decimal("-30"), Decimal("-9.90")]
    wine = purchase.splits.get(note="vinho")
    assert (wine.category_id, wine.kind, wine.cash_month) == ("11020000", "expense", purchase.cash_month)
    check_monthly_totals()


def test_transaction_that_is_split_completely_counts_nothing_itself(purchase: Transaction) -> None:
    replace_splits(purchase, [Split(Decimal("100"), "11020000")])
    purchase.refresh_from_db()
    assert (purchase.signed_amount, purchase.kind) == (0, "neutral")
    replace_splits(purchase, [Split(Decimal("99"))])
    assert amounts() == [Decimal(-99), Decimal(-1)]
    check_monthly_totals()


def test_splits_are_changed_and_removed(purchase: Transaction) -> None:
    replace_splits(purchase, [Split(Decimal("60")), Split(Decimal("30"))])
    small, large = sorted(purchase.splits.all(), key=lambda split: abs(split.signed_amount))
    save_edits(large, TransactionEdits(Override(hidden=True), "x", ("t",)))
    replace_splits(purchase, [Split(Decimal("50"), "11020000", "menos", id=large.id), Split(Decimal("5"))])
    large.refresh_from_db()
    assert (large.signed_amount, large.note, large.tags, large.hidden) == (Decimal(-50), "menos", ["t"], True)
    assert not Transaction.objects.filter(id=small.id).exists()
    assert amounts() == [Decimal(-50), Decimal(-45), Decimal(-5)]
    replace_splits(purchase, [])
    purchase.refresh_from_db()
    assert (purchase.signed_amount, purchase.kind, amounts()) == (Decimal(-100), "expense", [Decimal(-100)])
    check_monthly_totals()


def test_splits_that_exceed_the_amount_or_are_unknown_change_nothing(
    purchase: Transaction, bob: User
) -> None:
    create_item_with_transactions(bob, [{"amount": "-10.00"}])
    foreign_id = Transaction.objects.get(user=bob).id
    for error, splits in (
        (SplitExceedsAmount, [Split(Decimal("60")), Split(Decimal("40.01"))]),
        (UnknownSplit, [Split(Decimal("5"), id=foreign_id)]),
    ):
        with pytest.raises(error):
            replace_splits(purchase, splits)
    assert not Transaction.objects.exclude(parent_transaction=None).exists()
    check_monthly_totals()


def test_foreign_purchase_on_a_card_is_split_in_the_accounts_currency(alice: User, item: Item) -> None:
    card = create_account(item, type="CREDIT")
    store_transactions(
        card, {"amount": "20.00", "type": "DEBIT", "currencyCode": "USD", "amountInAccountCurrency": 110}
    )
    bought = Transaction.objects.select_related("account__item__connector").get(account=card)

    def card_amounts() -> list[Decimal]:
        return sorted(card.transactions.values_list("signed_amount", flat=True))

    replace_splits(bought, [Split(Decimal("100"))])
    assert card_amounts() == [Decimal(-100), Decimal(-10)]
    replace_splits(bought, [Split(Decimal("110"))])
    replace_splits(bought, [Split(Decimal("70")), Split(Decimal("40"))])
    assert card_amounts() == [Decimal(-70), Decimal(-40), Decimal(0)]
    check_monthly_totals()


def test_income_is_split(alice: User) -> None:
    create_item_with_transactions(alice, [{"amount": "100.00", "categoryId": "01010000"}])
    salary = Transaction.objects.select_related("account__item__connector").get()
    replace_splits(salary, [Split(Decimal("40"), "04000000")])
    assert amounts() == [Decimal(40), Decimal(60)]
    check_monthly_totals()


def test_splits_follow_when_the_bank_sends_the_transaction_again(purchase: Transaction) -> None:
    replace_splits(purchase, [Split(Decimal("60"), "11020000", "vinho")])
    send_again(purchase)
    assert amounts() == [Decimal(-60), Decimal(-40)]
    send_again(purchase, amount="-80.00", date="2026-12-01T15:00:00Z", description="OUTRO")
    assert amounts() == [Decimal(-60), Decimal(-20)]
    split = purchase.splits.get()
    assert (str(split.local_date), split.description, split.note) == ("2026-12-01", "OUTRO", "vinho")
    send_again(purchase, amount="-50.00", updatedAt=(timezone.now() + timedelta(seconds=9)).isoformat())
    assert sum(amounts()) == Decimal(-50)
    check_monthly_totals()


def test_splits_are_deleted_and_restored_with_their_transaction(purchase: Transaction) -> None:
    replace_splits(purchase, [Split(Decimal("60"))])
    with database.atomic():
        monthly_totals.apply(remove(purchase).deltas)
    assert amounts() == []
    check_monthly_totals()
    send_again(purchase)
    assert amounts() == [Decimal(-60), Decimal(-40)]
    check_monthly_totals()


def test_splits_are_carried_over_to_the_replacement(purchase: Transaction) -> None:
    replace_splits(purchase, [Split(Decimal("60"), note="vinho")])
    new_id = UUID(int=7)
    store_transactions(purchase.account, PURCHASE | {"id": str(new_id)})
    with database.atomic():
        removed = remove(purchase)
        new, old = Transaction.objects.get(id=new_id), Transaction.objects.get(id=purchase.id)
        moved = carry_over(purchase.account, old, new, roots=CategoryTree.load().roots)
        monthly_totals.apply([*removed.deltas, *moved])
    assert amounts() == [Decimal(-60), Decimal(-40)]
    assert new.splits.get().note == "vinho"
    check_monthly_totals()


def form_data(*splits: dict[str, Any]) -> dict[str, Any]:
    management = {"form-TOTAL_FORMS": len(splits), "form-INITIAL_FORMS": 0}
    fields = itertools.chain.from_iterable(
        ((f"form-{n}-{name}", value) for name, value in split.items()) for n, split in enumerate(splits)
    )
    return management | dict(fields)


def test_page_stores_splits_and_shows_errors(purchase: Transaction, as_alice: Client) -> None:
    url = reverse("splits", args=[purchase.id])
    assert as_alice.get(url).status_code == 200
    for amount in ("0", "1.234", "abc", "100,01"):
        response = as_alice.post(url, form_data({"amount": amount}, {"amount": ""}))
        assert response.status_code == 400 and "errors" in response.content.decode(), amount
    assert not purchase.splits.exists()
    splits = ({"amount": "60,10", "note": "vinho"}, {"amount": "", "note": "nada"})
    assert as_alice.post(url, form_data(*splits)).status_code == 302
    assert amounts() == [Decimal("-60.10"), Decimal("-39.90")]
    page = as_alice.get(reverse("transaction", args=[purchase.id])).content.decode()
    assert "vinho" in page and "-60.10" in page
    split = purchase.splits.get()
    split_page = as_alice.get(reverse("transaction", args=[split.id])).content.decode()
    assert reverse("transaction", args=[purchase.id]) in split_page
    assert as_alice.get(reverse("splits", args=[split.id])).status_code == 404


def test_page_changes_and_removes_a_split(purchase: Transaction, as_alice: Client) -> None:
    replace_splits(purchase, [Split(Decimal("60"))])
    url, split = reverse("splits", args=[purchase.id]), purchase.splits.get()
    as_alice.post(url, form_data({"split": split.id, "amount": "70"}))
    split.refresh_from_db()
    assert split.signed_amount == Decimal(-70)
    as_alice.post(url, form_data({"split": split.id, "amount": ""}))
    assert amounts() == [Decimal(-100)]
    check_monthly_totals()
