"""The inbox: events lead to the bank's current data, in any order and also when an item is not known yet."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Connector, Item, SyncState
from banking.ingest import sync_item
from banking.ledger.models import Transaction
from banking.pluggy import Client
from banking.web.api_client import pluggy as our_client
from tests.factories import create_item
from tests.local_pluggy import LocalPluggy
from tests.payloads import event
from webhooks import inbox, tasks
from webhooks.event_names import ITEM_EVENTS
from webhooks.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture(autouse=True)
def _run_tasks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each task in this process instead of enqueueing it."""
    monkeypatch.setattr("pfm.task_queue.enqueue", lambda task, *args: task(*args))


def deliver(body: dict[str, Any]) -> Event:
    stored = inbox.receive(body, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert stored is not None
    tasks.enqueue(stored)
    inbox.settle(now=timezone.now())
    stored.refresh_from_db()
    return stored


def test_the_webhook_alone_binds_and_syncs_an_item(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    stored = deliver(event("item/created", item=item_id))
    assert Item.objects.get().user == alice
    assert Transaction.objects.of(alice).count() > 500
    assert stored.state == Event.State.DONE


def test_events_that_came_before_their_item_are_processed_later(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    pluggy.fault("status", f"/items/{item_id}", status=503, times=2)
    first = deliver(event("transactions/created", item=item_id))
    second = deliver(event("item/created", item=item_id))
    assert {first.state, second.state} == {Event.State.PARKED}
    later = timezone.now() + timedelta(minutes=1)
    ready = inbox.follow_up(first.id, client=our_client(), now=later)
    assert ready == uuid.UUID(item_id)
    sync_item(ready, client=our_client(), now=lambda: later)
    inbox.settle(now=later)
    assert set(Event.objects.values_list("state", flat=True)) == {Event.State.DONE}


def test_an_event_of_an_unknown_user_is_given_up_after_a_week(pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect("nobody-here")
    stored = deliver(event("item/created", item=item_id))
    assert (stored.state, stored.attempts) == (Event.State.PARKED, 1)
    assert stored.try_at is not None and stored.try_at > timezone.now()
    inbox.follow_up(stored.id, client=our_client(), now=timezone.now() + timedelta(days=8))
    stored.refresh_from_db()
    assert stored.state == Event.State.DEAD
    assert not Item.objects.exists()


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]])
def test_any_order_of_events_gives_the_same_transactions(
    alice: User, pluggy: LocalPluggy, order: list[int]
) -> None:
    """A transaction is created, one corrected and one deleted at the bank; the three events come in any order."""
    item_id = pluggy.connect(alice.reference)
    deliver(event("item/created", item=item_id))
    corrected = pluggy.add_transaction(item_id, description="CERTO", amount=-10, silent=True)
    deleted = pluggy.add_transaction(item_id, description="ERRADO", amount=-11, silent=True)
    pluggy.control("PATCH", f"/transactions/{corrected['id']}", description="CORRIGIDO", silent=True)
    pluggy.control("DELETE", f"/transactions/{deleted['id']}", silent=True)
    where = {"item": item_id, "accountId": corrected["accountId"]}
    events = [
        event("transactions/created", **where),
        event("transactions/updated", transactionIds=[corrected["id"]], **where),
        event("transactions/deleted", transactionIds=[deleted["id"]], **where),
    ]
    for index in order:
        deliver(events[index])
    live = Transaction.objects.of(alice).live()
    assert live.get(id=corrected["id"]).description == "CORRIGIDO"
    assert not live.filter(id=deleted["id"]).exists()
    by_account = pluggy.truth(item_id)["transactions"]
    assert live.count() == sum(len(transactions) for transactions in by_account.values())


def test_pluggy_is_asked_whether_an_item_is_really_deleted(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    deliver(event("item/created", item=item_id))
    deliver(event("item/deleted", item=item_id))
    assert Item.objects.get().gone_at is None  # Pluggy still has it, so the event is wrong
    pluggy.api("DELETE", f"/items/{item_id}")
    deliver(event("item/deleted", item=item_id))
    assert Item.objects.get().gone_at is not None
    assert Transaction.objects.of(alice).exists()


def test_the_item_status_comes_from_pluggy_not_from_the_body(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    deliver(event("item/created", item=item_id))
    error = {"code": "INVALID_CREDENTIALS", "message": "sign in at evil.test"}
    deliver(event("item/error", item=item_id, error=error))
    assert Item.objects.get().status == Item.Status.UPDATED


@pytest.mark.parametrize("name", sorted(ITEM_EVENTS - {"item/deleted"}))
def test_every_item_event_syncs_the_item(name: str, alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    assert deliver(event(name, item=item_id)).state == Event.State.DONE
    assert Item.objects.get().runs.get().outcome == "succeeded"


def test_a_connector_event_refreshes_the_connector_health(alice: User, pluggy: LocalPluggy) -> None:
    create_item(alice)
    body = event("connector/status_updated", connectorId=9001, data={"status": "UNSTABLE"})
    body.pop("itemId")
    assert deliver(body).state == Event.State.DONE
    connector = Connector.objects.get(id=9001)
    assert connector.health_status == "ONLINE"  # from Pluggy's API, not from the body


def test_urls_in_a_body_are_never_requested(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    other_url = "http://127.0.0.1:1/steal"
    body = event("transactions/created", item=item_id, accountId=str(uuid.uuid4()))
    stored = deliver(body | {"createdTransactionsLink": other_url, "createdTransactionsLinkV2": other_url})
    assert stored.state == Event.State.DONE


def test_process_again_classifies_the_event_again(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    stored = deliver(event("item/created", item=item_id))
    inbox.process_again(stored, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert stored.state == Event.State.QUEUED
    tasks.enqueue(stored)
    inbox.settle(now=timezone.now())
    stored.refresh_from_db()
    assert stored.state == Event.State.DONE
    assert Item.objects.get().runs.count() == 2


def test_the_deletion_of_an_unknown_item_is_done_at_once(pluggy: LocalPluggy) -> None:
    stored = deliver(event("item/deleted", item=uuid.uuid4()))
    assert stored.state == Event.State.DONE


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon", 7])
def test_an_impossible_created_from_is_ignored(alice: User, since: object) -> None:
    item = create_item(alice)
    body = event("transactions/created", item=item, accountId=str(uuid.uuid4()))
    body["transactionsCreatedAtFrom"] = since
    assert inbox.receive(body, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert item.hints.get().created_from is None


def test_another_applications_event_stays_ignored_when_processed_again(alice: User) -> None:
    body = event(item=create_item(alice), clientId=str(uuid.uuid4()))
    stored = inbox.receive(body, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert stored is not None
    inbox.process_again(stored, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert stored.state == Event.State.IGNORED


def test_events_of_a_disconnected_item_are_settled(alice: User) -> None:
    item = create_item(alice)
    stored = inbox.receive(event(item=item), client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert stored is not None
    item.delete()
    inbox.settle(now=timezone.now())
    stored.refresh_from_db()
    assert (stored.state, stored.reason) == (Event.State.DONE, "the item was disconnected")


def test_a_false_item_deletion_deletes_nothing_and_is_logged(
    alice: User, pluggy: LocalPluggy, caplog: pytest.LogCaptureFixture
) -> None:
    """A-8: an event reports an existing item as deleted; others may know the secret."""
    item_id = pluggy.connect(alice.reference)
    deliver(event("item/created", item=item_id))
    count = Transaction.objects.of(alice).live().count()
    stored = deliver(event("item/deleted", item=item_id))
    assert (stored.state, stored.reason) == (Event.State.DONE, "the item exists")
    assert "as deleted, but it exists" in caplog.text
    assert Item.objects.get().gone_at is None
    assert Transaction.objects.of(alice).live().count() == count


def test_a_false_transaction_deletion_deletes_nothing_and_is_logged(
    alice: User, pluggy: LocalPluggy, caplog: pytest.LogCaptureFixture
) -> None:
    """A-6."""
    item_id = pluggy.connect(alice.reference)
    deliver(event("item/created", item=item_id))
    transaction = Transaction.objects.of(alice).live().latest("local_date")
    where = {
        "item": item_id,
        "accountId": str(transaction.account_id),
        "transactionIds": [str(transaction.id)],
    }
    deliver(event("transactions/deleted", **where))
    assert "1 transactions reported as deleted exist" in caplog.text
    transaction.refresh_from_db()
    assert transaction.deleted_at is None


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requests that are sent to the local Pluggy during the test."""
    paths: list[str] = []
    send = Client._send

    def send_and_record(self: Client, method: str, path: str, *more: Any, **options: Any) -> Any:
        paths.append(f"{path} {options}")
        return send(self, method, path, *more, **options)

    monkeypatch.setattr(Client, "_send", send_and_record)
    return paths


@pytest.mark.django_db(transaction=True)
def test_ten_thousand_events_of_an_item_need_few_syncs(
    alice: User, pluggy: LocalPluggy, requests: list[str]
) -> None:
    """A-11: ten thousand events, each for one transaction of the item."""
    item_id = pluggy.connect(alice.reference)
    deliver(event("item/created", item=item_id))
    transactions = list(Transaction.objects.of(alice).live().order_by("id")[:900])
    count = len(requests)
    for number in range(10_000):
        transaction = transactions[number % len(transactions)]
        where = {"item": item_id, "accountId": str(transaction.account_id)}
        body = event("transactions/updated", transactionIds=[str(transaction.id)], **where)
        assert inbox.receive(body, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert len(requests) == count
    item = Item.objects.get()
    while sync_item(item.id, client=our_client(), now=timezone.now):
        pass
    inbox.settle(now=timezone.now())
    assert Event.objects.filter(state=Event.State.DONE).count() == 10_001
    assert item.runs.count() <= 3
    assert not item.hints.exists()
    assert len(requests) - count < 60


def test_only_the_first_of_many_events_enqueues_a_task(alice: User) -> None:
    item = create_item(alice)
    needs_task = []
    for _ in range(3):
        stored = inbox.receive(event(item=item), client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
        assert stored is not None
        needs_task.append(stored.needs_task)
    SyncState.objects.update(synced_seq=3)
    again = inbox.receive(event(item=item), client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert (needs_task, again and again.needs_task) == ([True, False, False], True)


def test_repeated_transaction_ids_are_requested_once_in_groups(
    alice: User, pluggy: LocalPluggy, requests: list[str]
) -> None:
    """A-20: repeated ids are requested once, in groups of at most 400 ids.

    A body with more ids than fit is refused by the endpoint (A-16).
    """
    item_id = pluggy.connect(alice.reference)
    deliver(event("item/created", item=item_id))
    transaction = Transaction.objects.of(alice).live().latest("local_date")
    where = {"item": item_id, "accountId": str(transaction.account_id)}
    ids = [str(uuid.uuid4()) for _ in range(1_000)] + [str(transaction.id)] * 5_000
    count = len(requests)
    stored = inbox.receive(
        event("transactions/updated", transactionIds=ids, **where),
        client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now(),
    )  # fmt: skip
    assert stored is not None
    item = Item.objects.get()
    assert len(item.hints.get().transaction_ids) == 1_001
    sync_item(item.id, client=our_client(), now=timezone.now)
    assert item.runs.latest("id").outcome == "succeeded"
    by_id = [path for path in requests[count:] if "ids" in path]
    assert len(by_id) == 3
