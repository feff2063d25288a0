"""Reports: every figure is the sum of the rows behind its link, at a cost that does not grow."""

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking import rollups
from banking.models import CategoryTree, Transaction
from banking.periods import Month, Period
from banking.reports import connections, spending, transactions
from banking.reports.scope import Scope
from banking.reports.transactions import PAGE
from tests.payloads import bound_item
from tests.rows import an_account, store_rows, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

NOVEMBER = Period.of_month(Month(2026, 11))


def at(day: str, amount: str, category: str = "11010000", **more: Any) -> dict[str, Any]:
    return {"date": f"{day}T15:00:00Z", "amount": amount, "categoryId": category} | more


LIFE = [
    at("2026-11-05", "8000.00", "01010000"),
    at("2026-11-06", "-2500.00", "17010000"),
    at("2026-11-07", "-300.00", "10000000"),
    at("2026-11-08", "-80.50", "11010000"),
    at("2026-11-09", "-45.90", "11020000"),
    at("2026-11-10", "-20.00", "11000000"),
    at("2026-11-11", "30.00", "11010000"),  # a dinner given back
    at("2026-11-12", "-1000.00", "04020000"),  # to one's own savings
    at("2026-11-13", "-900.00", "05100000"),  # the card's bill
    at("2026-11-14", "-77.00", "02030001"),  # third level
    at("2026-11-15", "-10.00", "99999999", status="PENDING"),
    at("2026-10-31", "-99.00", "11010000"),
    at("2026-12-01", "-1.00", "11010000"),
]


def report(user: User, period: Period = NOVEMBER, **scope: Any) -> spending.Report:
    return spending.spending(Scope(user, period, **scope), CategoryTree.load())


@pytest.fixture
def life(alice: User) -> User:
    store_rows(alice, LIFE)
    return alice


def test_the_figures_of_a_month(life: User) -> None:
    main = report(life).main
    assert main.income == Decimal("8000.00")
    assert main.spending == Decimal("2500") + 300 + Decimal("80.50") + Decimal("45.90") + 20 - 30 + 77 + 10
    assert main.left_over == main.income - main.spending
    assert main.income_rows == 1
    assert main.spending_rows == 8


def test_categories_have_two_levels_and_add_up(life: User) -> None:
    main = report(life).main
    lines = {line.category_id: line for line in main.spending_lines}
    food = lines["11000000"]
    assert food.total == Decimal("80.50") + Decimal("45.90") + 20 - 30
    assert {(child.category_id, child.total, child.only) for child in food.lines} == {
        ("11010000", Decimal("50.50"), False),
        ("11020000", Decimal("45.90"), False),
        ("11000000", Decimal("20.00"), True),
    }
    for line in main.spending_lines:
        assert not line.lines or sum(child.total for child in line.lines) == line.total
    assert sum(line.total for line in main.spending_lines) == main.spending
    assert [line.total for line in main.spending_lines] == sorted(
        (line.total for line in main.spending_lines), reverse=True
    )


def test_what_counts_in_nothing_is_named(life: User) -> None:
    assert {(line.kind, line.total) for line in report(life).main.uncounted} == {
        ("transfer", Decimal(-1000)),
        ("card_payment", Decimal(-900)),
    }


def test_a_range_of_days_counts_the_same_rows(life: User) -> None:
    by_days = report(life, Period(date(2026, 10, 15), date(2026, 11, 30))).main
    october = report(life, Period(date(2026, 10, 15), date(2026, 10, 31))).main
    assert by_days.spending == october.spending + report(life).main.spending
    assert october.spending == Decimal("99.00")


def test_the_month_from_sums_equals_the_month_from_rows(life: User) -> None:
    scope = Scope(life, NOVEMBER)
    tree = CategoryTree.load()
    from_sums = spending.figures(scope, tree)
    rows = scope.rows(tree)
    assert from_sums[0].left_over == sum(
        (row.flow for row in rows if row.kind in ("income", "expense", "refund")), Decimal(0)
    )


