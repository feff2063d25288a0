"""The reports: fair comparisons, figures that equal the sum of their linked transactions, few queries."""

import json
import re
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.ledger.models import Basis, CategoryTree
from banking.money.periods import Month, Period
from banking.reports.cash_flow import cash_flow_report
from banking.reports.categories import category_report
from banking.reports.category_totals import totals_by_period
from banking.reports.comparison import AmountChange, compare_periods
from banking.reports.merchants import merchant_report
from banking.reports.money_flow import money_flow_report
from banking.reports.spending_pace import pace_report
from banking.reports.transaction_filter import TransactionFilter
from tests.factories import create_account, create_item_with_transactions, store_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

PAGES = ["report_categories", "report_merchants", "report_cash_flow", "report_pace", "report_money_flow"]
NOVEMBER, OCTOBER = (Period.of_month(Month(2026, number)) for number in (11, 10))
TWENTIETH = date(2026, 11, 20)


def at(day: str, amount: str, category: str = "11010000", **changes: Any) -> dict[str, Any]:
    return {"date": f"{day}T15:00:00Z", "amount": amount, "categoryId": category} | changes


TRANSACTIONS = [
    at("2026-11-05", "8000.00", "01010000"),
    at("2026-11-06", "-2500.00", "17010000", description="ALUGUEL NOV"),
    at("2026-11-08", "-80.50", description="MP *RAPPI SAO PAULO"),
    at("2026-11-09", "-45.90", "11020000", description="COMPRA DEBITO PAG*RAPPI SAO PAULO 0311"),
    at("2026-11-11", "130.00", "08010000", description="ESTORNO LOJA"),  # more than was spent there
    at("2026-11-13", "-300.00", "03000000"),  # into an investment
    at("2026-11-25", "-7.00", description="Padaria Pão"),
    at("2026-10-05", "7000.00", "01010000"),
    at("2026-10-08", "-60.00"),
    at("2026-10-28", "-1000.00"),
    at("2026-09-10", "-40.00"),
    at("2026-08-31", "-20.00"),
]


@pytest.fixture
def user(alice: User) -> User:
    create_item_with_transactions(alice, TRANSACTIONS)
    return alice


def this_month(day: int, amount: str, category: str = "11010000", back: int = 0) -> dict[str, Any]:
    return at(str((Month.of(timezone.localdate()) + -back).day(day)), amount, category)


# --- Comparisons --------------------------------------------------------------------------------------
def test_an_unfinished_month_is_compared_by_its_days() -> None:
    comparison = compare_periods(NOVEMBER, Basis.ACCRUAL, today=TWENTIETH)
    assert comparison.now == Period(date(2026, 11, 1), TWENTIETH)
    assert comparison.before == Period(date(2026, 10, 1), date(2026, 10, 20))
    assert [earlier.end for earlier in comparison.earlier] == [
        date(2026, number, 20) for number in (10, 9, 8)
    ]


def test_a_finished_month_is_compared_with_the_whole_month_before() -> None:
    comparison = compare_periods(OCTOBER, Basis.ACCRUAL, today=TWENTIETH)
    assert (comparison.now, comparison.before) == (OCTOBER, Period.of_month(Month(2026, 9)))
    assert compare_periods(NOVEMBER, Basis.ACCRUAL, today=NOVEMBER.end).before == OCTOBER


def test_an_unfinished_month_is_not_compared_on_the_cash_basis() -> None:
    comparison = compare_periods(NOVEMBER, Basis.CASH, today=TWENTIETH)
    assert (comparison.now, comparison.before) == (None, OCTOBER)
    assert compare_periods(OCTOBER, Basis.CASH, today=TWENTIETH).now == OCTOBER


def test_days_are_compared_with_the_same_number_of_days_before() -> None:
    comparison = compare_periods(
        Period(date(2026, 11, 11), date(2026, 11, 15)), Basis.ACCRUAL, today=TWENTIETH
    )
    assert comparison.before == Period(date(2026, 11, 6), date(2026, 11, 10))
    two_months = Period(date(2026, 9, 1), date(2026, 10, 31))
    assert two_months.before == Period(date(2026, 7, 1), date(2026, 8, 31))


def test_a_small_change_is_not_notable() -> None:
    assert AmountChange(Decimal(160), Decimal(100)).is_notable
    assert not AmountChange(Decimal(140), Decimal(100)).is_notable  # 40 reais
    assert not AmountChange(Decimal(1060), Decimal(1000)).is_notable  # 6 per cent
    assert AmountChange(Decimal(10), Decimal(0)).percent is None


