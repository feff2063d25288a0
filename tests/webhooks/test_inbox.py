"""The inbox: from an event to the bank's truth, whatever the order and whoever is missing."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from banking.application import pluggy as our_client
from banking.models import Connector, Item, SyncState, Transaction
from banking.pluggy import Client
from banking.sync import sync_item
from tests.localpluggy import LocalPluggy
from tests.payloads import bound_item, event
from webhooks import inbox, tasks
from webhooks.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture(autouse=True)
def bell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answered at once, in this process."""
    monkeypatch.setattr("pfm.bell.ring", lambda task, *args: task(*args))


def deliver(body: dict[str, Any]) -> Event:
    stored = inbox.receive(body, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert stored is not None
    tasks.ring(stored)
    inbox.settle(now=timezone.now())
    stored.refresh_from_db()
    return stored


def test_the_webhook_alone_is_enough(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    stored = deliver(event("item/created", item=item_id))
    assert Item.objects.get().user == alice
    assert Transaction.objects.of(alice).count() > 500
    assert stored.state == Event.State.DONE


def test_events_that_came_before_the_item_was_known_are_not_lost(alice: User, pluggy: LocalPluggy) -> None:
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


def test_an_item_of_nobody_is_given_up_after_a_week(pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect("nobody-here")
    stored = deliver(event("item/created", item=item_id))
    assert (stored.state, stored.attempts) == (Event.State.PARKED, 1)
    assert stored.try_at is not None and stored.try_at > timezone.now()
    inbox.follow_up(stored.id, client=our_client(), now=timezone.now() + timedelta(days=8))
    stored.refresh_from_db()
    assert stored.state == Event.State.DEAD
    assert not Item.objects.exists()


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]])
def test_any_order_ends_in_the_same_rows(alice: User, pluggy: LocalPluggy, order: list[int]) -> None:
    """A row is made, corrected and removed at the bank; three events tell of it in any order."""
    item_id = pluggy.connect(alice.reference)
    deliver(event("item/created", item=item_id))
    row = pluggy.spend(item_id, description="CERTO", amount=-10, silent=True)
    gone = pluggy.spend(item_id, description="ERRADO", amount=-11, silent=True)
    pluggy.control("PATCH", f"/transactions/{row['id']}", description="CORRIGIDO", silent=True)
    pluggy.control("DELETE", f"/transactions/{gone['id']}", silent=True)
    where = {"item": item_id, "accountId": row["accountId"]}
    events = [
        event("transactions/created", **where),
        event("transactions/updated", transactionIds=[row["id"]], **where),
        event("transactions/deleted", transactionIds=[gone["id"]], **where),
    ]
    for index in order:
        deliver(events[index])
    live = Transaction.objects.of(alice).live()
    assert live.get(id=row["id"]).description == "CORRIGIDO"
    assert not live.filter(id=gone["id"]).exists()
    assert live.count() == sum(len(rows) for rows in pluggy.truth(item_id)["transactions"].values())


