"""Installments dated at their purchase although the bank says so nowhere: each is on a bill of its own."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from banking.ledger import monthly_totals
from banking.ledger.bill_evidence import update_bill_evidence
from banking.ledger.derived_fields import recompute
from banking.ledger.models import Account, CategoryTree
from banking.money.dates import local_date
from tests.banking.reports.test_cards import bill, installments_of, purchase
from tests.factories import create_account, create_item

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
TODAY = date(2026, 11, 28)
Store = Callable[..., list[str]]


@pytest.fixture
def card(alice: User) -> Account:
    days: dict[str, Any] = {"closes_on": date(2026, 12, 2), "due_on": date(2026, 12, 10)}
    return create_account(create_item(alice), type="CREDIT", **days)


def learn(card: Account, today: date = TODAY) -> dict[str, str]:
    """Update the evidence; return the months in which the installments are paid."""
    with transaction.atomic():
        roots = CategoryTree.load().roots
        monthly_totals.apply(update_bill_evidence(card, roots=roots, today=today))
        assert update_bill_evidence(card, roots=roots, today=today) == []
        assert recompute(card, card.transactions.all(), roots=roots).count == 0
    assert monthly_totals.differences() == []
    return {stored.description: f"{stored.cash_month:%Y-%m}" for stored in card.transactions.all()}


def part(card: Account, number: int, count: int, on: str = "2026-09-15", **changes: Any) -> str:
    numbers = {"installmentNumber": number, "totalInstallments": count}
    words = changes.pop("words", f"LOJA MOVEL {number}/{count}")
    return purchase(card, on, "150.00", description=words, metadata=numbers, **changes)


def text(card: Account, number: int, count: int, on: str = "2026-09-15", amount: str = "80.00") -> str:
    return purchase(card, on, amount, description=f"LOJA {number}/{count}")


def test_several_numbers_of_one_day_are_a_month_apart(card: Account) -> None:
    for number in (1, 2, 3):
        part(card, number, 4)
    assert learn(card) == {
        "LOJA MOVEL 1/4": "2026-10",
        "LOJA MOVEL 2/4": "2026-11",
        "LOJA MOVEL 3/4": "2026-12",
    }
    (plan,) = installments_of(card, TODAY).purchases
    assert (plan.count, plan.expected) == (4, Decimal(150))
    part(card, 4, 4)
    assert learn(card)["LOJA MOVEL 4/4"] == "2027-01"


def test_numbers_in_the_text_need_three(card: Account) -> None:
    for number in (1, 2):
        text(card, number, 3)
    assert set(learn(card).values()) == {"2026-10"}
    text(card, 3, 3)
    assert learn(card) == {"LOJA 1/3": "2026-10", "LOJA 2/3": "2026-11", "LOJA 3/3": "2026-12"}
    (plan,) = installments_of(card, TODAY).purchases
    assert (plan.count, plan.current.number, plan.expected) == (3, 3, Decimal(0))


@pytest.mark.parametrize(
    "sent",
    [
        [(1, 4, "2026-09-15")],
        [(2, 4, "2026-09-15"), (3, 4, "2026-09-15")],  # paid in advance: on one bill
        [(1, 4, "2026-09-15"), (3, 4, "2026-09-15")],
        [(1, 4, "2026-09-15"), (2, 5, "2026-09-15")],
        [(1, 4, "2026-09-15"), (2, 4, "2026-09-16")],
        [(0, 4, "2026-09-15"), (1, 4, "2026-09-15")],
        [(1, 500, "2026-09-15"), (2, 500, "2026-09-15")],
    ],
)
def test_other_numbers_stay_on_the_bill_of_their_day(card: Account, sent: list[tuple[int, int, str]]) -> None:
    for number, count, on in sent:
        part(card, number, count, on)
    assert set(learn(card).values()) == {"2026-10"}


def test_another_amount_or_shop_is_another_purchase(card: Account) -> None:
    part(card, 1, 2)
    part(card, 2, 2, words="OUTRA LOJA 2/2")
    text(card, 1, 3)
    text(card, 2, 3, amount="81.00")
    text(card, 3, 3)
    assert set(learn(card).values()) == {"2026-10"}


def test_two_equal_purchases_of_one_day(card: Account) -> None:
    for _ in range(2):
        for number in (1, 2):
            part(card, number, 2)
    learn(card)
    paid = sorted(f"{stored.cash_month:%Y-%m}" for stored in card.transactions.all())
    assert paid == ["2026-10", "2026-10", "2026-11", "2026-11"]


def test_bills_of_the_bank_contradict(card: Account) -> None:
    bill_id = bill(card, "2026-10-10")
    part(card, 1, 4, bill=bill_id)
    part(card, 2, 4, bill=bill_id)  # both on one bill: the bank charges them together
    part(card, 3, 4)
    assert set(learn(card).values()) == {"2026-10"}


def test_bills_of_the_bank_agree(card: Account) -> None:
    part(card, 1, 3, bill=bill(card, "2026-10-10"))
    part(card, 2, 3, bill=bill(card, "2026-11-10"))
    part(card, 3, 3)
    assert learn(card)["LOJA MOVEL 3/3"] == "2026-12"


def test_a_card_without_bills_learns_as_well(card: Account) -> None:
    Account.objects.update(closes_on=None, due_on=None)
    card.refresh_from_db()
    for number in (1, 2):
        part(card, number, 2)
    assert learn(card) == {"LOJA MOVEL 1/2": "2026-09", "LOJA MOVEL 2/2": "2026-10"}


def test_what_is_no_longer_there_proves_nothing(card: Account) -> None:
    first, _ = part(card, 1, 2), part(card, 2, 2)
    assert learn(card)["LOJA MOVEL 2/2"] == "2026-11"
    card.transactions.filter(id=uuid.UUID(first)).update(deleted_at=timezone.now())
    with transaction.atomic():
        update_bill_evidence(card, roots=CategoryTree.load().roots, today=TODAY)
    assert f"{card.transactions.get(id__gt=uuid.UUID(int=0), deleted_at=None).cash_month:%Y-%m}" == "2026-10"


def test_old_purchases_are_left_alone(card: Account) -> None:
    old = f"{local_date(timezone.now()) - timedelta(days=800)}"
    for number in (1, 2):
        part(card, number, 2, old)
    assert len(set(learn(card, local_date(timezone.now())).values())) == 1
