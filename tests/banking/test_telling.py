"""What a person is told of a connection: how fresh each product is, what is missing, and what helps."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.models import Item, ProductState, SyncRun, UnreadableRow
from banking.reports.connections import State, in_detail
from tests.rows import store_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def item(alice: User) -> Item:
    stored = store_rows(alice, [{"amount": "-10.00"}])
    now = timezone.now()
    SyncRun.objects.create(user=alice, item=stored, fence=1, target_seq=0, started_at=now)
    return stored


def product(item: Item, name: str, **columns: Any) -> None:
    ProductState.objects.create(user=item.user, item=item, product=name, **{"is_updated": False} | columns)


def told(client: Client, item: Item) -> str:
    client.cookies["django_language"] = "en"
    return client.get(reverse("connection", args=[item.id])).content.decode()


def test_each_product_says_how_fresh_it_is_and_why_not(item: Item, as_alice: Client) -> None:
    now = timezone.now()
    product(item, "ACCOUNTS", is_updated=True, collected_at=now)
    product(item, "TRANSACTIONS", collected_at=now - timedelta(days=2), warnings=[{"message": "<b>Down</b>"}])
    product(item, "LOANS", warnings=["not what it should be"])
    product(item, "INVESTMENTS", warnings=[{"code": "423"}])
    page = told(as_alice, item)
    for text in ("Accounts", "as of", "not sent since", "not sent yet", "did not say why", "used up"):
        assert text in page, text
    assert "&lt;b&gt;Down" in page and "<b>Down" not in page


def test_rows_that_cannot_be_read_are_counted(item: Item, as_alice: Client) -> None:
    now = timezone.now()
    for key in ("a", "b"):
        UnreadableRow.objects.create(
            user=item.user, item=item, what="transaction", key=key, reason="x", body="",
            first_seen_at=now, last_seen_at=now,
        )  # fmt: skip
    assert "2 entries from the bank could not be read" in told(as_alice, item)
    as_alice.cookies["django_language"] = "pt-br"
    assert "2 lançamentos do banco" in as_alice.get(reverse("connections")).content.decode()


@pytest.mark.parametrize(("days", "says"), [(12, "ends soon"), (-1, "has ended"), (60, ""), (None, "")])
def test_a_consent_that_ends_is_told_in_time(
    item: Item, as_alice: Client, days: int | None, says: str
) -> None:
    ends = None if days is None else timezone.now() + timedelta(days=days)
    Item.objects.update(consent_expires_at=ends)
    page = told(as_alice, item)
    assert says in page
    assert ("The consent" in page) == bool(says)


def quota(*, also: dict[str, Any] | None = None) -> dict[str, Any]:
    used_up = {"isUpdated": False, "warnings": [{"code": "423", "message": "limit"}]}
    return {"transactions": used_up, "accounts": {"isUpdated": True, "warnings": []}} | (also or {})


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({"execution_status": "PARTIAL_SUCCESS", "status_detail": quota()}, State.QUOTA),
        (
            {
                "execution_status": "PARTIAL_SUCCESS",
                "status_detail": quota(also={"loans": {"isUpdated": False, "warnings": None}}),
            },
            State.PARTIAL,
        ),
        ({"execution_status": "USER_AUTHORIZATION_PENDING", "status": "OUTDATED"}, State.WAITING_APPROVAL),
        ({"execution_status": "USER_AUTHORIZATION_REVOKED", "status": "LOGIN_ERROR"}, State.CONSENT_ENDED),
    ],
)
def test_the_state_says_whose_turn_it_is(
    item: Item, as_alice: Client, columns: dict[str, Any], state: State
) -> None:
    Item.objects.update(**columns)
    found = Item.objects.select_related("sync", "connector").get()
    assert in_detail(found).state == state
    page = told(as_alice, item)
    offers = {"Ask the bank now": state == State.PARTIAL}
    assert all(('btn primary">' in page and words in page) or not wanted for words, wanted in offers.items())


def test_a_failure_says_when_it_is_tried_again(item: Item, as_alice: Client) -> None:
    item.sync.failing_since = timezone.now()
    item.sync.save()
    assert "Tried again" in told(as_alice, item)


def test_the_list_costs_the_same_whatever_it_shows(
    item: Item, as_alice: Client, django_assert_max_num_queries: Any
) -> None:
    product(item, "ACCOUNTS")
    with django_assert_max_num_queries(12):
        as_alice.get(reverse("connections"))
