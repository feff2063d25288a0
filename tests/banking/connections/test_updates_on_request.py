"""Only a user's request updates an item: Pluggy's log of requests has no PATCH /items without one."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item, ProductState, SyncState
from banking.ledger.models import Transaction
from banking.web import tasks
from tests.local_pluggy import LocalPluggy
from tests.net_worth_helpers import page
from tests.sync_helpers import LATER, hint_for, mark_changed, newest_transaction, run_sync
from webhooks import tasks as webhook_tasks
from webhooks.secrets import SECRET_HEADER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
EVENTS = (
    "item/updated", "item/created", "item/error", "item/waiting_user_input", "item/waiting_user_action",
    "item/login_succeeded", "transactions/created", "transactions/updated", "transactions/deleted",
    "connector/status_updated", "something/new",
)  # fmt: skip
STATES: tuple[dict[str, Any], ...] = (
    {},
    {"status": "OUTDATED", "execution_status": "SITE_NOT_AVAILABLE"},
    {"status": "LOGIN_ERROR", "execution_status": "INVALID_CREDENTIALS"},
    {"status": "UPDATING"},
    {"execution_status": "PARTIAL_SUCCESS"},
)


def updates(pluggy: LocalPluggy) -> list[str]:
    """Return the updates of items that were asked for, by the paths of the requests."""
    logged = pluggy.control("GET", "/requests?path=^/items")["requests"]
    return [entry["path"] for entry in logged if entry["method"] not in ("GET", "DELETE")]


def run_all_tasks() -> None:
    """Run what workers and their schedule run."""
    for task in (
        tasks.sweep, tasks.find_overdue_items, tasks.finish_disconnections, tasks.send_category_updates,
        tasks.apply_rules, tasks.run_bulk_edits, webhook_tasks.sweep, webhook_tasks.check_registration,
    ):  # fmt: skip
        task()


@pytest.fixture
def item(alice: User, pluggy: LocalPluggy, connect: Any, monkeypatch: pytest.MonkeyPatch) -> Item:
    monkeypatch.setattr("pfm.task_queue.enqueue", lambda task, *arguments: task(*arguments))
    item: Item = connect(alice)
    pluggy.control("DELETE", "/requests")
    return item


def receive(item: Item, event: str, number: int) -> None:
    """Receive an event as from Pluggy, and process it."""
    account_id = str(item.accounts.values_list("id", flat=True)[0])
    transaction = Transaction.objects.filter(account_id=account_id).values_list("id", flat=True)[0]
    body = {
        "event": event, "eventId": f"00000000-0000-4000-8000-{number:012}", "itemId": str(item.id),
        "id": str(item.id), "triggeredBy": "SYNC", "accountId": account_id, "connectorId": item.connector_id,
        "transactionIds": [str(transaction)], "transactionsCreatedAtFrom": timezone.now().isoformat(),
    }  # fmt: skip
    headers = {SECRET_HEADER: settings.PLUGGY_WEBHOOK_SECRET}
    url = reverse("pluggy_webhook")
    answer = Client().post(url, body, content_type="application/json", headers=headers)
    assert answer.status_code == 202, event


@pytest.mark.parametrize("columns", STATES, ids=lambda columns: columns.get("execution_status", "updated"))
def test_no_event_sync_or_task_updates_an_item(
    columns: dict[str, Any], item: Item, pluggy: LocalPluggy
) -> None:
    """Also not while Pluggy fails, items are overdue, and everything is asked for again."""
    for number, event in enumerate(EVENTS):
        receive(item, event, number)
        run_all_tasks()
    old = timezone.now() - timedelta(days=3)
    Item.objects.filter(id=item.id).update(**columns, read_at=old, next_auto_sync_at=old, bank_updated_at=old)
    ProductState.objects.filter(item=item).update(retry_at=old, is_updated=False)
    run_all_tasks()
    for status in (500, 403, 429):
        pluggy.fault("status", "^/(accounts|bills|items|v2)", status=status, times=3)
        mark_changed(item, **hint_for(newest_transaction(item), "updated"))
        run_sync(item, after=LATER)
    run_sync(item, after=2 * LATER)
    SyncState.objects.update(is_bulk=True)
    mark_changed(item)
    tasks.sync_bulk(str(item.id))
    assert updates(pluggy) == []


def test_pages_and_connecting_update_no_item(item: Item, as_alice: Client, pluggy: LocalPluggy) -> None:
    for name in ("overview", "connections", "connect", "banks", "matches"):
        page(as_alice, name)
    page(as_alice, "connection", item.id)
    as_alice.get(reverse("progress", args=[item.id]))
    as_alice.get(reverse("connect_return"), {"itemId": str(item.id)})
    as_alice.get(reverse("connect"), {"item": str(item.id)})
    for name in ("connect_token", "claim"):
        body = {"itemId": str(item.id)}
        assert as_alice.post(reverse(name), body, content_type="application/json").status_code == 200
    assert updates(pluggy) == []


def test_a_users_request_updates_the_item_once(item: Item, as_alice: Client, pluggy: LocalPluggy) -> None:
    as_alice.post(reverse("refresh", args=[item.id]))
    run_all_tasks()
    pluggy.wait_until_collected(str(item.id))
    mark_changed(item)
    run_sync(item)
    run_all_tasks()
    assert updates(pluggy) == [f"/items/{item.id}"]
    callers = {entry["caller"] for entry in pluggy.control("GET", "/requests?method=PATCH")["requests"]}
    assert callers == {"api"}


def test_a_request_that_pluggy_does_not_answer_is_not_repeated(
    item: Item, as_alice: Client, pluggy: LocalPluggy
) -> None:
    pluggy.fault("status", f"^/items/{item.id}", method="PATCH", status=503, times=None)
    as_alice.post(reverse("refresh", args=[item.id]))
    run_all_tasks()
    run_sync(item, after=LATER)
    assert len(updates(pluggy)) == 1


def test_another_users_request_updates_nothing(item: Item, as_bob: Client, pluggy: LocalPluggy) -> None:
    assert as_bob.post(reverse("refresh", args=[item.id])).status_code == 404
    assert as_bob.get(reverse("refresh", args=[item.id])).status_code in (404, 405)
    assert updates(pluggy) == []
