"""Connection page: how up to date each product is, what is missing, and what the user can do."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item, ProductState, SyncRun
from banking.ledger.models import QuarantinedRecord
from banking.reports.connections import ConnectionState, connection_with_products
from tests.factories import create_item_with_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def item(alice: User) -> Item:
    item = create_item_with_transactions(alice, [{"amount": "-10.00"}])
    SyncRun.objects.create(user=alice, item=item, fence=1, target_seq=0, started_at=timezone.now())
    return item


def add_product(item: Item, name: str, **columns: Any) -> None:
    ProductState.objects.create(user=item.user, item=item, product=name, **{"is_updated": False} | columns)


def page_in_english(client: Client, item: Item) -> str:
    client.cookies["django_language"] = "en"
    return client.get(reverse("connection", args=[item.id])).content.decode()


def test_each_product_shows_its_date_and_why_it_is_not_updated(item: Item, as_alice: Client) -> None:
    now = timezone.now()
    add_product(item, "ACCOUNTS", is_updated=True, collected_at=now)
    add_product(
        item, "TRANSACTIONS", collected_at=now - timedelta(days=2), warnings=[{"message": "<b>Down</b>"}]
    )
    add_product(item, "LOANS", warnings=["not what it should be"])
    add_product(item, "INVESTMENTS", warnings=[{"code": "423"}])
    page = page_in_english(as_alice, item)
    for text in (
        "Accounts",
        "as of",
        "not sent since",
        "not sent yet",
        "gave no reason",
        "allows no more updates",
    ):
        assert text in page, text
    assert "&lt;b&gt;Down" in page and "<b>Down" not in page


def test_unreadable_records_are_counted(item: Item, as_alice: Client) -> None:
    now = timezone.now()
    for key in ("a", "b"):
        QuarantinedRecord.objects.create(
            user=item.user,
            item=item,
            record_type="transaction",
            key=key,
            reason="x",
            body="",
            first_seen_at=now,
            last_seen_at=now,
        )
    assert "2 records from the bank could not be read" in page_in_english(as_alice, item)
    as_alice.cookies["django_language"] = "pt-br"
    assert "2 registros do banco" in as_alice.get(reverse("connections")).content.decode()


@pytest.mark.parametrize(("days", "text"), [(12, "expires soon"), (-1, "has expired"), (60, ""), (None, "")])
def test_the_end_of_the_consent_is_shown_in_advance(
    item: Item, as_alice: Client, days: int | None, text: str
) -> None:
    ends = None if days is None else timezone.now() + timedelta(days=days)
    Item.objects.update(consent_expires_at=ends, collected_at=timezone.now() - timedelta(days=3))
    page = page_in_english(as_alice, item)
    assert text in page
    assert ("Your consent" in page) == bool(text)


def over_quota(**products: Any) -> dict[str, Any]:
    """Return a status detail in which the bank allows no more readings of transactions."""
    used_up = {"isUpdated": False, "warnings": [{"code": "423", "message": "limit"}]}
    return {"transactions": used_up, "accounts": {"isUpdated": True, "warnings": []}} | products


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({"execution_status": "PARTIAL_SUCCESS", "status_detail": over_quota()}, ConnectionState.QUOTA),
        (
            {
                "execution_status": "PARTIAL_SUCCESS",
                "status_detail": over_quota(loans={"isUpdated": False, "warnings": None}),
            },
            ConnectionState.PARTIAL,
        ),
        (
            {"execution_status": "USER_AUTHORIZATION_PENDING", "status": "OUTDATED"},
            ConnectionState.WAITING_APPROVAL,
        ),
        (
            {"execution_status": "USER_AUTHORIZATION_REVOKED", "status": "LOGIN_ERROR"},
            ConnectionState.CONSENT_ENDED,
        ),
    ],
)
def test_the_state_decides_which_action_is_offered(
    item: Item, as_alice: Client, columns: dict[str, Any], state: ConnectionState
) -> None:
    Item.objects.update(**columns)
    stored = Item.objects.select_related("sync", "connector").get()
    assert connection_with_products(stored).state == state
    page = page_in_english(as_alice, item)
    offers = {"Update now": state == ConnectionState.PARTIAL}
    assert all(
        ('btn primary">' in page and label in page) or not is_offered for label, is_offered in offers.items()
    )


def test_a_failing_connection_shows_when_it_is_tried_again(item: Item, as_alice: Client) -> None:
    item.sync.failing_since = timezone.now()
    item.sync.save()
    assert "Next attempt" in page_in_english(as_alice, item)


def test_the_connections_page_has_a_bounded_number_of_queries(
    item: Item, as_alice: Client, django_assert_max_num_queries: Any
) -> None:
    add_product(item, "ACCOUNTS")
    with django_assert_max_num_queries(12):
        as_alice.get(reverse("connections"))