@pytest.mark.parametrize("start", ["2026-10-01", "2026-10-02", "2026-10-31", "2026-11-05"])
@pytest.mark.parametrize("end", ["2026-11-05", "2026-11-29", "2026-11-30", "2026-12-31"])
def test_consecutive_periods_cover_the_period(start: str, end: str) -> None:
    period = Period(date.fromisoformat(start), date.fromisoformat(end))
    parts = sorted(period.consecutive_periods, key=lambda part: part.start)
    assert (parts[0].start, parts[-1].end) == (period.start, period.end)
    assert all((after.start - before.end).days == 1 for before, after in pairwise(parts))
    assert len(parts) <= 3


def test_whole_months_of_a_period_come_from_monthly_totals(user: User) -> None:
    period = Period(date(2026, 8, 31), date(2026, 11, 6))
    with CaptureQueriesContext(connection) as captured:
        totals = totals_by_period(TransactionFilter(user, period), CategoryTree.load(), (period,))[period]
    assert len(captured) == 2  # the categories, and all totals together
    assert captured[1]["sql"].count("ledger_monthlytotal") > 0
    assert sum(total.total for total in totals) == 15000 - 2500 - 1060 - 40 - 20
    assert sum(total.transaction_count for total in totals) == 7


def test_categories_are_compared_with_the_same_days_and_the_average(user: User) -> None:
    (main,) = category_report(TransactionFilter(user, NOVEMBER), CategoryTree.load(), today=TWENTIETH).figures
    food = next(line for line in main.spending_lines if line.line.category_id == "11000000")
    assert food.line.total == Decimal("133.40")
    assert food.before == AmountChange(Decimal("126.40"), Decimal(60))
    assert food.average == AmountChange(
        Decimal("126.40"), Decimal(50)
    )  # of 60 and 40: August has no transactions up to the 20th
    assert sum(line.line.total for line in food.lines) == food.line.total
    assert main.changes.income == AmountChange(Decimal(8000), Decimal(7000))


def test_a_category_with_spending_only_before_has_a_line(user: User) -> None:
    create_item_with_transactions(user, [at("2026-10-02", "-90.00", "12020000")])
    (main,) = category_report(TransactionFilter(user, NOVEMBER), CategoryTree.load(), today=TWENTIETH).figures
    travel = next(line for line in main.spending_lines if line.line.category_id == "12000000")
    assert (travel.line.total, travel.before) == (
        Decimal(0),
        AmountChange(Decimal(0), Decimal(90)),
    )


# --- Other reports -----------------------------------------------------------------------------------
def test_a_merchant_is_one_line_whatever_the_description_adds(user: User) -> None:
    (main,) = merchant_report(TransactionFilter(user, NOVEMBER), CategoryTree.load()).figures
    lines = {line.key: (line.total, line.transaction_count) for line in main.lines}
    assert lines["rappi sao paulo"] == (Decimal("126.40"), 2)
    assert lines["padaria pao"] == (Decimal(7), 1)
    assert lines["estorno loja"] == (Decimal(-130), 1)
    assert main.total == sum(line.total for line in main.lines)


def test_branches_of_a_company_are_one_merchant(alice: User) -> None:
    shops = [
        at("2026-11-02", "-1.00", merchant={"name": name, "businessName": name, "cnpj": cnpj})
        for name, cnpj in (("PDA 1", "12345678000195"), ("PDA LESTE", "12345678000276"))
    ]
    create_item_with_transactions(alice, shops)
    (main,) = merchant_report(TransactionFilter(alice, NOVEMBER), CategoryTree.load()).figures
    assert [(line.key, line.transaction_count) for line in main.lines] == [("12345678", 2)]


def test_merchants_after_the_fiftieth_are_added_up(alice: User) -> None:
    letters = "abcdefgh"
    names = [f"loja {first}{second}" for first in letters for second in letters][:60]
    create_item_with_transactions(alice, [at("2026-11-02", "-2.00", description=name) for name in names])
    (main,) = merchant_report(TransactionFilter(alice, NOVEMBER), CategoryTree.load()).figures
    assert (len(main.lines), main.other_count, main.other_total, main.total) == (
        50,
        10,
        Decimal(20),
        Decimal(120),
    )


