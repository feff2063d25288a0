"""A row split into parts: together they are the row, and they follow it whatever the bank does."""

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking import rollups
from banking.actions.parts import NotAPart, Piece, TooMuch, split
from banking.actions.transactions import say
from banking.classify import Word
from banking.models import CategoryTree, Item, Transaction
from banking.upsert import transactions
from banking.upsert.words import Said, carry
from tests.rows import an_account, store_rows, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

ROW = {"id": "9f9b2a52-6c0e-4c0d-8bb5-6f1f0c9d0a11", "date": "2026-11-10T15:00:00Z", "amount": "-100.00"}


@pytest.fixture
def item(alice: User) -> Item:
    return store_rows(alice, [ROW])


@pytest.fixture
def row(item: Item) -> Transaction:
    return Transaction.objects.select_related("account__item__connector").get(id=ROW["id"])


def flows() -> list[Decimal]:
    return sorted(Transaction.objects.live().values_list("flow", flat=True))


def store(row: Transaction, **changes: Any) -> None:
    later = (timezone.now() + timedelta(seconds=1)).isoformat()
    write(row.account, ROW | {"updatedAt": later} | changes)


def parts(row: Transaction) -> list[Transaction]:
    return list(row.parts.order_by("amount"))


def is_right() -> None:
    assert rollups.differences() == []


def test_the_parts_and_the_rest_are_the_row(row: Transaction) -> None:
    split(row, [Piece(Decimal("60.10"), "11020000", "vinho"), Piece(Decimal("30"))])
    assert flows() == [Decimal("-60.10"), Decimal("-30"), Decimal("-9.90")]
    wine = row.parts.get(note="vinho")
    assert (wine.category_id, wine.kind, wine.month_cash) == ("11020000", "expense", row.month_cash)
    is_right()


def test_a_row_that_is_all_parts_counts_nothing_itself(row: Transaction) -> None:
    split(row, [Piece(Decimal("100"), "11020000")])
    row.refresh_from_db()
    assert (row.flow, row.kind) == (0, "neutral")
    split(row, [Piece(Decimal("99"))])
    assert flows() == [Decimal(-99), Decimal(-1)]
    is_right()


def test_parts_are_changed_and_put_back(row: Transaction) -> None:
    split(row, [Piece(Decimal("60")), Piece(Decimal("30"))])
    small, large = sorted(parts(row), key=lambda one: abs(one.flow))
    say(large, Said(Word(hidden=True), "x", ("t",)))
    split(row, [Piece(Decimal("50"), "11020000", "menos", id=large.id), Piece(Decimal("5"))])
    large.refresh_from_db()
    assert (large.flow, large.note, large.tags, large.hidden) == (Decimal(-50), "menos", ["t"], True)
    assert not Transaction.objects.filter(id=small.id).exists()
    assert flows() == [Decimal(-50), Decimal(-45), Decimal(-5)]
    split(row, [])
    row.refresh_from_db()
    assert (row.flow, row.kind, flows()) == (Decimal(-100), "expense", [Decimal(-100)])
    is_right()


def test_what_is_too_much_or_not_a_part_changes_nothing(row: Transaction, bob: User) -> None:
    store_rows(bob, [{"amount": "-10.00"}])
    foreign = Transaction.objects.get(user=bob).id
    for wrong, pieces in (
        (TooMuch, [Piece(Decimal("60")), Piece(Decimal("40.01"))]),
        (NotAPart, [Piece(Decimal("5"), id=foreign)]),
    ):
        with pytest.raises(wrong):
            split(row, pieces)
    assert not Transaction.objects.exclude(part_of=None).exists()
    is_right()


def test_a_card_and_a_foreign_row(alice: User, item: Item) -> None:
    card = an_account(item, type="CREDIT")
    write(card, {"amount": "20.00", "type": "DEBIT", "currencyCode": "USD", "amountInAccountCurrency": 110})
    bought = Transaction.objects.select_related("account__item__connector").get(account=card)
    split(bought, [Piece(Decimal("100"))])
    assert sorted(card.transactions.values_list("flow", flat=True)) == [Decimal(-100), Decimal(-10)]
    split(bought, [Piece(Decimal("110"))])
    split(bought, [Piece(Decimal("70")), Piece(Decimal("40"))])
    assert sorted(card.transactions.values_list("flow", flat=True)) == [
        Decimal(-70),
        Decimal(-40),
        Decimal(0),
    ]
    is_right()


