"""Net worth, investments and loans: what there is, what is owed, and a past that stays as it was."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.models import (
    Account,
    BalanceOnDay,
    Investment,
    InvestmentTransaction,
    Item,
    Loan,
)
from banking.reports import investments as portfolio_report
from banking.reports import worth as report
from banking.templatetags.wealth import rate_words
from tests.localpluggy import LocalPluggy
from tests.payloads import bound_item
from tests.rows import an_account, an_investment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

TODAY = date(2026, 11, 20)


def a_loan(item: Item, **columns: Any) -> Loan:
    defaults = {"id": "10a00000-0000-4000-8000-000000000001", "user": item.user, "item": item}
    return Loan.objects.create(
        **(defaults | {"name": "Pessoal", "currency": "BRL", "outstanding": 500} | columns)
    )


def on(thing: Account | Investment | Loan, day: date, balance: int) -> None:
    of = {Account: "account", Investment: "investment", Loan: "loan"}[type(thing)]
    BalanceOnDay.objects.create(
        user=thing.user, day=day, currency=thing.currency, balance=balance, **{of: thing}
    )


@pytest.fixture
def item(alice: User) -> Item:
    return bound_item(alice)


def worth(user: User, months: int | None = 12) -> report.Worth:
    return report.worth(user, months=months, today=TODAY)[0]


def test_it_is_what_there_is_less_what_is_owed(alice: User, item: Item) -> None:
    an_account(item, balance=1000)
    an_account(item, balance=-50, name="Cheque especial")
    an_account(item, type="CREDIT", balance=300)
    an_investment(item, balance=2000)
    an_investment(item, balance=40, status="PENDING")
    an_investment(item, balance=999, status="TOTAL_WITHDRAWAL")
    an_investment(item, balance=999, missing_since=timezone.now())
    a_loan(item)
    found = worth(alice)
    assert (found.now.assets, found.now.debts) == (3040, 850)
    assert found.now.worth == 2190
    assert report.now(alice, Account.objects.of(alice)) == {"BRL": Decimal(2190)}
    assert [(one.group, one.total) for one in found.sections] == [
        ("accounts", 950), ("investments", 2040), ("cards", -300), ("loans", -500),
    ]  # fmt: skip


def test_a_card_is_owed_whatever_its_sign(alice: User, item: Item) -> None:
    an_account(item, type="CREDIT", balance=-300)
    assert worth(alice).now.worth == -300


def test_currencies_stand_by_themselves_the_home_currency_first(alice: User, item: Item) -> None:
    an_account(item, currency="EUR", balance=5)
    an_account(item, balance=7)
    found = report.worth(alice, months=12, today=TODAY)
    assert [(one.currency, one.now.worth) for one in found] == [("BRL", 7), ("EUR", 5)]


def test_nothing_is_nothing(alice: User) -> None:
    assert report.worth(alice, months=12, today=TODAY) == ()
    assert portfolio_report.portfolios(alice, months=12, today=TODAY) == ()


def test_a_days_value_holds_until_the_next_and_begins_with_the_first(alice: User, item: Item) -> None:
    account, card = an_account(item, balance=100), an_account(item, type="CREDIT", balance=30)
    on(account, TODAY - timedelta(days=5), 70)
    on(account, TODAY - timedelta(days=2), 80)
    on(card, TODAY - timedelta(days=3), 20)
    points = worth(alice).points
    assert [one.worth for one in points] == [70, 70, 50, 60, 60, 70]
    assert [one.debts for one in points] == [0, 0, 20, 20, 20, 30]
    assert points[0].day == TODAY - timedelta(days=5) and points[-1].day == TODAY


def test_the_past_stays_when_today_changes(alice: User, item: Item) -> None:
    account, held = an_account(item, balance=100), an_investment(item, balance=50)
    for one in (account, held):
        on(one, TODAY - timedelta(days=1), 10)
    before = worth(alice).points
    Account.objects.update(balance=9999)
    Investment.objects.update(status="TOTAL_WITHDRAWAL")
    after = worth(alice).points
    assert before[:-1] == after[:-1] and after[0].worth == 20
    assert after[-1].worth == 9999


def test_what_the_bank_no_longer_lists_counts_until_then(alice: User, item: Item) -> None:
    loan = a_loan(item, missing_since=timezone.make_aware(timezone.datetime(2026, 11, 18, 12)))
    an_account(item, balance=0)
    on(loan, date(2026, 11, 15), 500)
    assert [one.debts for one in worth(alice).points] == [500, 500, 500, 0, 0, 0]


def test_a_long_history_has_the_ends_of_its_months(alice: User, item: Item) -> None:
    account = an_account(item, balance=1)
    for days in range(0, 800, 20):
        on(account, TODAY - timedelta(days=days), 1000 - days)
    twelve, two_years, everything = (worth(alice, months).points for months in (12, 24, None))
    assert [one.day for one in twelve[:2]] == [date(2025, 11, 30), date(2025, 12, 31)]
    assert (len(twelve), len(two_years)) == (13, 25)
    assert len(everything) > len(two_years) and everything[-25:] == two_years
    assert everything[0].day == date(2024, 10, 31)
    last_of_october = next(one for one in twelve if one.day == date(2026, 10, 31))
    assert last_of_october.worth == 1000 - 20


def test_fifty_accounts_cost_no_more_queries_than_one(
    alice: User, item: Item, django_assert_num_queries: Any
) -> None:
    for number in range(50):
        on(an_account(item, name=str(number)), TODAY - timedelta(days=number), 1)
    with django_assert_num_queries(6):
        report.worth(alice, months=None, today=TODAY)


def test_another_persons_things_are_not_there(alice: User, bob: User, item: Item) -> None:
    on(an_account(item, balance=100), TODAY - timedelta(days=1), 70)
    an_investment(item)
    assert report.worth(bob, months=12, today=TODAY) == ()


def test_a_position_has_the_result_that_is_known(alice: User, item: Item) -> None:
    an_investment(item, name="A", balance=110, invested=100, profit=99)
    an_investment(item, name="B", balance=50, profit=5)
    an_investment(item, name="C", balance=40)
    (found,) = portfolio_report.portfolios(alice, months=12, today=TODAY)
    assert [(one.result, one.result_percent) for one in found.positions] == [
        (10, 10),
        (5, None),
        (None, None),
    ]
    assert (found.total, found.result, found.result_percent) == (200, 15, None)
    assert len(found.with_result) == 2


def test_the_allocation_sums_to_the_whole(alice: User, item: Item) -> None:
    an_investment(item, type="ETF", issuer="X", balance=75)
    an_investment(item, type="EQUITY", balance=25)
    an_investment(item, type="EQUITY", balance=900, status="TOTAL_WITHDRAWAL")
    (found,) = portfolio_report.portfolios(alice, months=12, today=TODAY)
    assert [(one.key, one.total, one.share) for one in found.by_type] == [("ETF", 75, 75), ("EQUITY", 25, 25)]
    assert [(one.key, one.total) for one in found.by_issuer] == [("X", 75), ("", 25)]
    assert sum(one.total for one in found.by_issuer) == found.total
    assert len(found.ended) == 1


def test_a_purchase_is_no_gain_and_a_dividend_is_one(alice: User, item: Item) -> None:
    held = an_investment(item, balance=0)
    for ago, value in ((4, 100), (3, 205), (2, 190), (1, 90)):
        on(held, TODAY - timedelta(days=ago), value)
    for ago, kind, amount, movement in (
        (9, "BUY", 100, "CREDIT"),  # before the first day: it is in the first value
        (3, "BUY", 100, "CREDIT"),  # 5 of the rise is a gain
        (2, "INTEREST", 20, "DEBIT"),  # paid out: 5 more than the value lost
        (1, "SELL", 100, ""),
        (1, "TAX", 3, "DEBIT"),  # a loss, and it is in the value already
    ):
        InvestmentTransaction.objects.create(
            id=uuid.uuid4(), user=alice, investment=held, type=kind, movement=movement,
            local_date=TODAY - timedelta(days=ago), amount=amount,
        )  # fmt: skip
    (found,) = portfolio_report.portfolios(alice, months=12, today=TODAY)
    assert [one.gained for one in found.course] == [0, 5, 10, 10, 10]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"rate": 110, "rate_type": "CDI"}, "110% CDI"),
        ({"rate": 100, "rate_type": "CDI"}, "100% CDI"),
        ({"rate": 100, "rate_type": "CDI", "fixed_annual_rate": Decimal("2.5")}, "CDI + 2,5%"),
        ({"rate": Decimal("6.2000"), "rate_type": "IPCA"}, "IPCA + 6,2%"),
        ({"rate": 100, "rate_type": "IPCA", "fixed_annual_rate": 6}, "IPCA + 6%"),
        ({"fixed_annual_rate": Decimal("12.50")}, "12,5% a.a."),
        ({"rate_type": "SELIC"}, "SELIC"),
        ({}, ""),
    ],
)
def test_a_rate_is_said_as_people_say_it(columns: dict[str, Any], words: str) -> None:
    assert rate_words(Investment(**columns)) == words


def test_the_next_instalment_is_the_one_after_those_paid() -> None:
    loan = Loan(first_due_on=date(2026, 1, 31), periodicity="MONTHLY", instalments=12, instalments_paid=1)
    assert report.next_due_on(loan) == date(2026, 2, 28)
    loan.instalments_paid = 12
    assert report.next_due_on(loan) is None
    assert report.next_due_on(Loan(first_due_on=date(2026, 1, 31), instalments_paid=1)) is None


def test_the_pages_say_what_the_bank_does_not_with_a_dash(alice: User, item: Item, as_alice: Client) -> None:
    held = an_investment(item, name="SEM NADA", balance=80)
    a_loan(item, outstanding=None, name="SEM SALDO")
    assert "SEM SALDO" in as_alice.get(reverse("worth")).content.decode()
    listed = as_alice.get(reverse("investments")).content.decode()
    assert "SEM NADA" in listed and "—" in listed and 'value="0.00"' not in listed
    assert 'value="0.00"' not in as_alice.get(reverse("investment", args=[held.id])).content.decode()


def test_a_made_up_span_is_the_first(as_alice: Client, item: Item) -> None:
    an_account(item, balance=1)
    assert b'aria-current="true">12' in as_alice.get(reverse("worth"), {"months": "-1"}).content


def test_the_pages_of_a_whole_life_cost_few_queries(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item], as_alice: Client
) -> None:
    connect(alice, connector=9003)
    connect(alice, connector=9004)
    position = Investment.objects.of(alice).exclude(status="TOTAL_WITHDRAWAL").latest("balance")
    loan = Loan.objects.of(alice).get()
    assert loan.first_due_on and report.next_due_on(loan)
    for url in (reverse("worth"), reverse("investments"), reverse("investment", args=[position.id])):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page = as_alice.get(url)
        assert page.status_code == 200
        assert len(asked) <= 12, url
    assert str(position.transactions.count() > 0)