def test_the_cash_flow_has_a_line_for_every_month(user: User) -> None:
    (main,) = cash_flow_report(TransactionFilter(user, NOVEMBER), months=12).figures
    assert [str(Month.of(line.period.start)) for line in main.months][::11] == ["2025-12", "2026-11"]
    last = main.months[-1]
    assert (last.income, last.spending) == (Decimal(8000), Decimal("2503.40"))
    assert (last.net_income, last.investments) == (Decimal("5496.60"), Decimal(-300))
    assert round(last.savings_rate or 0) == 69
    assert main.months[0].savings_rate is None
    for name in ("income", "spending", "net_income", "investments"):
        assert getattr(main.total, name) == sum(getattr(line, name) for line in main.months)


def test_the_pace_ends_today_and_is_compared_with_the_same_day(user: User) -> None:
    (main,) = pace_report(TransactionFilter(user, NOVEMBER), CategoryTree.load(), today=TWENTIETH).figures
    assert len(main.this) == len(main.last) == 31
    assert main.this[4:6] == (Decimal(0), Decimal(2500))
    assert (main.this[19], main.this[20]) == (Decimal("2496.40"), None)
    assert (main.last[27], main.last[30]) == (Decimal(1060), Decimal(1060))
    assert main.change == AmountChange(Decimal("2496.40"), Decimal(60))
    assert main.average[30] == Decimal(1120) / 3


@pytest.mark.parametrize("today", ["2026-03-01", "2026-03-31", "2026-02-28", "2026-01-31", "2027-01-01"])
def test_months_of_all_lengths_have_a_pace(user: User, today: str) -> None:
    day = date.fromisoformat(today)
    filters = TransactionFilter(user, Period.of_month(Month.of(day)))
    assert pace_report(filters, CategoryTree.load(), today=day).figures[0].this[0] is not None


def test_the_two_sides_of_the_money_flow_are_equal(user: User) -> None:
    for period in (NOVEMBER, OCTOBER, Period.of_month(Month(2026, 9))):
        (main,) = money_flow_report(TransactionFilter(user, period), CategoryTree.load()).figures
        sides = [sum(abs(stream.total) for stream in side) for side in (main.sources, main.targets)]
        assert sides[0] == sides[1] > 0
    assert [stream.measure for stream in main.sources] == ["net_income"]  # September has no income


