"""Matches of bill payments over closed days of banks, and payments that are undone and made again."""

from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from banking.ledger import matching, monthly_totals
from banking.ledger.models import Account, CategoryTree, Kind, Transaction, TransactionMatch
from tests.factories import create_account, create_item, store_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def bank(alice: User) -> Account:
    return create_account(create_item(alice))


@pytest.fixture
def card(alice: User) -> Account:
    days: dict[str, Any] = {"closes_on": date(2026, 11, 20), "due_on": date(2026, 11, 28)}
    return create_account(create_item(alice), type="CREDIT", **days)


def store(
    account: Account, on: str, amount: str, words: str, category: str | None = None, **more: Any
) -> None:
    body = {"date": f"{on}T12:00:00Z", "amount": amount, "description": words, "categoryId": category}
    store_transactions(account, body | more)


def match(user: User, first: str, last: str) -> set[tuple[str, str]]:
    """Detect the matches of these days, and return kind and state of all matches."""
    dates = (date.fromisoformat(first), date.fromisoformat(last))
    with transaction.atomic():
        roots = CategoryTree.load().roots
        matching.update_matches(user.id, dates, roots=roots, now=timezone.now())
    assert monthly_totals.differences() == []
    return set(TransactionMatch.objects.values_list("kind", "state"))


def kinds() -> set[str]:
    return set(Transaction.objects.values_list("kind", flat=True))


PAYMENT = {("card_payment", "automatic")}


@pytest.mark.parametrize(
    ("paid_on", "received_on", "is_matched"),
    [
        ("2026-10-30", "2026-11-03", True),  # over All Souls' Day
        ("2026-10-02", "2026-10-06", True),  # over a weekend
        ("2026-02-13", "2026-02-20", True),  # over Carnival
        ("2026-02-13", "2026-02-22", True),
        ("2026-10-05", "2026-10-08", True),
        ("2026-10-05", "2026-10-09", False),
        ("2026-10-06", "2026-10-02", True),  # the card was first
        ("2026-02-13", "2026-02-23", False),
    ],
)
def test_days_on_which_banks_are_closed_do_not_count(
    alice: User, bank: Account, card: Account, paid_on: str, received_on: str, is_matched: bool
) -> None:
    store(bank, paid_on, "-543.20", "PAGAMENTO BOLETO BANCO XIS", "05010000")
    store(card, received_on, "-543.20", "PAGAMENTO RECEBIDO", type="CREDIT")
    expected = PAYMENT if is_matched else set()
    assert match(alice, received_on, received_on) == expected
    assert kinds() == ({Kind.CARD_PAYMENT} if is_matched else {Kind.CARD_PAYMENT, Kind.EXPENSE})
    assert match(alice, paid_on, paid_on) == expected


def test_bill_that_only_its_words_tell_is_matched(alice: User, bank: Account, card: Account) -> None:
    store(bank, "2026-10-30", "-1111.00", "PAGAMENTO FATURA CARTAO")
    store(card, "2026-11-03", "-1111.00", "PAGAMENTO RECEBIDO", type="CREDIT")
    assert kinds() == {Kind.CARD_PAYMENT}
    assert match(alice, "2026-11-03", "2026-11-03") == PAYMENT


def test_payment_undone_on_both_sides(alice: User, bank: Account, card: Account) -> None:
    store(bank, "2026-10-10", "-300.00", "PAGTO FATURA", "05100000")
    store(card, "2026-10-10", "-300.00", "PAGAMENTO RECEBIDO", type="CREDIT")
    store(bank, "2026-10-11", "300.00", "ESTORNO PAGTO FATURA", "05100000")
    store(card, "2026-10-11", "300.00", "ESTORNO DE PAGAMENTO", type="DEBIT")
    assert match(alice, "2026-10-10", "2026-10-11") == PAYMENT
    assert kinds() == {Kind.CARD_PAYMENT}


def test_payment_undone_and_made_again_is_no_duplicate(alice: User, card: Account) -> None:
    for on in ("2026-10-10", "2026-10-12"):
        store(card, on, "-300.00", "PAGAMENTO RECEBIDO", type="CREDIT")
    assert match(alice, "2026-10-10", "2026-10-12") == {("duplicate", "suggested")}
    store(card, "2026-10-11", "300.00", "ESTORNO DE PAGAMENTO", type="DEBIT")
    assert match(alice, "2026-10-11", "2026-10-11") == set()


def test_bill_words_of_two_own_accounts_are_no_transfer(alice: User, bank: Account) -> None:
    other = create_account(create_item(alice))
    store(bank, "2026-10-10", "-300.00", "PAGAMENTO FATURA")
    store(other, "2026-10-10", "300.00", "TED RECEBIDA", "05080000")
    assert match(alice, "2026-10-10", "2026-10-10") == set()
