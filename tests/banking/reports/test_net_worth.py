"""Net worth, investments and loans: assets less debts, now and in the past."""

import re
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from banking.connections.models import Item
from banking.ledger.models import (
    Account,
    BalanceSnapshot,
    Investment,
    InvestmentTransaction,
    Loan,
)
from banking.reports.investments import portfolios
from banking.reports.net_worth import HoldingGroup, NetWorth, net_worth_now, net_worth_report, next_due_on
from banking.web.templatetags.net_worth import rate_label
from tests.factories import create_account, create_investment, create_item
from tests.local_pluggy import LocalPluggy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

TODAY = date(2026, 11, 20)


def create_loan(item: Item, **columns: Any) -> Loan:
    defaults = {"id": "10a00000-0000-4000-8000-000000000001", "user": item.user, "item": item}
    return Loan.objects.create(
        **(defaults | {"name": "Pessoal", "currency": "BRL", "outstanding": 500} | columns)
    )


def create_snapshot(record: Account | Investment | Loan, day: date, balance: int) -> None:
    owner = {Account: "account", Investment: "investment", Loan: "loan"}[type(record)]
    BalanceSnapshot.objects.create(
        user=record.user, day=day, currency=record.currency, balance=balance, **{owner: record}
    )


@pytest.fixture
def item(alice: User) -> Item:
    return create_item(alice)


def net_worth(user: User, months: int | None = 12) -> NetWorth:
    return net_worth_report(user, months=months, today=TODAY)[0]


def test_net_worth_is_assets_less_debts(alice: User, item: Item) -> None:
    create_account(item, balance=1000)
    create_account(item, balance=-50, name="Cheque especial")
    create_account(item, type="CREDIT", balance=300)
    create_investment(item, balance=2000)
    create_investment(item, balance=40, status="PENDING")
    create_investment(item, balance=999, status="TOTAL_WITHDRAWAL")
    create_investment(item, balance=999, missing_since=timezone.now())
    create_loan(item)
    report = net_worth(alice)
    assert (report.now.assets, report.now.debts) == (Decimal(3040), Decimal(850))
    assert report.now.net_worth == 2190
    assert net_worth_now(alice, Account.objects.of(alice)) == {"BRL": Decimal(2190)}
    assert {section.group.value: section.total for section in report.sections} == {
        "accounts": Decimal(950),
        "investments": Decimal(2040),
        "cards": Decimal(-300),
        "loans": Decimal(-500),
    }
    assert [section.group for section in report.sections] == list(HoldingGroup)


def test_balance_of_a_card_is_a_debt_whatever_its_sign(alice: User, item: Item) -> None:
    create_account(item, type="CREDIT", balance=-300)
    assert net_worth(alice).now.net_worth == -300


def test_currencies_are_reported_separately_the_home_currency_first(alice: User, item: Item) -> None:
    create_account(item, currency="EUR", balance=5)
    create_account(item, balance=7)
    reports = net_worth_report(alice, months=12, today=TODAY)
    assert [(report.currency, report.now.net_worth) for report in reports] == [
        ("BRL", Decimal(7)),
        ("EUR", Decimal(5)),
    ]


def test_user_without_holdings_has_empty_reports(alice: User) -> None:
    assert net_worth_report(alice, months=12, today=TODAY) == ()
    assert portfolios(alice, months=12, today=TODAY) == ()


def test_value_of_a_day_is_carried_forward_to_the_next_snapshot(alice: User, item: Item) -> None:
    account, card = create_account(item, balance=100), create_account(item, type="CREDIT", balance=30)
    create_snapshot(account, TODAY - timedelta(days=5), 70)
    create_snapshot(account, TODAY - timedelta(days=2), 80)
    create_snapshot(card, TODAY - timedelta(days=3), 20)
    points = net_worth(alice).points
    assert [point.net_worth for point in points] == [70, 70, 50, 60, 60, 70]
    assert [point.debts for point in points] == [0, 0, 20, 20, 20, 30]
    assert points[0].day == TODAY - timedelta(days=5) and points[-1].day == TODAY


def test_past_points_stay_when_balances_change(alice: User, item: Item) -> None:
    for record in (create_account(item, balance=100), create_investment(item, balance=50)):
        create_snapshot(record, TODAY - timedelta(days=1), 10)
    before = net_worth(alice).points
    Account.objects.update(balance=9999)
    Investment.objects.update(status="TOTAL_WITHDRAWAL")
    after = net_worth(alice).points
    assert before[:-1] == after[:-1] and after[0].net_worth == 20
    assert after[-1].net_worth == 9999


def test_loan_that_the_bank_no_longer_lists_counts_until_then(alice: User, item: Item) -> None:
    loan = create_loan(item, missing_since=timezone.make_aware(datetime(2026, 11, 18, 12)))
    create_account(item, balance=0)
    create_snapshot(loan, date(2026, 11, 15), 500)
    assert [point.debts for point in net_worth(alice).points] == [500, 500, 500, 0, 0, 0]


def test_long_history_has_a_point_at_each_month_end(alice: User, item: Item) -> None:
    account = create_account(item, balance=1)
    for days in range(0, 800, 20):
        create_snapshot(account, TODAY - timedelta(days=days), 1000 - days)
    twelve, two_years, everything = (net_worth(alice, months).points for months in (12, 24, None))
    assert [point.day for point in twelve[:2]] == [date(2025, 11, 30), date(2025, 12, 31)]
    assert (len(twelve), len(two_years)) == (13, 25)
    assert len(everything) > len(two_years) and everything[-25:] == two_years
    assert everything[0].day == date(2024, 10, 31)
    end_of_october = next(point for point in twelve if point.day == date(2026, 10, 31))
    assert end_of_october.net_worth == 1000 - 20