def test_a_refund_larger_than_the_spending_is_below_zero(alice: User) -> None:
    store_rows(alice, [at("2026-11-02", "-10.00"), at("2026-11-03", "60.00")])
    assert report(alice).main.spending == Decimal(-50)


def test_currencies_are_never_added(alice: User) -> None:
    item = bound_item(alice)
    write(an_account(item), at("2026-11-02", "-10.00"))
    write(an_account(item, currency="USD"), at("2026-11-02", "-7.00"))
    found = {figures.currency: figures.spending for figures in report(alice).figures}
    assert found == {"BRL": Decimal(10), "USD": Decimal(7)}
    assert report(alice).main.currency == "BRL"


def test_a_connection_and_an_account_narrow_everything(alice: User) -> None:
    one, two = store_rows(alice, [at("2026-11-02", "-10.00")]), store_rows(alice, [at("2026-11-02", "-5.00")])
    assert report(alice).main.spending == 15
    assert report(alice, item=one).main.spending == 10
    assert report(alice, account=two.accounts.get()).main.spending == 5


def test_others_rows_count_for_nobody_else(life: User, bob: User) -> None:
    assert report(bob).main.spending == 0
    assert report(bob).since is None


def test_pending_rows_count_and_are_told(life: User) -> None:
    assert report(life).pending == 1
    scope = Scope(life, NOVEMBER, pending=True)
    assert transactions.listing(scope, CategoryTree.load()).count == 1


def test_shares_are_of_what_is_left_after_refunds(alice: User) -> None:
    store_rows(alice, [at("2026-11-02", "-100.00"), at("2026-11-03", "20.00")])
    (line,) = report(alice).main.spending_lines
    assert (line.total, line.share) == (Decimal(80), Decimal(100))


def test_a_report_is_narrowed_by_days_and_places_only(life: User, as_alice: Client) -> None:
    """A category in the address of the overview must not make its figures and their links disagree."""
    whole = as_alice.get(reverse("overview_json"), {"month": "2026-11"}).json()
    narrow = as_alice.get(reverse("overview_json"), {"month": "2026-11", "category": "11000000", "q": "x"})
    assert narrow.json() == whole


# --- The promise -------------------------------------------------------------------------------------
def links(plain: Any) -> list[tuple[str, Decimal, int]]:
    """Every (rows_url, sum of flow that it stands for, rows) of the JSON report."""
    found = []
    for figures in plain["figures"]:
        for counts, sign in (("income", 1), ("spending", -1), ("left_over", 1)):
            flow = sign * Decimal(figures[counts])
            found.append((figures[f"{counts}_rows_url"], flow, figures.get(f"{counts}_rows")))
        for line in figures["uncounted"]:
            found.append((line["rows_url"], Decimal(line["total"]), line["rows"]))
        for counts, sign in (("income", 1), ("spending", -1)):
            lines = [one for line in figures[f"{counts}_lines"] for one in (line, *line["lines"])]
            found += [(one["rows_url"], sign * Decimal(one["total"]), one["rows"]) for one in lines]
    return found


@pytest.mark.parametrize("places", [[], ["item"], ["account"]])
@pytest.mark.parametrize(
    "query",
    [
        {"month": "2026-11"},
        {"from": "2026-10-15", "to": "2026-11-20"},
        {"from": "2026-10-01", "to": "2026-12-31", "category": "11000000", "counts": "income", "q": "x"},
    ],
)
def test_the_rows_behind_every_figure_sum_to_it(
    life: User, as_alice: Client, query: dict[str, str], places: list[str]
) -> None:
    item = store_rows(life, [at("2026-11-02", "-1.00"), at("2026-10-31", "2.00", "01010000")])
    write(an_account(item, currency="USD"), at("2026-11-02", "-7.00"))
    first = Transaction.objects.of(life).earliest("bank_created_at").account
    chosen = {"item": str(first.item_id), "account": str(first.id)}
    query = query | {name: chosen[name] for name in places}
    plain = as_alice.get(reverse("overview_json"), query).json()
    assert len(links(plain)) > 10
    for url, figure, rows in links(plain):
        parts = urlsplit(url)
        listing = as_alice.get(f"{parts.path}?{parts.query}").context["listing"]
        flow = sum((total.flow for total in listing.totals), Decimal(0))
        assert figure == flow, url
        assert rows is None or rows == listing.count, url
        assert flow == sum((row.flow for row in listing.rows), Decimal(0))


