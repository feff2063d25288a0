"""As of when the products of Open Finance are: never later than they were really read."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from accounts.models import User
from banking.connections.freshness import Part
from banking.connections.models import Connector, Item, Product
from banking.ingest.product_reader import product_status
from banking.reports.connections import connection_with_products
from banking.reports.net_worth import HoldingGroup, net_worth_report
from tests.factories import create_investment, create_item
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
Connect = Callable[..., Item]
IPE = 9002  # Open Finance, with an investment and a card
READ = {  # what the local Pluggy calls what it reads
    Product.ACCOUNTS: "BALANCES",
    Product.TRANSACTIONS: "RECENT_TRANSACTIONS",
    Product.INVESTMENTS: "INVESTMENTS",
    Part.BILLS: "BILLS",
    Part.ACCOUNT_DETAILS: "ACCOUNT_DETAILS",
    Part.CARD_DETAILS: "ACCOUNT_DETAILS",
    Part.OLDER_TRANSACTIONS: "OLDER_TRANSACTIONS",
}


def claims_of(item: Item) -> dict[str, datetime]:
    """Return as of when the page says that each product and part is."""
    claims: dict[str, datetime] = {}
    for product in connection_with_products(item).products:
        assert product.as_of is not None, product
        claims[product.product] = product.as_of
        claims |= {older.part: older.as_of for older in product.older_parts}
    return claims


def collect(pluggy: LocalPluggy, item: Item) -> None:
    """Enter the code that the bank asks for, and read what it sends."""
    pluggy.wait_until_collected(str(item.id))
    pluggy.api("POST", f"/items/{item.id}/mfa", json={"token": "123456"})
    pluggy.wait_until_collected(str(item.id))
    mark_changed(item)
    assert run_sync(item).outcome == "succeeded"


def test_no_product_claims_more_than_open_finance_reads(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    pluggy.control("POST", "/open-finance-rates", on=True)
    item = connect(alice, connector=IPE)
    collect(pluggy, item)
    for hours in (0, 5, 20, 3, 24 * 4, 24 * 4, 1):
        if hours:
            pluggy.control("POST", "/clock", hours=hours)
            pluggy.control("POST", f"/items/{item.id}/refresh")
            collect(pluggy, item)
        item.refresh_from_db()
        read_at = {name: parse_datetime(text) for name, text in pluggy.truth(str(item.id))["readAt"].items()}
        claims = claims_of(item)
        assert {Product.INVESTMENTS, Part.BILLS, Part.OLDER_TRANSACTIONS} <= claims.keys()
        for name, read_name in READ.items():
            assert claims[name] <= read_at[read_name] + timedelta(minutes=1), (hours, name)  # type: ignore[operator]
        assert claims[Product.ACCOUNTS] == item.collected_at  # and balances claim no less


@pytest.fixture
def item(alice: User) -> Item:
    created = datetime(2026, 11, 1, 12, tzinfo=UTC)
    item = create_item(alice, bank_created_at=created, collected_at=datetime(2026, 11, 20, 9, tzinfo=UTC))
    Connector.objects.update(is_open_finance=True)
    return Item.objects.select_related("connector", "sync", "user").get(id=item.id)


def test_investments_and_loans_are_a_day_old_at_most(item: Item) -> None:
    day_before = datetime(2026, 11, 19, 9, tzinfo=UTC)
    assert product_status(item, Product.INVESTMENTS).collected_at == day_before
    assert product_status(item, Product.LOANS).collected_at == day_before
    assert product_status(item, Product.ACCOUNTS).collected_at == item.collected_at
    item.collected_at = datetime(2026, 11, 1, 13, tzinfo=UTC)  # just created: everything was read
    assert product_status(item, Product.INVESTMENTS).collected_at == item.bank_created_at
    item.bank_created_at = datetime(2027, 1, 1, tzinfo=UTC)  # a wrong clock
    assert product_status(item, Product.INVESTMENTS).collected_at == item.collected_at
    item.collected_at = None
    assert product_status(item, Product.INVESTMENTS).collected_at is None


def test_what_pluggy_says_itself_is_believed(item: Item) -> None:
    said = {"isUpdated": True, "lastUpdatedAt": "2026-11-20T08:00:00Z", "warnings": []}
    item.status_detail = {"investments": said}
    assert product_status(item, Product.INVESTMENTS).collected_at == datetime(2026, 11, 20, 8, tzinfo=UTC)


def test_a_direct_connector_reads_everything_each_time(item: Item) -> None:
    item.connector.is_open_finance = False
    assert product_status(item, Product.INVESTMENTS).collected_at == item.collected_at


def test_net_worth_claims_no_more_either(item: Item, alice: User) -> None:
    create_investment(item)
    (net_worth,) = net_worth_report(alice, months=1, today=datetime(2026, 11, 20, tzinfo=UTC).date())
    (section,) = net_worth.sections
    assert section.group == HoldingGroup.INVESTMENTS
    assert section.holdings[0].as_of == datetime(2026, 11, 19, 9, tzinfo=UTC)


def test_the_page_says_what_may_be_older(item: Item, as_alice: Client) -> None:
    item.product_states.create(
        user=item.user, product=Product.TRANSACTIONS, is_updated=True, collected_at=item.collected_at
    )
    as_alice.cookies["django_language"] = "en"
    page = as_alice.get(reverse("connection", args=[item.id])).content.decode()
    assert "transactions older than 7 days: as of" in page
    Connector.objects.update(is_open_finance=False)
    assert "older than 7 days" not in as_alice.get(reverse("connection", args=[item.id])).content.decode()