def test_an_item_said_to_be_deleted_is_asked_for(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    deliver(event("item/created", item=item_id))
    deliver(event("item/deleted", item=item_id))
    assert Item.objects.get().gone_at is None  # it is still there: the event lied
    pluggy.api("DELETE", f"/items/{item_id}")
    deliver(event("item/deleted", item=item_id))
    assert Item.objects.get().gone_at is not None
    assert Transaction.objects.of(alice).exists()


def test_the_state_of_an_item_comes_from_pluggy_not_from_the_body(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    deliver(event("item/created", item=item_id))
    lie = {"code": "INVALID_CREDENTIALS", "message": "sign in at evil.test"}
    deliver(event("item/error", item=item_id, error=lie))
    assert Item.objects.get().status == Item.Status.UPDATED


@pytest.mark.parametrize("name", sorted(inbox.ITEM_EVENTS - {"item/deleted"}))
def test_every_item_event_is_a_look_at_the_item(name: str, alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    assert deliver(event(name, item=item_id)).state == Event.State.DONE
    assert Item.objects.get().runs.get().outcome == "succeeded"


def test_a_connectors_health_is_read_again(alice: User, pluggy: LocalPluggy) -> None:
    bound_item(alice)
    body = event("connector/status_updated", connectorId=9001, data={"status": "UNSTABLE"})
    body.pop("itemId")
    assert deliver(body).state == Event.State.DONE
    connector = Connector.objects.get(id=9001)
    assert connector.health_status == "ONLINE"  # what Pluggy says, not what the body says


def test_links_in_a_body_are_never_followed(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    evil = "http://127.0.0.1:1/steal"
    body = event("transactions/created", item=item_id, accountId=str(uuid.uuid4()))
    stored = deliver(body | {"createdTransactionsLink": evil, "createdTransactionsLinkV2": evil})
    assert stored.state == Event.State.DONE


def test_process_again_judges_anew(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    stored = deliver(event("item/created", item=item_id))
    inbox.process_again(stored, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert stored.state == Event.State.QUEUED
    tasks.ring(stored)
    inbox.settle(now=timezone.now())
    stored.refresh_from_db()
    assert stored.state == Event.State.DONE
    assert Item.objects.get().runs.count() == 2


def test_the_end_of_an_item_of_nobody_is_no_work(pluggy: LocalPluggy) -> None:
    stored = deliver(event("item/deleted", item=uuid.uuid4()))
    assert stored.state == Event.State.DONE


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon", 7])
def test_a_hint_that_cannot_be_meant_is_none(alice: User, since: object) -> None:
    item = bound_item(alice)
    body = event("transactions/created", item=item, accountId=str(uuid.uuid4()))
    body["transactionsCreatedAtFrom"] = since
    assert inbox.receive(body, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert item.hints.get().created_from is None


def test_another_applications_event_stays_ignored_when_processed_again(alice: User) -> None:
    body = event(item=bound_item(alice), clientId=str(uuid.uuid4()))
    stored = inbox.receive(body, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert stored is not None
    inbox.process_again(stored, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert stored.state == Event.State.IGNORED


def test_events_of_an_item_that_left_are_settled(alice: User) -> None:
    item = bound_item(alice)
    stored = inbox.receive(event(item=item), client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert stored is not None
    item.delete()
    inbox.settle(now=timezone.now())
    stored.refresh_from_db()
    assert (stored.state, stored.reason) == (Event.State.DONE, "the item has left")


def test_a_deletion_that_is_not_true_deletes_nothing_and_is_noted(
    alice: User, pluggy: LocalPluggy, caplog: pytest.LogCaptureFixture
) -> None:
    """A-8: whoever knows the secret says that a live item is gone."""
    item_id = pluggy.connect(alice.reference)
    deliver(event("item/created", item=item_id))
    rows = Transaction.objects.of(alice).live().count()
    stored = deliver(event("item/deleted", item=item_id))
    assert (stored.state, stored.reason) == (Event.State.DONE, "the item is still there")
    assert "it is not" in caplog.text
    assert Item.objects.get().gone_at is None
    assert Transaction.objects.of(alice).live().count() == rows


def test_rows_said_to_be_deleted_that_are_there_stay_and_it_is_noted(
    alice: User, pluggy: LocalPluggy, caplog: pytest.LogCaptureFixture
) -> None:
    """A-6."""
    item_id = pluggy.connect(alice.reference)
    deliver(event("item/created", item=item_id))
    row = Transaction.objects.of(alice).live().latest("local_date")
    where = {"item": item_id, "accountId": str(row.account_id), "transactionIds": [str(row.id)]}
    deliver(event("transactions/deleted", **where))
    assert "1 rows said to be gone are there" in caplog.text
    row.refresh_from_db()
    assert row.deleted_at is None


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requests that go to the local Pluggy from here on."""
    paths: list[str] = []
    send = Client._send

    def counted(self: Client, method: str, path: str, *more: Any, **options: Any) -> Any:
        paths.append(f"{path} {options}")
        return send(self, method, path, *more, **options)

    monkeypatch.setattr(Client, "_send", counted)
    return paths


@pytest.mark.django_db(transaction=True)
def test_a_flood_for_one_item_is_stored_whole_and_read_in_a_few_runs(
    alice: User, pluggy: LocalPluggy, asked: list[str]
) -> None:
    """A-11: ten thousand events, each with a row of its account."""
    item_id = pluggy.connect(alice.reference)
    deliver(event("item/created", item=item_id))
    rows = list(Transaction.objects.of(alice).live().order_by("id")[:900])
    quiet = len(asked)
    for number in range(10_000):
        row = rows[number % len(rows)]
        where = {"item": item_id, "accountId": str(row.account_id), "transactionIds": [str(row.id)]}
        body = event("transactions/updated", **where)
        assert inbox.receive(body, client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert len(asked) == quiet
    item = Item.objects.get()
    while sync_item(item.id, client=our_client(), now=timezone.now):
        pass
    inbox.settle(now=timezone.now())
    assert Event.objects.filter(state=Event.State.DONE).count() == 10_001
    assert item.runs.count() <= 3
    assert not item.hints.exists()
    assert len(asked) - quiet < 60


def test_of_a_flood_only_the_first_event_rings(alice: User) -> None:
    item = bound_item(alice)
    news = []
    for _ in range(3):
        stored = inbox.receive(event(item=item), client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
        assert stored is not None
        news.append(stored.is_news)
    SyncState.objects.update(synced_seq=3)
    again = inbox.receive(event(item=item), client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now())
    assert (news, again and again.is_news) == ([True, False, False], True)


def test_the_same_id_many_times_is_one_and_many_are_asked_for_in_parts(
    alice: User, pluggy: LocalPluggy, asked: list[str]
) -> None:
    """A-20; more than fits into a body is refused at the door (A-16)."""
    item_id = pluggy.connect(alice.reference)
    deliver(event("item/created", item=item_id))
    row = Transaction.objects.of(alice).live().latest("local_date")
    where = {"item": item_id, "accountId": str(row.account_id)}
    many = [str(uuid.uuid4()) for _ in range(1_000)] + [str(row.id)] * 5_000
    quiet = len(asked)
    stored = inbox.receive(
        event("transactions/updated", transactionIds=many, **where),
        client_id=settings.PLUGGY_CLIENT_ID, now=timezone.now(),
    )  # fmt: skip
    assert stored is not None
    item = Item.objects.get()
    assert len(item.hints.get().transaction_ids) == 1_001
    sync_item(item.id, client=our_client(), now=timezone.now)
    assert item.runs.latest("id").outcome == "succeeded"
    by_id = [path for path in asked[quiet:] if "ids" in path]
    assert len(by_id) == 3  # of at most 400
