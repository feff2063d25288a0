"""The reports: like is compared with like, every linked figure is the sum of its rows, at a constant cost."""

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
from banking.models import Basis, CategoryTree
from banking.periods import Month, Period
from banking.reports import cash_flow, categories, flow, merchants, pace
from banking.reports.comparison import Change, comparison
from banking.reports.scope import Scope
from banking.reports.sums import groups_of
from tests.rows import an_account, store_rows, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

PAGES = ["report_categories", "report_merchants", "report_cash_flow", "report_pace", "report_flow"]
NOVEMBER, OCTOBER = (Period.of_month(Month(2026, number)) for number in (11, 10))
TWENTIETH = date(2026, 11, 20)


def at(day: str, amount: str, category: str = "11010000", **more: Any) -> dict[str, Any]:
    return {"date": f"{day}T15:00:00Z", "amount": amount, "categoryId": category} | more


LIFE = [
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
def life(alice: User) -> User:
    store_rows(alice, LIFE)
    return alice


def this_month(day: int, amount: str, category: str = "11010000", back: int = 0) -> dict[str, Any]:
    return at(str((Month.of(timezone.localdate()) + -back).day(day)), amount, category)


# --- Like with like ----------------------------------------------------------------------------------
def test_a_month_that_is_not_over_is_compared_by_its_days() -> None:
    found = comparison(NOVEMBER, Basis.COMPETENCE, today=TWENTIETH)
    assert found.now == Period(date(2026, 11, 1), TWENTIETH)
    assert found.before == Period(date(2026, 10, 1), date(2026, 10, 20))
    assert [one.end for one in found.earlier] == [date(2026, number, 20) for number in (10, 9, 8)]


def test_a_month_that_is_over_is_compared_whole() -> None:
    found = comparison(OCTOBER, Basis.COMPETENCE, today=TWENTIETH)
    assert (found.now, found.before) == (OCTOBER, Period.of_month(Month(2026, 9)))
    assert comparison(NOVEMBER, Basis.COMPETENCE, today=NOVEMBER.end).before == OCTOBER


def test_by_payment_a_month_that_is_not_over_is_not_compared() -> None:
    found = comparison(NOVEMBER, Basis.CASH, today=TWENTIETH)
    assert (found.now, found.before) == (None, OCTOBER)
    assert comparison(OCTOBER, Basis.CASH, today=TWENTIETH).now == OCTOBER


def test_days_are_compared_with_as_many_days_before() -> None:
    found = comparison(Period(date(2026, 11, 11), date(2026, 11, 15)), Basis.COMPETENCE, today=TWENTIETH)
    assert found.before == Period(date(2026, 11, 6), date(2026, 11, 10))
    two = Period(date(2026, 9, 1), date(2026, 10, 31))
    assert two.before == Period(date(2026, 7, 1), date(2026, 8, 31))


def test_a_small_change_is_not_notable() -> None:
    assert Change(Decimal(160), Decimal(100)).is_notable
    assert not Change(Decimal(140), Decimal(100)).is_notable  # 40 reais
    assert not Change(Decimal(1060), Decimal(1000)).is_notable  # 6 per cent
    assert Change(Decimal(10), Decimal(0)).percent is None


@pytest.mark.parametrize("start", ["2026-10-01", "2026-10-02", "2026-10-31", "2026-11-05"])
@pytest.mark.parametrize("end", ["2026-11-05", "2026-11-29", "2026-11-30", "2026-12-31"])
def test_the_pieces_of_a_period_are_the_period(start: str, end: str) -> None:
    period = Period(date.fromisoformat(start), date.fromisoformat(end))
    pieces = sorted(period.pieces, key=lambda one: one.start)
    assert (pieces[0].start, pieces[-1].end) == (period.start, period.end)
    assert all((two.start - one.end).days == 1 for one, two in pairwise(pieces))
    assert len(pieces) <= 3


def test_whole_months_of_a_range_come_from_the_sums(life: User) -> None:
    period = Period(date(2026, 8, 31), date(2026, 11, 6))
    with CaptureQueriesContext(connection) as captured:
        groups = groups_of(Scope(life, period), CategoryTree.load(), (period,))[period]
    assert len(captured) == 2  # the categories, and all pieces together
    assert captured[1]["sql"].count("banking_monthtotal") > 0
    assert sum(one.total for one in groups) == 15000 - 2500 - 1060 - 40 - 20
    assert sum(one.rows for one in groups) == 7


def test_categories_stand_beside_the_same_days_and_the_average(life: User) -> None:
    (main,) = categories.categories(Scope(life, NOVEMBER), CategoryTree.load(), today=TWENTIETH).figures
    food = next(one for one in main.spending_lines if one.line.category_id == "11000000")
    assert food.line.total == Decimal("133.40")
    assert food.before == Change(Decimal("126.40"), Decimal(60))
    assert food.average == Change(Decimal("126.40"), Decimal(50))  # 60 and 40: August has no rows by then
    assert sum(one.line.total for one in food.lines) == food.line.total
    assert main.changes.income == Change(Decimal(8000), Decimal(7000))


def test_what_was_only_bought_before_has_a_line(life: User) -> None:
    store_rows(life, [at("2026-10-02", "-90.00", "12020000")])
    (main,) = categories.categories(Scope(life, NOVEMBER), CategoryTree.load(), today=TWENTIETH).figures
    gone = next(one for one in main.spending_lines if one.line.category_id == "12000000")
    assert (gone.line.total, gone.before) == (Decimal(0), Change(Decimal(0), Decimal(90)))


# --- The others --------------------------------------------------------------------------------------
def test_a_shop_is_one_whatever_the_card_machine_adds(life: User) -> None:
    (main,) = merchants.merchants(Scope(life, NOVEMBER), CategoryTree.load()).figures
    found = {one.key: (one.total, one.rows) for one in main.lines}
    assert found["rappi sao paulo"] == (Decimal("126.40"), 2)
    assert found["padaria pao"] == (Decimal(7), 1)
    assert found["estorno loja"] == (Decimal(-130), 1)
    assert main.total == sum(one.total for one in main.lines)


def test_a_company_is_one_whatever_its_branch_and_name(alice: User) -> None:
    shops = [
        at("2026-11-02", "-1.00", merchant={"name": name, "businessName": name, "cnpj": cnpj})
        for name, cnpj in (("PDA 1", "12345678000195"), ("PDA LESTE", "12345678000276"))
    ]
    store_rows(alice, shops)
    (main,) = merchants.merchants(Scope(alice, NOVEMBER), CategoryTree.load()).figures
    assert [(one.key, one.rows) for one in main.lines] == [("12345678", 2)]


def test_beyond_fifty_merchants_the_rest_is_said_together(alice: User) -> None:
    letters = "abcdefgh"
    names = [f"loja {one}{two}" for one in letters for two in letters][:60]
    store_rows(alice, [at("2026-11-02", "-2.00", description=name) for name in names])
    (main,) = merchants.merchants(Scope(alice, NOVEMBER), CategoryTree.load()).figures
    assert (len(main.lines), main.others, main.others_total, main.total) == (
        50,
        10,
        Decimal(20),
        Decimal(120),
    )


def test_the_cash_flow_has_every_month(life: User) -> None:
    (main,) = cash_flow.cash_flow(Scope(life, NOVEMBER), months=12).figures
    assert [str(Month.of(one.period.start)) for one in main.months][::11] == ["2025-12", "2026-11"]
    last = main.months[-1]
    assert (last.income, last.spending) == (Decimal(8000), Decimal("2503.40"))
    assert (last.left_over, last.investments) == (Decimal("5496.60"), Decimal(-300))
    assert round(last.savings_rate or 0) == 69
    assert main.months[0].savings_rate is None
    for name in ("income", "spending", "left_over", "investments"):
        assert getattr(main.total, name) == sum(getattr(one, name) for one in main.months)


def test_the_pace_stops_today_and_knows_the_same_day_before(life: User) -> None:
    (main,) = pace.pace(Scope(life, NOVEMBER), CategoryTree.load(), today=TWENTIETH).figures
    assert len(main.this) == len(main.last) == 31
    assert main.this[4:6] == (Decimal(0), Decimal(2500))
    assert (main.this[19], main.this[20]) == (Decimal("2496.40"), None)
    assert (main.last[27], main.last[30]) == (Decimal(1060), Decimal(1060))
    assert main.change == Change(Decimal("2496.40"), Decimal(60))
    assert main.average[30] == Decimal(1120) / 3


@pytest.mark.parametrize("today", ["2026-03-01", "2026-03-31", "2026-02-28", "2026-01-31", "2027-01-01"])
def test_months_of_all_lengths_have_a_pace(life: User, today: str) -> None:
    day = date.fromisoformat(today)
    scope = Scope(life, Period.of_month(Month.of(day)))
    assert pace.pace(scope, CategoryTree.load(), today=day).figures[0].this[0] is not None


def test_the_two_sides_of_the_flow_are_equal(life: User) -> None:
    for period in (NOVEMBER, OCTOBER, Period.of_month(Month(2026, 9))):
        (main,) = flow.flow(Scope(life, period), CategoryTree.load()).figures
        sides = [sum(abs(one.total) for one in side) for side in (main.sources, main.targets)]
        assert sides[0] == sides[1] > 0
    assert [one.counts for one in main.sources] == ["left_over"]  # September: nothing came in


# --- The pages ---------------------------------------------------------------------------------------
LINK = re.compile(r'<a [^>]*href="(/transactions/\?[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
MONEY = re.compile(r'<data class="money[^"]*" value="([^"]*)"')


def promised(page: str) -> list[tuple[str, Decimal]]:
    """Every link to rows around one figure, with that figure."""
    found = [(url.replace("&amp;", "&"), MONEY.findall(inside)) for url, inside in LINK.findall(page)]
    return [(url, Decimal(values[0])) for url, values in found if len(values) == 1]


def counted(client: Client, url: str) -> Decimal:
    context = client.get(url).context
    flow_of_rows: Decimal = sum((one.flow for one in context["listing"].totals), Decimal(0))
    return -flow_of_rows if context["scope"].counts == "spending" else flow_of_rows


@pytest.mark.parametrize("name", [*PAGES, "overview"])
@pytest.mark.parametrize("basis", Basis.values)
@pytest.mark.parametrize(
    "query",
    [{}, {"month": "2026-11"}, {"from": "2026-08-31", "to": "2026-11-15"}],
    ids=["now", "month", "days"],
)
def test_the_rows_behind_every_linked_figure_sum_to_it(
    life: User, as_alice: Client, name: str, basis: str, query: dict[str, str]
) -> None:
    item = store_rows(
        life, [this_month(1, "-12.34"), this_month(1, "99.00", "01010000"), this_month(2, "-5", back=1)]
    )
    write(an_account(item, currency="USD"), at("2026-11-02", "-7.00"), this_month(1, "-3.00"))
    card = an_account(item, type="CREDIT")
    write(card, at("2026-10-20", "44.00", type="DEBIT", creditCardMetadata={"billForecastDate": "2026-11"}))
    page = as_alice.get(reverse(name), query | {"basis": basis})
    assert page.status_code == 200
    links = dict(promised(page.content.decode()))
    assert len(links) > 3
    for url, figure in links.items():
        assert counted(as_alice, url) == figure, url


def urls_of(plain: Any) -> list[tuple[str, Any]]:
    """Each rows_url of the JSON with the object that it stands in."""
    if isinstance(plain, list):
        return [one for part in plain for one in urls_of(part)]
    if not isinstance(plain, dict):
        return []
    here = [(value, plain) for key, value in plain.items() if key == "rows_url"]
    return here + [one for value in plain.values() for one in urls_of(value)]


@pytest.mark.parametrize("name", PAGES)
def test_the_json_says_the_same_as_strings(life: User, as_alice: Client, name: str) -> None:
    plain = as_alice.get(reverse(f"{name}_json"), {"month": "2026-11"}).json()
    assert plain["figures"][0]["currency"] == "BRL"
    found = urls_of(plain)
    assert found or name == "report_cash_flow"
    for url, figure in found:
        amount = next(figure[key] for key in ("total", "spending") if key in figure)
        parts = urlsplit(url)
        assert counted(as_alice, f"{parts.path}?{parts.query}") == Decimal(amount), url


def test_the_cash_flow_json_links_each_figure(life: User, as_alice: Client) -> None:
    plain = as_alice.get(reverse("report_cash_flow_json"), {"month": "2026-11", "months": "24"}).json()
    months = plain["figures"][0]["months"]
    assert len(months) == 24
    for name in ("income", "spending", "left_over", "investments"):
        parts = urlsplit(months[-1][f"{name}_rows_url"])
        assert counted(as_alice, f"{parts.path}?{parts.query}") == Decimal(months[-1][name])


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    "query",
    [{"month": "2026-99"}, {"from": "2026-12-01", "to": "2026-11-01"}, {"from": "1950-01-01"}],
    ids=["month", "reversed", "too long"],
)
def test_a_period_that_cannot_be_read_is_said(
    life: User, as_alice: Client, name: str, query: dict[str, str]
) -> None:
    page = as_alice.get(reverse(name), query)
    assert (page.status_code, bool(page.context["problem"])) == (200, True)
    assert as_alice.get(reverse(f"{name}_json"), query).status_code == 400


@pytest.mark.parametrize("name", PAGES)
def test_unknown_words_are_404_or_left_aside(life: User, as_alice: Client, name: str) -> None:
    assert as_alice.get(reverse(name), {"category": "12345678"}).status_code == 404
    assert (
        as_alice.get(reverse(name), {"months": "999", "merchant": "\x00x", "basis": "?"}).status_code == 200
    )
    assert as_alice.get(reverse(name), {"month": "1900-01"}).status_code == 200
    assert as_alice.get(reverse(name), {"month": "2200-12"}).status_code == 200


@pytest.mark.parametrize("name", [*PAGES, "overview"])
def test_hidden_amounts_do_not_leave_the_server(life: User, as_alice: Client, name: str) -> None:
    User.objects.update(hides_amounts=True)
    page = as_alice.get(reverse(name), {"month": "2026-11"}).content.decode()
    assert 'data class="money' not in page
    assert not re.search(r"R\$\s*\d", page)
    for chart in re.findall(r'<script type="application/json">(.*?)</script>', page):
        drawn = json.loads(chart)
        values = [one["flow"] for one in drawn.get("flows", [])]
        values += [value for one in drawn.get("series", []) for value in one["values"] if value]
        assert all(abs(value) <= 1 for value in values)


@pytest.mark.parametrize("name", [*PAGES, *(f"{name}_json" for name in PAGES)])
def test_queries_do_not_grow_with_the_rows(alice: User, as_alice: Client, name: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert as_alice.get(reverse(name)).status_code == 200
        return len(captured)

    store_rows(alice, LIFE)
    CategoryTree.at_hand()
    few = queries()
    store_rows(alice, [this_month(1, "-3.00", "12020000", back) for back in range(12) for _ in range(10)])
    assert queries() == few <= 12


def test_a_shop_can_be_taken_out_of_the_filter(life: User, as_alice: Client) -> None:
    page = as_alice.get(reverse("transactions"), {"month": "2026-11", "merchant": "rappi sao paulo"})
    assert page.context["listing"].count == 2
    assert "rappi sao paulo" in [chip.text for chip in page.context["chips"]]