def test_number_of_queries_does_not_depend_on_the_number_of_accounts(
    alice: User, item: Item, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(50):
        create_snapshot(create_account(item, name=str(number)), TODAY - timedelta(days=number), 1)
    with django_assert_num_queries(6):
        net_worth_report(alice, months=None, today=TODAY)


def test_holdings_of_another_user_are_not_counted(alice: User, bob: User, item: Item) -> None:
    create_snapshot(create_account(item, balance=100), TODAY - timedelta(days=1), 70)
    create_investment(item)
    assert net_worth_report(bob, months=12, today=TODAY) == ()


def test_result_of_a_position_is_what_is_known(alice: User, item: Item) -> None:
    create_investment(item, name="A", balance=110, invested=100, profit=99)
    create_investment(item, name="B", balance=50, profit=5)
    create_investment(item, name="C", balance=40)
    (portfolio,) = portfolios(alice, months=12, today=TODAY)
    assert [(position.result, position.result_percent) for position in portfolio.positions] == [
        (10, 10),
        (5, None),
        (None, None),
    ]
    assert (portfolio.total, portfolio.result, portfolio.result_percent) == (Decimal(200), Decimal(15), None)
    assert len(portfolio.with_result) == 2


def test_allocation_adds_up_to_the_total(alice: User, item: Item) -> None:
    create_investment(item, type="ETF", issuer="X", balance=75)
    create_investment(item, type="EQUITY", balance=25)
    create_investment(item, type="EQUITY", balance=900, status="TOTAL_WITHDRAWAL")
    (portfolio,) = portfolios(alice, months=12, today=TODAY)
    assert [(part.key, part.total, part.share) for part in portfolio.by_type] == [
        ("ETF", Decimal(75), Decimal(75)),
        ("EQUITY", Decimal(25), Decimal(25)),
    ]
    assert [(part.key, part.total) for part in portfolio.by_issuer] == [("X", Decimal(75)), ("", Decimal(25))]
    assert sum(part.total for part in portfolio.by_issuer) == portfolio.total
    assert len(portfolio.ended) == 1


def test_gain_excludes_purchases_and_includes_dividends(alice: User, item: Item) -> None:
    held = create_investment(item, balance=0)
    for ago, value in ((4, 100), (3, 205), (2, 190), (1, 90)):
        create_snapshot(held, TODAY - timedelta(days=ago), value)
    for ago, kind, amount, movement in (
        (9, "BUY", 100, "CREDIT"),  # before the first day: included in the first value
        (3, "BUY", 100, "CREDIT"),  # 5 of the rise is a gain
        (2, "INTEREST", 20, "DEBIT"),  # paid out: 5 more than the value lost
        (1, "SELL", 100, ""),
        (1, "TAX", 3, "DEBIT"),  # a loss that the value includes already
    ):
        InvestmentTransaction.objects.create(
            id=uuid.uuid4(), user=alice, investment=held, type=kind, movement=movement,
            local_date=TODAY - timedelta(days=ago), amount=amount,
        )  # fmt: skip
    (portfolio,) = portfolios(alice, months=12, today=TODAY)
    assert [point.gained for point in portfolio.results] == [0, 5, 10, 10, 10]


@pytest.mark.parametrize(
    ("columns", "label"),
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
def test_rate_is_labeled_as_banks_write_it(columns: dict[str, Any], label: str) -> None:
    assert rate_label(Investment(**columns)) == label


def test_next_installment_is_due_after_the_paid_ones() -> None:
    loan = Loan(first_due_on=date(2026, 1, 31), periodicity="MONTHLY", installments=12, installments_paid=1)
    assert next_due_on(loan) == date(2026, 2, 28)
    loan.installments_paid = 12
    assert next_due_on(loan) is None
    assert next_due_on(Loan(first_due_on=date(2026, 1, 31), installments_paid=1)) is None


def test_pages_show_a_dash_for_values_that_the_bank_does_not_send(
    alice: User, item: Item, as_alice: Client
) -> None:
    held = create_investment(item, name="SEM NADA", balance=80)
    create_loan(item, outstanding=None, name="SEM SALDO")
    assert "SEM SALDO" in as_alice.get(reverse("net_worth")).content.decode()
    listed = as_alice.get(reverse("investments")).content.decode()
    assert "SEM NADA" in listed and "—" in listed and 'value="0.00"' not in listed
    assert 'value="0.00"' not in as_alice.get(reverse("investment", args=[held.id])).content.decode()


def test_unknown_range_falls_back_to_twelve_months(as_alice: Client, item: Item) -> None:
    create_account(item, balance=1)
    page = as_alice.get(reverse("net_worth"), {"months": "-1"}).content.decode()
    assert re.search(r'\?months=12" aria-current="true">', page)


def test_pages_make_few_queries_with_real_data(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item], as_alice: Client
) -> None:
    connect(alice, connector=9003)
    connect(alice, connector=9004)
    position = Investment.objects.of(alice).exclude(status="TOTAL_WITHDRAWAL").latest("balance")
    loan = Loan.objects.of(alice).get()
    assert loan.first_due_on and next_due_on(loan)
    for url in (reverse("net_worth"), reverse("investments"), reverse("investment", args=[position.id])):
        with CaptureQueriesContext(connection) as queries:
            page = as_alice.get(url)
        assert page.status_code == 200
        assert len(queries) <= 12, url
    assert position.transactions.count() > 0
