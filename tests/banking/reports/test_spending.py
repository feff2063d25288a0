"""Reports: every figure is the sum of the transactions behind its link, in a constant number of queries."""

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.ledger import monthly_totals
from banking.ledger.models import CategoryTree, Transaction
from banking.money.periods import Month, Period
from banking.reports import connections, spending
from banking.reports.transaction_filter import TransactionFilter
from banking.reports.transactions import PAGE_SIZE, list_transactions
from tests.factories import create_account, create_item, create_item_with_transactions, store_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

NOVEMBER = Period.of_month(Month(2026, 11))


def at(day: str, amount: str, category: str = "11010000", **more: Any) -> dict[str, Any]:
    return {"date": f"{day}T15:00:00Z", "amount": amount, "categoryId": category} | more


TRANSACTIONS = [
    at("2026-11-05", "8000.00", "01010000"),
    at("2026-11-06", "-2500.00", "17010000"),
    at("2026-11-07", "-300.00", "10000000"),
    at("2026-11-08", "-80.50", "11010000"),
    at("2026-11-09", "-45.90", "11020000"),
    at("2026-11-10", "-20.00", "11000000"),
    at("2026-11-11", "30.00", "11010000"),  # a friend pays back a dinner
    at("2026-11-12", "-1000.00", "04020000"),  # to the user's own savings
    at("2026-11-13", "-900.00", "05100000"),  # the bill of the card
    at("2026-11-14", "-77.00", "02030001"),  # third level
    at("2026-11-15", "-10.00", "99999999", status="PENDING"),
    at("2026-10-31", "-99.00", "11010000"),
    at("2026-12-01", "-1.00", "11010000"),
]


def report(user: User, period: Period = NOVEMBER, **filters: Any) -> spending.SpendingReport:
    return spending.spending_report(TransactionFilter(user, period, **filters), CategoryTree.load())


@pytest.fixture
def user(alice: User) -> User:
    """Alice with TRANSACTIONS."""
    create_item_with_transactions(alice, TRANSACTIONS)
    return alice


def test_figures_of_a_month(user: User) -> None:
    main = report(user).main
    assert main.income == Decimal("8000.00")
    assert main.spending == Decimal("2500") + 300 + Decimal("80.50") + Decimal("45.90") + 20 - 30 + 77 + 10
    assert main.net_income == main.income - main.spending
    assert main.income_count == 1
    assert main.spending_count == 8