def test_the_json_keeps_the_cents(life: User, as_alice: Client) -> None:
    main = as_alice.get(reverse("overview_json"), {"month": "2026-11"}).json()["figures"][0]
    assert (main["income"], main["spending"], main["left_over"]) == ("8000.00", "3003.40", "4996.60")


@pytest.mark.parametrize(
    "query", [{"month": "2026-99"}, {"from": "2026-12-01", "to": "2026-11-01"}, {"from": "x"}]
)
def test_a_period_that_cannot_be_read_is_said(life: User, as_alice: Client, query: dict[str, str]) -> None:
    assert as_alice.get(reverse("overview_json"), query).status_code == 400
    page = as_alice.get(reverse("overview"), query)
    assert page.status_code == 200
    assert page.context["problem"]


@pytest.mark.parametrize("query", [{"category": "12345678"}, {"counts": "everything"}, {"before": "x"}])
def test_unknown_words_in_a_filter_are_404(life: User, as_alice: Client, query: dict[str, str]) -> None:
    assert as_alice.get(reverse("transactions"), query).status_code == 404


# --- Cost --------------------------------------------------------------------------------------------
def queries(client: Client, name: str, **query: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(reverse(name), query).status_code == 200
    return len(captured)


# Two of each say whose rows the request may see, and that they are nobody's again (accounts/rows.py).
@pytest.mark.parametrize(("name", "most"), [("overview", 12), ("transactions", 11), ("overview_json", 6)])
def test_queries_do_not_grow_with_the_rows(alice: User, as_alice: Client, name: str, most: int) -> None:
    store_rows(alice, [*LIFE, *(at("2026-11-01", "-3.00") for _ in range(PAGE))])
    CategoryTree.at_hand()
    few = queries(as_alice, name, month="2026-11")
    for _ in range(3):
        store_rows(
            alice,
            [at(f"2026-11-{day:02}", "-3.00", c) for day in range(1, 29) for c in ("08010000", "12020000")],
        )
    assert queries(as_alice, name, month="2026-11") == few <= most


# --- The list ----------------------------------------------------------------------------------------
def test_pages_follow_each_other_without_gap_or_repeat(alice: User) -> None:
    store_rows(alice, [at("2026-11-14", f"-{n}.00") for n in range(1, 251)])
    scope, tree = Scope(alice, NOVEMBER), CategoryTree.load()
    seen, before = [], ""
    while True:
        page = transactions.listing(scope, tree, before=before)
        seen += [row.id for row in page.rows]
        assert page.totals[0].rows == 250
        if page.next is None:
            break
        before = page.next
    assert len(seen) == len(set(seen)) == 250


def test_search_finds_in_what_people_read(alice: User) -> None:
    store_rows(alice, [at("2026-11-14", "-1.00", description="Açaí da Ana"), at("2026-11-14", "-2.00")])
    for text in ("açaí", "ACAI", "Açai da", "í DA"):
        found = transactions.listing(Scope(alice, NOVEMBER, text=text), CategoryTree.load())
        assert [row.description for row in found.rows] == ["Açaí da Ana"]
    for text in ("%", "_", "acai_da"):  # nothing is a pattern
        assert transactions.listing(Scope(alice, NOVEMBER, text=text), CategoryTree.load()).count == 0


def test_tombstones_are_nowhere(life: User) -> None:
    Transaction.objects.update(deleted_at="2026-11-20T00:00:00Z")
    rollups.rebuild()
    assert transactions.listing(Scope(life, NOVEMBER), CategoryTree.load()).count == 0


# --- Connections -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({}, "fine"),
        ({"status": "UPDATING"}, "collecting"),
        ({"status": "LOGIN_ERROR", "execution_status": "INVALID_CREDENTIALS"}, "login error"),
        ({"status": "LOGIN_ERROR", "execution_status": "USER_AUTHORIZATION_REVOKED"}, "consent ended"),
        ({"status": "OUTDATED", "execution_status": "SITE_NOT_AVAILABLE"}, "outdated"),
        ({"status": "WAITING_USER_INPUT"}, "waiting for input"),
        ({"execution_status": "PARTIAL_SUCCESS"}, "partial"),
        ({"status": "SOMETHING_NEW"}, "outdated"),
        ({"gone_at": "2026-11-20T00:00:00Z"}, "gone"),
        ({"disconnected_at": "2026-11-20T00:00:00Z"}, "disconnecting"),
    ],
)
def test_each_state_of_a_connection_has_a_name(alice: User, columns: dict[str, str], state: str) -> None:
    bound_item(alice, **columns)
    assert connections.connections(alice)[0].state == state


