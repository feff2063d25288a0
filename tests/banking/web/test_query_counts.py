"""The number of queries of each page: at most twelve, however long the history is.

All queries are counted: of the session, of the user, and those that set and reset the user of row-level security.
Only the category tree is not: it is the same for all users, and a process loads it once a minute.
"""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from banking.connections.models import Item
from banking.ledger.models import (
    Bill,
    CategoryTree,
    Investment,
    Transaction,
)
from tests.local_pluggy import LocalPluggy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

MAX_QUERIES = 12
PAGES = (
    *("overview", "overview_json", "transactions", "cards", "bills_due", "installments", "net_worth"),
    *("report_categories", "report_merchants", "report_cash_flow", "report_pace", "report_money_flow"),
    *("investments", "matches", "rules", "new_rule", "connections", "connect", "preferences", "data_version"),
)


def test_no_page_makes_more_than_twelve_queries(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item], as_alice: Client
) -> None:
    connect(alice, connector=9003)
    connect(alice, connector=9004)
    CategoryTree.cached()
    urls = (*map(reverse, PAGES), *detail_urls(alice))
    counts = {url: query_count(as_alice, url) for url in urls}
    assert {url: count for url, count in counts.items() if count > MAX_QUERIES} == {}


def query_count(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code in (200, 204), url
    return len(queries)


def detail_urls(user: User) -> list[str]:
    """Return the pages of one record each, and lists and figures that are narrowed by a filter."""
    transactions = Transaction.objects.of(user).live()
    bill = Bill.objects.of(user).latest("due_on")
    position = Investment.objects.of(user).exclude(status=Investment.WITHDRAWN).latest("balance")
    of_card, of_bank = f"account={bill.account_id}", f"item={position.item_id}"
    largest, smallest = transactions.latest("signed_amount"), transactions.earliest("signed_amount")
    overview, listed = reverse("overview"), reverse("transactions")
    return [
        reverse("transaction", args=[largest.id]),
        reverse("transaction", args=[smallest.id]),
        reverse("splits", args=[largest.id]),
        reverse("bill", args=[bill.account_id, f"{bill.due_on:%Y-%m}"]),
        reverse("investment", args=[position.id]),
        reverse("connection", args=[position.item_id]),
        *(f"{overview}?{query}" for query in (of_card, of_bank, "month=2026-10", "month=all", "basis=cash")),
        *(f"{listed}?{query}" for query in (f"{of_card}&bill={bill.id}", of_bank, "month=all&q=12,00")),
    ]