def test_categories_have_two_levels_that_add_up(user: User) -> None:
    main = report(user).main
    lines = {line.category_id: line for line in main.spending_lines}
    food = lines["11000000"]
    assert food.total == Decimal("80.50") + Decimal("45.90") + 20 - 30
    assert {(child.category_id, child.total, child.direct_only) for child in food.lines} == {
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


def test_kinds_that_count_in_no_figure_are_listed(user: User) -> None:
    assert {(line.kind, line.total) for line in report(user).main.uncounted} == {
        ("transfer", Decimal(-1000)),
        ("card_payment", Decimal(-900)),
    }


def test_range_of_days_counts_the_same_transactions(user: User) -> None:
    by_days = report(user, Period(date(2026, 10, 15), date(2026, 11, 30))).main
    october = report(user, Period(date(2026, 10, 15), date(2026, 10, 31))).main
    assert by_days.spending == october.spending + report(user).main.spending
    assert october.spending == Decimal("99.00")


def test_figures_from_monthly_totals_equal_those_from_transactions(user: User) -> None:
    filters = TransactionFilter(user, NOVEMBER)
    tree = CategoryTree.load()
    (figures,) = spending.figures(filters, tree)
    counted = filters.transactions(tree).filter(kind__in=("income", "expense", "refund"))
    assert figures.net_income == sum(counted.values_list("signed_amount", flat=True), Decimal(0))


def test_refund_is_subtracted_from_spending(alice: User) -> None:
    create_item_with_transactions(alice, [at("2026-11-02", "-10.00"), at("2026-11-03", "60.00")])
    assert report(alice).main.spending == Decimal(-50)


def test_currencies_are_reported_separately(alice: User) -> None:
    item = create_item(alice)
    store_transactions(create_account(item), at("2026-11-02", "-10.00"))
    store_transactions(create_account(item, currency="USD"), at("2026-11-02", "-7.00"))
    by_currency = {figures.currency: figures.spending for figures in report(alice).figures}
    assert by_currency == {"BRL": Decimal(10), "USD": Decimal(7)}
    assert report(alice).main.currency == "BRL"


def test_report_can_be_narrowed_to_a_connection_or_an_account(alice: User) -> None:
    first = create_item_with_transactions(alice, [at("2026-11-02", "-10.00")])
    second = create_item_with_transactions(alice, [at("2026-11-02", "-5.00")])
    assert report(alice).main.spending == 15
    assert report(alice, item=first).main.spending == 10
    assert report(alice, account=second.accounts.get()).main.spending == 5


def test_transactions_of_another_user_are_not_counted(user: User, bob: User) -> None:
    assert report(bob).main.spending == 0
    assert report(bob).since is None


def test_pending_transactions_are_counted_and_shown(user: User) -> None:
    assert report(user).pending == 1
    filters = TransactionFilter(user, NOVEMBER, pending=True)
    assert list_transactions(filters, CategoryTree.load()).count == 1


def test_shares_are_of_spending_after_refunds(alice: User) -> None:
    create_item_with_transactions(alice, [at("2026-11-02", "-100.00"), at("2026-11-03", "20.00")])
    (line,) = report(alice).main.spending_lines
    assert (line.total, line.share) == (Decimal(80), Decimal(100))


def test_report_ignores_filters_other_than_period_and_account(user: User, as_alice: Client) -> None:
    """A category in the URL of the overview must not make its figures differ from their links."""
    whole = as_alice.get(reverse("overview_json"), {"month": "2026-11"}).json()
    narrow = as_alice.get(reverse("overview_json"), {"month": "2026-11", "category": "11000000", "q": "x"})
    assert narrow.json() == whole


# --- Figures and their links --------------------------------------------------------------------------------


def links(data: Any) -> list[tuple[str, Decimal, int | None]]:
    """Return (transactions URL, sum of signed amounts, transaction count) of every figure of the JSON report."""
    links = []
    for figures in data["figures"]:
        for measure, sign in (("income", 1), ("spending", -1), ("net_income", 1)):
            signed_amount = sign * Decimal(figures[measure])
            url, count = figures[f"{measure}_transactions_url"], figures.get(f"{measure}_count")
            links.append((url, signed_amount, count))
        links += [
            (line["transactions_url"], Decimal(line["total"]), line["transaction_count"])
            for line in figures["uncounted"]
        ]
        for measure, sign in (("income", 1), ("spending", -1)):
            for root in figures[f"{measure}_lines"]:
                for line in (root, *root["lines"]):
                    signed_amount = sign * Decimal(line["total"])
                    links.append((line["transactions_url"], signed_amount, line["transaction_count"]))
    return links


@pytest.mark.parametrize("narrowed_by", [[], ["item"], ["account"]])
@pytest.mark.parametrize(
    "query",
    [
        {"month": "2026-11"},
        {"from": "2026-10-15", "to": "2026-11-20"},
        {"from": "2026-10-01", "to": "2026-12-31", "category": "11000000", "measure": "income", "q": "x"},
    ],
)
def test_every_figure_is_the_sum_of_the_transactions_behind_its_link(
    user: User, as_alice: Client, query: dict[str, str], narrowed_by: list[str]
) -> None:
    item = create_item_with_transactions(
        user, [at("2026-11-02", "-1.00"), at("2026-10-31", "2.00", "01010000")]
    )
    store_transactions(create_account(item, currency="USD"), at("2026-11-02", "-7.00"))
    first = Transaction.objects.of(user).earliest("bank_created_at").account
    chosen = {"item": str(first.item_id), "account": str(first.id)}
    query = query | {name: chosen[name] for name in narrowed_by}
    data = as_alice.get(reverse("overview_json"), query).json()
    assert len(links(data)) > 10
    for url, figure, count in links(data):
        parts = urlsplit(url)
        page = as_alice.get(f"{parts.path}?{parts.query}").context["page"]
        total = sum((total.total for total in page.totals), Decimal(0))
        assert figure == total, url
        assert count is None or count == page.count, url
        assert total == sum((transaction.signed_amount for transaction in page.transactions), Decimal(0))


def test_json_amounts_have_two_decimals(user: User, as_alice: Client) -> None:
    main = as_alice.get(reverse("overview_json"), {"month": "2026-11"}).json()["figures"][0]
    assert (main["income"], main["spending"], main["net_income"]) == ("8000.00", "3003.40", "4996.60")


@pytest.mark.parametrize(
    "query", [{"month": "2026-99"}, {"from": "2026-12-01", "to": "2026-11-01"}, {"from": "x"}]
)
def test_unreadable_period_is_reported(user: User, as_alice: Client, query: dict[str, str]) -> None:
    assert as_alice.get(reverse("overview_json"), query).status_code == 400
    page = as_alice.get(reverse("overview"), query)
    assert page.status_code == 200
    assert page.context["problem"]


@pytest.mark.parametrize("query", [{"category": "12345678"}, {"measure": "everything"}, {"before": "x"}])
def test_unknown_values_in_a_filter_are_not_found(
    user: User, as_alice: Client, query: dict[str, str]
) -> None:
    assert as_alice.get(reverse("transactions"), query).status_code == 404


# --- Number of queries -------------------------------------------------------------------------------------


def query_count(client: Client, name: str, **query: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse(name), query).status_code == 200
    return len(queries)


# Two of each set and reset the user of row-level security (accounts/row_security.py).
@pytest.mark.parametrize(("name", "maximum"), [("overview", 12), ("transactions", 11), ("overview_json", 6)])
def test_number_of_queries_does_not_depend_on_the_number_of_transactions(
    alice: User, as_alice: Client, name: str, maximum: int
) -> None:
    create_item_with_transactions(
        alice, [*TRANSACTIONS, *(at("2026-11-01", "-3.00") for _ in range(PAGE_SIZE))]
    )
    CategoryTree.cached()
    with_few = query_count(as_alice, name, month="2026-11")
    categories = ("08010000", "12020000")
    more = [at(f"2026-11-{day:02}", "-3.00", category) for day in range(1, 29) for category in categories]
    for _ in range(3):
        create_item_with_transactions(alice, more)
    assert query_count(as_alice, name, month="2026-11") == with_few <= maximum


# --- The list ----------------------------------------------------------------------------------------------


def test_pages_have_each_transaction_once(alice: User) -> None:
    create_item_with_transactions(alice, [at("2026-11-14", f"-{n}.00") for n in range(1, 251)])
    filters, tree = TransactionFilter(alice, NOVEMBER), CategoryTree.load()
    ids: list[UUID] = []
    before = ""
    while True:
        page = list_transactions(filters, tree, before=before)
        ids += [transaction.id for transaction in page.transactions]
        assert page.totals[0].transaction_count == 250
        if page.next_cursor is None:
            break
        before = page.next_cursor
    assert len(ids) == len(set(ids)) == 250


def test_search_ignores_case_and_accents(alice: User) -> None:
    tree = CategoryTree.load()
    create_item_with_transactions(
        alice, [at("2026-11-14", "-1.00", description="Açaí da Ana"), at("2026-11-14", "-2.00")]
    )
    for text in ("açaí", "ACAI", "Açai da", "í DA"):
        page = list_transactions(TransactionFilter(alice, NOVEMBER, text=text), tree)
        assert [transaction.description for transaction in page.transactions] == ["Açaí da Ana"]
    for text in ("%", "_", "acai_da"):  # no pattern characters
        assert list_transactions(TransactionFilter(alice, NOVEMBER, text=text), tree).count == 0


def test_tombstones_are_not_listed(user: User) -> None:
    Transaction.objects.update(deleted_at="2026-11-20T00:00:00Z")
    monthly_totals.rebuild()
    assert list_transactions(TransactionFilter(user, NOVEMBER), CategoryTree.load()).count == 0


# --- Connections -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({}, "up to date"),
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
def test_state_of_a_connection_follows_from_the_item(
    alice: User, columns: dict[str, str], state: str
) -> None:
    create_item(alice, **columns)
    assert connections.connections_of(alice)[0].state == state


def test_balance_of_a_card_is_a_debt_whatever_its_sign(alice: User, as_alice: Client) -> None:
    item = create_item(alice)
    create_account(item, balance=100)
    card = create_account(item, type="CREDIT", balance=30)
    create_account(item, type="CREDIT", balance=-20)
    (balances,) = connections.balances(connections.accounts_of(connections.connections_of(alice)))
    assert (balances.in_accounts, balances.on_cards) == (Decimal(100), Decimal(50))
    page = as_alice.get(reverse("overview"), {"account": str(card.id)})
    (of_card,) = page.context["balances"]
    assert (of_card.in_accounts, of_card.on_cards) == (Decimal(0), Decimal(30))


def test_open_page_is_refreshed_when_the_data_changed(user: User, as_alice: Client) -> None:
    shown = {"shown": as_alice.get(reverse("overview")).context["data_version"]}
    assert as_alice.get(reverse("data_version"), shown).status_code == 204
    item = user.items.get()
    run = item.runs.create(
        user=user, fence=1, target_seq=1, started_at=timezone.now(), finished_at=timezone.now()
    )
    assert as_alice.get(reverse("data_version"), shown).status_code == 204  # it changed nothing
    item.runs.filter(id=run.id).update(records_written=1)
    assert as_alice.get(reverse("data_version"), shown)["HX-Refresh"] == "true"


@pytest.mark.parametrize("name", ["overview", "transactions", "connections"])
def test_pages_with_data_ask_for_a_new_data_version(user: User, as_alice: Client, name: str) -> None:
    page = as_alice.get(reverse(name))
    assert f"{reverse('data_version')}?shown={page.context['data_version']}" in page.content.decode()


def test_page_of_a_connection_explains_why_it_has_no_accounts(alice: User, as_alice: Client) -> None:
    item = create_item(alice)
    url = reverse("connection", args=[item.id])
    assert "não enviou contas nem cartões" in as_alice.get(url).content.decode()
    alice.items.update(status="OUTDATED", execution_status="SITE_NOT_AVAILABLE", collected_at=None)
    page = as_alice.get(url).content.decode()
    assert "Ainda sem dados" in page and "Nenhuma conta ainda." in page


def test_connection_whose_first_collection_failed_does_not_make_figures_stale(
    alice: User, as_alice: Client
) -> None:
    create_item(alice, status="LOGIN_ERROR", execution_status="INVALID_CREDENTIALS", collected_at=None)
    page = as_alice.get(reverse("overview"))
    assert "banking/overview/empty.html" in [template.name for template in page.templates]
    create_item_with_transactions(alice, TRANSACTIONS)
    page = as_alice.get(reverse("overview"))
    assert [connection.is_stale for connection in page.context["connections"]] == [False, False]
