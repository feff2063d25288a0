"""What each page asks of the database: twelve times at most, whatever the history.

All is counted: the session, the person, whose rows the request may see, and that they are nobody's again.
The category tree is nobody's: a process reads it once a minute.
"""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from banking.models import Bill, CategoryTree, Investment, Item, Transaction
from tests.localpluggy import LocalPluggy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

MOST = 12
PAGES = (
    *("overview", "overview_json", "transactions", "cards", "bills_due", "instalments", "worth"),
    *("report_categories", "report_merchants", "report_cash_flow", "report_pace", "report_flow"),
    *("investments", "suggestions", "rules", "new_rule", "connections", "connect", "preferences", "news"),
)


def test_no_page_asks_more_than_twelve_times(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item], as_alice: Client
) -> None:
    connect(alice, connector=9003)
    connect(alice, connector=9004)
    CategoryTree.at_hand()
    asked = {url: queries(as_alice, url) for url in (*map(reverse, PAGES), *places(alice))}
    assert {url: count for url, count in asked.items() if count > MOST} == {}


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code in (200, 204), url
    return len(asked)


def places(user: User) -> list[str]:
    """One of each, and the lists and figures of a part."""
    rows = Transaction.objects.of(user).live()
    bill = Bill.objects.of(user).latest("due_on")
    position = Investment.objects.of(user).exclude(status=Investment.WITHDRAWN).latest("balance")
    of_card, of_bank = f"account={bill.account_id}", f"item={position.item_id}"
    overview, listed = reverse("overview"), reverse("transactions")
    return [
        *(reverse("transaction", args=[row.id]) for row in (rows.latest("flow"), rows.earliest("flow"))),
        reverse("parts", args=[rows.latest("flow").id]),
        reverse("bill", args=[bill.account_id, f"{bill.due_on:%Y-%m}"]),
        reverse("investment", args=[position.id]),
        reverse("connection", args=[position.item_id]),
        *(f"{overview}?{query}" for query in (of_card, of_bank, "month=2026-10", "month=all", "basis=cash")),
        *(f"{listed}?{query}" for query in (f"{of_card}&bill={bill.id}", of_bank, "month=all&q=12,00")),
    ]