def test_money_in_is_split_as_well(alice: User) -> None:
    store_rows(alice, [{"amount": "100.00", "categoryId": "01010000"}])
    paid = Transaction.objects.select_related("account__item__connector").get()
    split(paid, [Piece(Decimal("40"), "04000000")])
    assert flows() == [Decimal(40), Decimal(60)]
    is_right()


def test_the_bank_may_send_the_row_again_and_change_it(row: Transaction) -> None:
    split(row, [Piece(Decimal("60"), "11020000", "vinho")])
    store(row)
    assert flows() == [Decimal(-60), Decimal(-40)]
    store(row, amount="-80.00", date="2026-12-01T15:00:00Z", description="OUTRO")
    assert flows() == [Decimal(-60), Decimal(-20)]
    part = row.parts.get()
    assert (str(part.local_date), part.description, part.note) == ("2026-12-01", "OUTRO", "vinho")
    store(row, amount="-50.00", updatedAt=(timezone.now() + timedelta(seconds=9)).isoformat())
    assert sum(flows()) == Decimal(-50)
    is_right()


def test_parts_go_and_return_with_their_row(row: Transaction) -> None:
    split(row, [Piece(Decimal("60"))])
    with transaction.atomic():
        roots = CategoryTree.load().roots
        gone = transactions.remove(row.account, [row.id], roots=roots, now=timezone.now())
        rollups.apply(gone.deltas)
    assert flows() == []
    is_right()
    store(row)
    assert flows() == [Decimal(-60), Decimal(-40)]
    is_right()


def test_parts_go_over_to_the_row_that_came_in_its_place(row: Transaction) -> None:
    split(row, [Piece(Decimal("60"), note="vinho")])
    came_id = UUID(int=7)
    write(row.account, ROW | {"id": str(came_id)})
    with transaction.atomic():
        roots = CategoryTree.load().roots
        gone = transactions.remove(row.account, [row.id], roots=roots, now=timezone.now())
        came, row = Transaction.objects.get(id=came_id), Transaction.objects.get(id=row.id)
        rollups.apply([*gone.deltas, *carry(row.account, row, came, roots=roots)])
    assert flows() == [Decimal(-60), Decimal(-40)]
    assert came.parts.get().note == "vinho"
    is_right()


def body(*lines: dict[str, Any]) -> dict[str, Any]:
    form = {"form-TOTAL_FORMS": len(lines), "form-INITIAL_FORMS": 0}
    fields = itertools.chain.from_iterable(
        ((f"form-{n}-{name}", value) for name, value in line.items()) for n, line in enumerate(lines)
    )
    return form | dict(fields)


def test_the_page_splits_and_says_what_is_wrong(row: Transaction, as_alice: Client) -> None:
    url = reverse("parts", args=[row.id])
    assert as_alice.get(url).status_code == 200
    for wrong in ("0", "1.234", "abc", "100,01"):
        answer = as_alice.post(url, body({"amount": wrong}, {"amount": ""}))
        assert answer.status_code == 400 and "errors" in answer.content.decode(), wrong
    assert not row.parts.exists()
    answer = as_alice.post(url, body({"amount": "60,10", "note": "vinho"}, {"amount": "", "note": "nada"}))
    assert answer.status_code == 302
    assert flows() == [Decimal("-60.10"), Decimal("-39.90")]
    page = as_alice.get(reverse("transaction", args=[row.id])).content.decode()
    assert "vinho" in page and "-60.10" in page
    part = row.parts.get()
    assert (
        reverse("transaction", args=[row.id])
        in as_alice.get(reverse("transaction", args=[part.id])).content.decode()
    )
    assert as_alice.get(reverse("parts", args=[part.id])).status_code == 404


def test_the_page_changes_a_part_and_takes_it_away(row: Transaction, as_alice: Client) -> None:
    split(row, [Piece(Decimal("60"))])
    url, part = reverse("parts", args=[row.id]), row.parts.get()
    as_alice.post(url, body({"part": part.id, "amount": "70"}))
    part.refresh_from_db()
    assert part.flow == Decimal(-70)
    as_alice.post(url, body({"part": part.id, "amount": ""}))
    assert flows() == [Decimal(-100)]
    is_right()
