"""Filters of the list: each selects its transactions, is kept in the URL, and can be removed."""

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.http import Http404
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.ledger.classification import Override
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import CategoryTree, Rule, Transaction
from banking.ledger.overrides import save_edits
from banking.money.periods import Period
from banking.reports import transactions
from banking.reports.transaction_filter import TransactionFilter
from banking.web import query_string
from banking.web.views.active_filters import list_active_filters
from tests.factories import create_item_with_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


def at(day: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"date": f"{day}T15:00:00Z", "amount": amount} | more


@pytest.fixture
def user(alice: User) -> User:
    """Alice with a few transactions, two rules and one edited transaction."""
    Rule.objects.create(user=alice, position=1, created_at=timezone.now(), text="uber", tags=["trabalho"])
    Rule.objects.create(user=alice, position=2, created_at=timezone.now(), text="99app", hides=True)
    create_item_with_transactions(
        alice,
        [
            at("2026-11-05", "-39.90", description="PADARIA SÃO JOÃO"),
            at("2026-11-06", "39.90", description="Estorno", categoryId="11010000"),
            at("2026-11-07", "-1234.56", description="ALUGUEL", status="PENDING"),
            at("2026-11-08", "-20.00", description="UBER TRIP"),
            at("2026-11-09", "-21.00", description="99APP"),
            at("2024-02-09", "-5.00", description="ANTIGA"),
        ],
    )
    bakery = Transaction.objects.select_related("account__item__connector").get(
        description__startswith="PADARIA"
    )
    save_edits(bakery, TransactionEdits(note="Café da manhã", tags=("feira", "trabalho")))
    return alice


def read(user: User, query: dict[str, str]) -> tuple[TransactionFilter, str]:
    request = RequestFactory().get("/", {"month": "2026-11"} | query)
    request.user = user
    return query_string.read_filter(request, CategoryTree.load())


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({"q": "sao joao"}, [5]),
        ({"q": "CAFE DA MANHA"}, [5]),
        ({"q": "39,90"}, [5, 6]),
        ({"q": "−39.90"}, [5, 6]),
        ({"q": "1.234,56"}, [7]),
        ({"q": "1234.56"}, [7]),
        ({"q": "R$ 1.234,56"}, [7]),
        ({"min_amount": "39,90"}, [5, 6, 7]),
        ({"max_amount": "39.90"}, [5, 6, 8, 9]),
        ({"min_amount": "20", "max_amount": "21,00"}, [8, 9]),
        ({"tag": "feira"}, [5]),
        ({"tag": "trabalho"}, [5, 8]),
        ({"tag": "Feira"}, []),
        ({"pending": "1"}, [7]),
        ({"hidden": "1"}, [9]),
        ({"month": "all"}, [5, 6, 7, 8, 9, 9]),
        ({"month": "all", "q": "antiga"}, [9]),
    ],
)
def test_each_filter_selects_its_transactions(user: User, query: dict[str, str], days: list[int]) -> None:
    filters, problem = read(user, query)
    assert problem == ""
    tree = CategoryTree.load()
    page = transactions.list_transactions(filters, tree)
    assert sorted(transaction.local_date.day for transaction in page.transactions) == days
    assert page.count == len(days)
    assert sum(total.total for total in page.totals) == sum(
        transaction.signed_amount for transaction in page.transactions
    )
    from_url, _ = read(user, dict(parse_qsl(query_string.query(filters))))
    assert from_url == filters


def test_transactions_are_filtered_by_rule(user: User) -> None:
    rule = Rule.objects.get(text="uber")
    filters, _ = read(user, {"rule": str(rule.pk)})
    (transaction,) = transactions.list_transactions(filters, CategoryTree.load()).transactions
    assert transaction.all_tags == ("trabalho",)
    with pytest.raises(Http404):
        read(user, {"rule": "123456789"})


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"min_amount": "1.234"}, "ambiguous"),
        ({"max_amount": "1,234"}, "ambiguous"),
        ({"min_amount": "dez"}, "unreadable"),
        ({"min_amount": "9" * 29}, "too large"),
        ({"min_amount": "20", "max_amount": "10"}, "wrong way round"),
        ({"month": "2026-13", "min_amount": "dez"}, "month"),
    ],
)
def test_unclear_amount_is_reported_and_not_guessed(
    user: User, as_alice: Client, query: dict[str, str], problem: str
) -> None:
    filters, reported = read(user, query)
    assert (reported, filters.min_amount, filters.max_amount) == (problem, None, None)
    page = as_alice.get(reverse("transactions"), {"month": "2026-11"} | query).content.decode()
    assert page.count('class="alert warn"') == 1


def test_each_active_filter_can_be_removed(user: User, as_alice: Client) -> None:
    rule = Rule.objects.get(text="uber")
    query = {
        "q": "x", "min_amount": "1", "max_amount": "2", "tag": "t", "hidden": "1", "pending": "1",
        "rule": str(rule.pk), "category": "11000000", "direct_only": "1", "measure": "spending",
        "currency": "BRL",
    }  # fmt: skip
    filters, _ = read(user, query)
    tree = CategoryTree.load()
    active = list_active_filters(filters, tree)
    assert len(active) == 9
    for active_filter in active:
        fewer, _ = read(user, dict(parse_qsl(active_filter.url.partition("?")[2])))
        assert len(list_active_filters(fewer, tree)) == 8
    assert as_alice.get(active[0].url).status_code == 200


def test_totals_of_whole_months_come_from_the_monthly_totals(user: User) -> None:
    tree = CategoryTree.load()
    for query in (
        {},
        {"measure": "spending"},
        {"category": "11000000"},
        {"currency": "BRL"},
        {"month": "all"},
    ):
        filters, _ = read(user, query)
        assert filters.monthly_totals(tree) is not None
        amounts = list(filters.transactions(tree).values_list("signed_amount", flat=True))
        assert transactions.totals(filters, tree) == (
            transactions.CurrencyTotal("BRL", sum(amounts, Decimal(0)), len(amounts)),
        )
    assert read(user, {"q": "x"})[0].monthly_totals(tree) is None
    assert TransactionFilter(user, Period.all(), tag="x").monthly_totals(tree) is None


def test_tags_of_the_user_are_suggested(user: User, bob: User) -> None:
    assert transactions.user_tags(user) == ["feira", "trabalho"]
    assert transactions.user_tags(bob) == []


def test_users_override_is_stronger_than_a_rule_that_hides(user: User) -> None:
    hidden = Transaction.objects.select_related("account__item__connector").get(description="99APP")
    save_edits(hidden, TransactionEdits(Override("11020000")))
    assert not read(user, {"hidden": "1"})[0].transactions(CategoryTree.load()).exists()