# --- The pages ---------------------------------------------------------------------------------------
LINK = re.compile(r'<a [^>]*href="(/transactions/\?[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
MONEY = re.compile(r'<data class="money[^"]*" value="([^"]*)"')


def linked_figures(page: str) -> list[tuple[str, Decimal]]:
    """Return every link to transactions that contains one figure, with that figure."""
    links = [(url.replace("&amp;", "&"), MONEY.findall(inside)) for url, inside in LINK.findall(page)]
    return [(url, Decimal(values[0])) for url, values in links if len(values) == 1]


def sum_of_list(client: Client, url: str) -> Decimal:
    """Return the sum that the transaction list shows, with the sign of its measure."""
    context = client.get(url).context
    total = sum((total.total for total in context["page"].totals), Decimal(0))
    return -total if context["filters"].measure == "spending" else total


@pytest.mark.parametrize("name", [*PAGES, "overview"])
@pytest.mark.parametrize("basis", Basis.values)
@pytest.mark.parametrize(
    "query",
    [{}, {"month": "2026-11"}, {"from": "2026-08-31", "to": "2026-11-15"}],
    ids=["now", "month", "days"],
)
def test_every_linked_figure_is_the_sum_of_its_transactions(
    user: User, as_alice: Client, name: str, basis: str, query: dict[str, str]
) -> None:
    item = create_item_with_transactions(
        user, [this_month(1, "-12.34"), this_month(1, "99.00", "01010000"), this_month(2, "-5", back=1)]
    )
    store_transactions(
        create_account(item, currency="USD"), at("2026-11-02", "-7.00"), this_month(1, "-3.00")
    )
    card = create_account(item, type="CREDIT")
    store_transactions(
        card, at("2026-10-20", "44.00", type="DEBIT", creditCardMetadata={"billForecastDate": "2026-11"})
    )
    page = as_alice.get(reverse(name), query | {"basis": basis})
    assert page.status_code == 200
    links = dict(linked_figures(page.content.decode()))
    assert len(links) > 3
    # The links of a page are made alike, so every fifth is enough where the period was chosen.
    for url, figure in list(links.items())[:: 5 if query else 1]:
        assert sum_of_list(as_alice, url) == figure, url


def urls_of(data: Any) -> list[tuple[str, Any]]:
    """Return each transactions_url of the JSON with the object that contains it."""
    if isinstance(data, list):
        return [pair for element in data for pair in urls_of(element)]
    if not isinstance(data, dict):
        return []
    own = [(data["transactions_url"], data)] if "transactions_url" in data else []
    return own + [pair for value in data.values() for pair in urls_of(value)]


@pytest.mark.parametrize("name", PAGES)
def test_the_json_has_exact_amounts_and_urls(user: User, as_alice: Client, name: str) -> None:
    data = as_alice.get(reverse(f"{name}_json"), {"month": "2026-11"}).json()
    assert data["figures"][0]["currency"] == "BRL"
    urls = urls_of(data)
    assert urls or name == "report_cash_flow"
    for url, figure in urls:
        amount = next(figure[key] for key in ("total", "spending") if key in figure)
        split_url = urlsplit(url)
        assert sum_of_list(as_alice, f"{split_url.path}?{split_url.query}") == Decimal(amount), url


def test_the_cash_flow_json_links_each_figure(user: User, as_alice: Client) -> None:
    data = as_alice.get(reverse("report_cash_flow_json"), {"month": "2026-11", "months": "24"}).json()
    months = data["figures"][0]["months"]
    assert len(months) == 24
    for name in ("income", "spending", "net_income", "investments"):
        split_url = urlsplit(months[-1][f"{name}_transactions_url"])
        assert sum_of_list(as_alice, f"{split_url.path}?{split_url.query}") == Decimal(months[-1][name])


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    "query",
    [{"month": "2026-99"}, {"from": "2026-12-01", "to": "2026-11-01"}, {"from": "1950-01-01"}],
    ids=["month", "reversed", "too long"],
)
def test_an_invalid_period_is_a_problem_on_the_page_and_400_in_json(
    user: User, as_alice: Client, name: str, query: dict[str, str]
) -> None:
    page = as_alice.get(reverse(name), query)
    assert (page.status_code, bool(page.context["problem"])) == (200, True)
    assert as_alice.get(reverse(f"{name}_json"), query).status_code == 400


@pytest.mark.parametrize("name", PAGES)
def test_unknown_parameters_are_404_or_ignored(user: User, as_alice: Client, name: str) -> None:
    assert as_alice.get(reverse(name), {"category": "12345678"}).status_code == 404
    assert (
        as_alice.get(reverse(name), {"months": "999", "merchant": "\x01x", "basis": "?"}).status_code == 200
    )
    assert as_alice.get(reverse(name), {"month": "1900-01"}).status_code == 200
    assert as_alice.get(reverse(name), {"month": "2200-12"}).status_code == 200


@pytest.mark.parametrize("name", [*PAGES, "overview"])
def test_hidden_amounts_do_not_leave_the_server(user: User, as_alice: Client, name: str) -> None:
    User.objects.update(hides_amounts=True)
    page = as_alice.get(reverse(name), {"month": "2026-11"}).content.decode()
    assert 'data class="money' not in page
    assert not re.search(r"R\$\s*\d", page)
    for chart in re.findall(r'<script type="application/json">(.*?)</script>', page):
        data = json.loads(chart)
        values = [link["flow"] for link in data.get("flows", [])]
        values += [value for series in data.get("series", []) for value in series["values"] if value]
        assert all(abs(value) <= 1 for value in values)


@pytest.mark.parametrize("name", [*PAGES, *(f"{name}_json" for name in PAGES)])
def test_queries_do_not_grow_with_the_number_of_transactions(
    alice: User, as_alice: Client, name: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert as_alice.get(reverse(name)).status_code == 200
        return len(captured)

    create_item_with_transactions(alice, TRANSACTIONS)
    CategoryTree.cached()
    few = queries()
    create_item_with_transactions(
        alice, [this_month(1, "-3.00", "12020000", back) for back in range(12) for _ in range(10)]
    )
    assert queries() == few <= 12


def test_a_merchant_is_an_active_filter(user: User, as_alice: Client) -> None:
    page = as_alice.get(reverse("transactions"), {"month": "2026-11", "merchant": "rappi sao paulo"})
    assert page.context["page"].count == 2
    assert "rappi sao paulo" in [active.text for active in page.context["active_filters"]]
