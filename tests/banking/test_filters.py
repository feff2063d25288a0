"""The filters of the list: each finds its rows, stays in the address, and goes away by its chip."""

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.http import Http404
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.actions.transactions import say
from banking.classify import Word
from banking.models import CategoryTree, Rule, Transaction
from banking.periods import Period
from banking.reports import transactions
from banking.reports.scope import Scope
from banking.upsert.words import Said
from banking.views import scope as scopes
from banking.views.chips import chips
from tests.rows import store_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


def at(day: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"date": f"{day}T15:00:00Z", "amount": amount} | more


@pytest.fixture
def life(alice: User) -> User:
    Rule.objects.create(user=alice, position=1, made_at=timezone.now(), text="uber", tags=["trabalho"])
    Rule.objects.create(user=alice, position=2, made_at=timezone.now(), text="99app", hides=True)
    store_rows(
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
    bread = Transaction.objects.select_related("account__item__connector").get(
        description__startswith="PADARIA"
    )
    say(bread, Said(note="Café da manhã", tags=("feira", "trabalho")))
    return alice


def read(user: User, query: dict[str, str]) -> tuple[Scope, str]:
    request = RequestFactory().get("/", {"month": "2026-11"} | query)
    request.user = user
    return scopes.read(request, CategoryTree.load())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "sao joao"}, [5]),
        ({"q": "CAFE DA MANHA"}, [5]),
        ({"q": "39,90"}, [5, 6]),
        ({"q": "−39.90"}, [5, 6]),
        ({"q": "1.234,56"}, [7]),
        ({"q": "1234.56"}, [7]),
        ({"q": "R$ 1.234,56"}, [7]),
        ({"least": "39,90"}, [5, 6, 7]),
        ({"most": "39.90"}, [5, 6, 8, 9]),
        ({"least": "20", "most": "21,00"}, [8, 9]),
        ({"tag": "feira"}, [5]),
        ({"tag": "trabalho"}, [5, 8]),
        ({"tag": "Feira"}, []),
        ({"pending": "1"}, [7]),
        ({"hidden": "1"}, [9]),
        ({"month": "all"}, [5, 6, 7, 8, 9, 9]),
        ({"month": "all", "q": "antiga"}, [9]),
    ],
)
def test_each_filter_finds_its_rows(life: User, query: dict[str, str], found: list[int]) -> None:
    scope, problem = read(life, query)
    assert problem == ""
    tree = CategoryTree.load()
    listing = transactions.listing(scope, tree)
    assert sorted(row.local_date.day for row in listing.rows) == found
    assert listing.count == len(found)
    assert sum(total.flow for total in listing.totals) == sum(row.flow for row in listing.rows)
    again, _ = read(life, dict(parse_qsl(scopes.query(scope))))
    assert again == scope


def test_a_rule_is_a_filter(life: User) -> None:
    rule = Rule.objects.get(text="uber")
    scope, _ = read(life, {"rule": str(rule.pk)})
    (row,) = transactions.listing(scope, CategoryTree.load()).rows
    assert row.all_tags == ("trabalho",)
    with pytest.raises(Http404):
        read(life, {"rule": "123456789"})


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"least": "1.234"}, "ambiguous"),
        ({"most": "1,234"}, "ambiguous"),
        ({"least": "dez"}, "unreadable"),
        ({"least": "9" * 29}, "too large"),
        ({"least": "20", "most": "10"}, "wrong way round"),
        ({"month": "2026-13", "least": "dez"}, "month"),
    ],
)
def test_an_amount_that_is_not_clear_is_said_and_not_guessed(
    life: User, as_alice: Client, query: dict[str, str], problem: str
) -> None:
    scope, said = read(life, query)
    assert (said, scope.least, scope.most) == (problem, None, None)
    page = as_alice.get(reverse("transactions"), {"month": "2026-11"} | query).content.decode()
    assert page.count('class="alert warn"') == 1


def test_each_chip_takes_its_filter_away(life: User, as_alice: Client) -> None:
    rule = Rule.objects.get(text="uber")
    scope, _ = read(
        life,
        {"q": "x", "least": "1", "most": "2", "tag": "t", "hidden": "1", "pending": "1", "rule": str(rule.pk),
         "category": "11000000", "only": "1", "counts": "spending", "currency": "BRL"},
    )  # fmt: skip
    tree = CategoryTree.load()
    found = chips(scope, tree)
    assert len(found) == 9
    for chip in found:
        less, _ = read(life, dict(parse_qsl(chip.url.partition("?")[2])))
        assert len(chips(less, tree)) == 8
    assert as_alice.get(found[0].url).status_code == 200


def test_the_totals_of_whole_months_come_from_the_rollup(life: User, django_assert_num_queries: Any) -> None:
    tree = CategoryTree.load()
    for query in (
        {},
        {"counts": "spending"},
        {"category": "11000000"},
        {"currency": "BRL"},
        {"month": "all"},
    ):
        scope, _ = read(life, query)
        assert scope.sums(tree) is not None
        rows = list(scope.rows(tree))
        assert transactions.totals(scope, tree) == (
            transactions.Total("BRL", sum((row.flow for row in rows), Decimal(0)), len(rows)),
        )
    assert read(life, {"q": "x"})[0].sums(tree) is None
    assert Scope(life, Period.all(), tag="x").sums(tree) is None


def test_tags_are_suggested_from_ones_own(life: User, bob: User) -> None:
    assert transactions.tags_of(life) == ["feira", "trabalho"]
    assert transactions.tags_of(bob) == []


def test_a_word_of_the_row_wins_over_the_rule_that_hides(life: User) -> None:
    hidden = Transaction.objects.select_related("account__item__connector").get(description="99APP")
    say(hidden, Said(Word("11020000")))
    assert not read(life, {"hidden": "1"})[0].rows(CategoryTree.load()).exists()