def test_a_cards_balance_is_debt_whatever_its_sign(alice: User) -> None:
    item = bound_item(alice)
    an_account(item, balance=100)
    an_account(item, type="CREDIT", balance=30)
    an_account(item, type="CREDIT", balance=-20)
    (found,) = connections.balances(connections.connections(alice))
    assert (found.in_accounts, found.on_cards) == (Decimal(100), Decimal(50))
    card = item.accounts.get(balance=30)
    (narrow,) = connections.balances(connections.connections(alice), account=card)
    assert (narrow.in_accounts, narrow.on_cards) == (Decimal(0), Decimal(30))


def test_an_open_page_learns_that_it_is_old(life: User, as_alice: Client) -> None:
    seen = as_alice.get(reverse("overview")).context["news"]
    assert as_alice.get(reverse("news"), {"seen": seen}).status_code == 204
    item = life.items.get()
    run = item.runs.create(
        user=life, fence=1, target_seq=1, started_at=timezone.now(), finished_at=timezone.now()
    )
    assert as_alice.get(reverse("news"), {"seen": seen}).status_code == 204  # it changed nothing
    item.runs.filter(id=run.id).update(rows_written=1)
    assert as_alice.get(reverse("news"), {"seen": seen})["HX-Refresh"] == "true"


@pytest.mark.parametrize("name", ["overview", "transactions", "connections"])
def test_every_page_of_the_data_asks_for_news(life: User, as_alice: Client, name: str) -> None:
    page = as_alice.get(reverse(name))
    assert f"{reverse('news')}?seen={page.context['news']}" in page.content.decode()


def test_a_connection_says_why_it_has_no_accounts(alice: User, as_alice: Client) -> None:
    item = bound_item(alice)
    address = reverse("connection", args=[item.id])
    assert "não enviou contas nem cartões" in as_alice.get(address).content.decode()
    alice.items.update(status="OUTDATED", execution_status="SITE_NOT_AVAILABLE", collected_at=None)
    page = as_alice.get(address).content.decode()
    assert "Ainda não lido" in page and "Nenhuma conta foi lida ainda." in page


def test_a_first_attempt_that_failed_is_no_reason_to_doubt_the_figures(alice: User, as_alice: Client) -> None:
    bound_item(alice, status="LOGIN_ERROR", execution_status="INVALID_CREDENTIALS", collected_at=None)
    page = as_alice.get(reverse("overview"))
    assert "banking/empty.html" in [template.name for template in page.templates]
    store_rows(alice, LIFE)
    page = as_alice.get(reverse("overview"))
    assert [one.is_stale for one in page.context["connections"]] == [False, False]
