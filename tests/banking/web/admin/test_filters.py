"""Filters of the admin's lists: connections by their syncs, transactions by user, connector and deletion."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Connector, Item, SyncState
from banking.ledger.models import Account, Transaction
from tests.factories import create_item, create_item_with_transactions
from tests.staff import page, sign_in_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
ITEMS, TRANSACTIONS = "admin:connections_item_changelist", "admin:ledger_transaction_changelist"


@pytest.fixture
def operator(db: None) -> Client:
    return sign_in_staff("operator@example.com", "view_item", "view_transaction", "view_account")


def listed(client: Client, name: str, **query: Any) -> set[Any]:
    """Return the ids of the records that the list shows."""
    response = client.get(reverse(name), query)
    assert response.status_code == 200, response["Location"]
    return {record.pk for record in response.context["cl"].result_list}


@pytest.mark.parametrize(
    ("value", "state", "columns"),
    [
        ("behind", {"dirty_seq": 2, "synced_seq": 1}, {}),
        ("failing", {"failing_since": timezone.now()}, {}),
        ("parked", {"quarantined_until": timezone.now() + timedelta(hours=20)}, {}),
        ("gone", {}, {"gone_at": timezone.now()}),
        ("disconnecting", {}, {"disconnected_at": timezone.now()}),
    ],
)
def test_connections_are_filtered_by_their_syncs(
    alice: User, operator: Client, value: str, state: dict[str, Any], columns: dict[str, Any]
) -> None:
    """A connection that is being disconnected is in no other group: nothing has to be done for it."""
    healthy, item = create_item(alice), create_item(alice, **columns)
    SyncState.objects.filter(item=item).update(**state)
    leaving = create_item(alice, disconnected_at=timezone.now(), gone_at=timezone.now())
    SyncState.objects.filter(item=leaving).update(
        dirty_seq=5, failing_since=timezone.now(), quarantined_until=timezone.now()
    )
    expected = {item.id, leaving.id} if value == "disconnecting" else {item.id}
    assert listed(operator, ITEMS, sync=value) == expected
    assert listed(operator, ITEMS) == {healthy.id, item.id, leaving.id}


def test_connections_are_filtered_by_a_status_that_is_not_known(alice: User, operator: Client) -> None:
    updated, unknown = create_item(alice), create_item(alice, status="SOMETHING_NEW")
    assert listed(operator, ITEMS, status="UPDATED") == {updated.id}
    assert listed(operator, ITEMS, status="other") == {unknown.id}


@pytest.fixture
def stored(alice: User, bob: User) -> dict[str, Transaction]:
    """Transactions by description: two of alice at two banks, one of them deleted, and one of bob."""
    for user, name, connector_id in ((alice, "ONE", 1), (alice, "TWO", 2), (bob, "THREE", 1)):
        item = create_item_with_transactions(user, [{"description": name}])
        Connector.objects.get_or_create(id=connector_id, defaults={"name": name, "seen_at": timezone.now()})
        Item.objects.filter(id=item.id).update(connector_id=connector_id)
    Transaction.objects.filter(description="TWO").update(deleted_at=timezone.now())
    return {transaction.description: transaction for transaction in Transaction.objects.all()}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"user": "alice@example.com"}, {"ONE", "TWO"}),
        ({"user": " ALICE@Example.com "}, {"ONE", "TWO"}),
        ({"user": "alice@example.com", "deleted": "yes"}, {"TWO"}),
        ({"user": "alice@example.com", "deleted": "no"}, {"ONE"}),
        ({"connector": "1"}, {"ONE", "THREE"}),
        ({"connector": "2"}, {"TWO"}),
        ({"deleted": "yes"}, {"TWO"}),
        ({"deleted": "no", "connector": "1", "user": "bob@example.com"}, {"THREE"}),
        ({"user": ""}, {"ONE", "TWO", "THREE"}),
        # Whom nobody knows, nothing is shown of; never the list of everybody.
        ({"user": "nobody@example.com"}, set()),
        ({"user": "0"}, set()),
        ({"user": "9" * 40}, set()),
        ({"user": "%"}, set()),
    ],
)
def test_transactions_are_filtered_by_user_connector_and_deletion(
    stored: dict[str, Transaction], operator: Client, query: dict[str, str], names: set[str]
) -> None:
    assert listed(operator, TRANSACTIONS, **query) == {stored[name].pk for name in names}


def test_a_user_is_also_named_by_the_id(
    stored: dict[str, Transaction], alice: User, operator: Client
) -> None:
    """Links have the id, so that no e-mail address is in them, and the page shows none."""
    assert listed(operator, TRANSACTIONS, user=str(alice.pk)) == {stored["ONE"].pk, stored["TWO"].pk}
    html = page(operator, reverse(TRANSACTIONS), user=str(alice.pk), deleted="no")
    assert f'value="{alice.pk}"' in html and alice.email not in html
    assert '<input type="hidden" name="deleted" value="no">' in html


def test_an_unknown_address_is_said(stored: dict[str, Transaction], operator: Client) -> None:
    html = page(operator, reverse(TRANSACTIONS), user="<nobody@example.com>")
    assert "No user has this e-mail address" in html
    assert "<nobody" not in html


@pytest.mark.parametrize(
    ("name", "query"),
    [
        (ITEMS, {"sync": "sideways"}),
        (ITEMS, {"status": "x"}),
        (ITEMS, {"connector": "77"}),
        (TRANSACTIONS, {"connector": "x"}),
        (TRANSACTIONS, {"deleted": "maybe"}),
    ],
)
def test_an_unknown_choice_is_no_list_of_everything(
    stored: dict[str, Transaction], operator: Client, name: str, query: dict[str, str]
) -> None:
    """Django leads to the list without filters and marks it with `e=1`, instead of an unfiltered answer."""
    response = operator.get(reverse(name), query)
    assert (response.status_code, response["Location"].endswith("?e=1")) == (302, True)


def test_accounts_are_filtered_by_user_and_connector(
    stored: dict[str, Transaction], alice: User, operator: Client
) -> None:
    name = "admin:ledger_account_changelist"
    expected = Account.objects.get(user=alice, item__connector=2)
    assert listed(operator, name, user=str(alice.pk), connector="2", type="BANK") == {expected.pk}


def test_the_filters_are_in_both_languages(stored: dict[str, Transaction], operator: Client) -> None:
    assert "Deleted by the bank" in page(operator, reverse(TRANSACTIONS))
    operator.cookies["django_language"] = "pt-br"
    html = page(operator, reverse(TRANSACTIONS))
    assert "Excluída pelo banco" in html and "Deleted by the bank" not in html
