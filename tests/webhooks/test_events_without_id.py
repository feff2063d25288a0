"""Events without `eventId`, as Pluggy's tutorial shows them: equal bodies within two minutes are one event."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import User
from banking.connections.models import Item
from banking.ledger.models import Transaction
from pfm import task_queue
from tests.factories import create_item
from tests.local_pluggy import LocalPluggy, wait_until
from webhooks import inbox, tasks
from webhooks.models import Event
from webhooks.secrets import SECRET_HEADER

pytestmark = pytest.mark.django_db
URL = "/webhooks/pluggy"
NOON = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_queue, "enqueue", lambda *_: False)


def tutorial(item: Any, name: str = "item/updated", **changes: Any) -> dict[str, Any]:
    item_id = str(item.id if isinstance(item, Item) else item)
    return {"event": name, "id": item_id, "itemId": item_id, "triggeredBy": "SYNC"} | changes


def deliver(body: Any) -> int:
    headers = {SECRET_HEADER: settings.PLUGGY_WEBHOOK_SECRET}
    text = json.dumps(body)
    return Client().post(URL, text, content_type="application/json", headers=headers).status_code


def receive(body: dict[str, Any], *, at: datetime = NOON) -> Event | None:
    return inbox.receive(body, client_id=settings.PLUGGY_CLIENT_ID, now=at)


def dirty_seq(item: Item) -> int:
    item.sync.refresh_from_db()
    return int(item.sync.dirty_seq)


# --- What is accepted --------------------------------------------------------------------------------
def test_the_body_of_the_tutorial_marks_its_item_as_changed(alice: User) -> None:
    item = create_item(alice)
    assert deliver(tutorial(item)) == 202
    stored = Event.objects.get()
    assert (stored.state, stored.item_id, dirty_seq(item)) == ("queued", item.id, 1)


@pytest.mark.parametrize("event_id", [None, ""])
def test_an_empty_event_id_is_none(alice: User, event_id: Any) -> None:
    item = create_item(alice)
    assert [deliver(tutorial(item, eventId=event_id)) for _ in range(2)] == [202, 202]
    assert (Event.objects.get().deliveries, dirty_seq(item)) == (2, 1)


@pytest.mark.parametrize("missing", [{}, {"itemId": None}, {"itemId": ""}])
def test_id_stands_in_for_a_missing_item_id(alice: User, missing: dict[str, Any]) -> None:
    item = create_item(alice)
    assert deliver({"event": "item/updated", "id": str(item.id)} | missing) == 202
    assert (Event.objects.get().item_id, dirty_seq(item)) == (item.id, 1)


def test_item_id_is_stronger_than_id(alice: User) -> None:
    item = create_item(alice)
    assert deliver(tutorial(item, id=str(uuid.uuid4()))) == 202
    assert Event.objects.get().item_id == item.id


def test_an_id_that_is_the_event_is_no_item() -> None:
    event_id = str(uuid.uuid4())
    assert deliver({"event": "item/updated", "eventId": event_id, "id": event_id}) == 202
    stored = Event.objects.get()
    assert (stored.item_id, stored.state, stored.reason) == (None, "ignored", "names no item")


def test_the_id_of_a_transaction_event_is_no_item(alice: User) -> None:
    item = create_item(alice)
    assert deliver({"event": "transactions/created", "id": str(item.id)}) == 202
    assert (Event.objects.get().item_id, dirty_seq(item)) == (None, 0)


@pytest.mark.parametrize(
    "body",
    [
        {"event": "item/updated"},
        {"event": "item/updated", "id": None, "itemId": None},
        {"event": "item/updated", "id": "601"},
        {"event": "item/updated", "id": 7},
        {"event": "item/updated", "id": ["a"], "triggeredBy": {"a": 1}},
    ],
)
def test_an_item_event_that_names_no_item_is_recorded(body: dict[str, Any]) -> None:
    assert deliver(body) == 202
    stored = Event.objects.get()
    assert (stored.state, stored.reason, stored.body) == ("ignored", "names no item", body)


@pytest.mark.parametrize(
    "changes", [{"eventId": "../../auth"}, {"eventId": 7}, {"itemId": "x"}, {"itemId": 7}]
)
def test_an_id_that_is_no_uuid_is_400(changes: dict[str, Any]) -> None:
    assert deliver(tutorial(uuid.uuid4(), **changes)) == 400
    assert not Event.objects.exists()


def test_an_unknown_item_is_parked_once() -> None:
    body = tutorial(uuid.uuid4(), "item/created")
    assert [deliver(body), deliver(body)] == [202, 202]
    stored = Event.objects.get()
    assert (stored.state, stored.deliveries) == ("parked", 2)


def test_a_connector_event_without_event_id_is_queued() -> None:
    body = {
        "event": "connector/status_updated",
        "id": "601",
        "connectorId": 601,
        "data": {"status": "ONLINE"},
    }
    assert [deliver(body), deliver(body)] == [202, 202]
    assert (Event.objects.get().state, Event.objects.get().item_id) == ("queued", None)


def test_another_applications_body_without_event_id_is_ignored(alice: User) -> None:
    item = create_item(alice)
    assert deliver(tutorial(item, clientId=str(uuid.uuid4()))) == 202
    assert (Event.objects.get().state, dirty_seq(item)) == ("ignored", 0)


# --- What counts once --------------------------------------------------------------------------------
@pytest.mark.parametrize("offset", [0, 1, 59, 60, 100, 119])
@pytest.mark.parametrize("seconds", [0, 1, 30, 119])
def test_an_equal_body_within_two_minutes_counts_once(alice: User, offset: int, seconds: int) -> None:
    """Whatever the clock shows at the first: no border of spans lies between them."""
    item, start = create_item(alice), NOON + offset * SECOND
    assert receive(tutorial(item), at=start) is not None
    assert receive(tutorial(item), at=start + seconds * SECOND) is None
    assert (Event.objects.get().deliveries, dirty_seq(item)) == (2, 1)


@pytest.mark.parametrize("offset", [0, 1, 60, 119])
@pytest.mark.parametrize("seconds", [120, 121, 3600, 24 * 3600])
def test_an_equal_body_later_is_new_work(alice: User, offset: int, seconds: int) -> None:
    item, start = create_item(alice), NOON + offset * SECOND
    assert receive(tutorial(item), at=start) is not None
    assert receive(tutorial(item), at=start + seconds * SECOND) is not None
    assert (Event.objects.count(), dirty_seq(item)) == (2, 2)


def test_the_window_begins_with_the_first_delivery(alice: User) -> None:
    """A body that is repeated every minute does not stay one event for ever."""
    item = create_item(alice)
    counted = [receive(tutorial(item), at=NOON + minute * 60 * SECOND) is not None for minute in range(6)]
    assert counted == [True, False, True, False, True, False]


@pytest.mark.django_db(transaction=True)
def test_equal_bodies_at_the_same_moment_count_once(alice: User) -> None:
    item = create_item(alice)

    def deliver_once(_: int) -> int:
        try:
            return deliver(tutorial(item))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(deliver_once, range(24))) == {202}
    events = list(Event.objects.all())
    assert sum(stored.deliveries for stored in events) == 24
    assert len(events) == dirty_seq(item) == 1


def test_the_order_of_keys_makes_no_difference(alice: User) -> None:
    body = tutorial(create_item(alice))
    assert receive(body) is not None
    assert receive(dict(reversed(body.items()))) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"event": "item/error"},
        {"triggeredBy": "USER"},
        {"triggeredBy": None},
        {"error": {"code": "INVALID_CREDENTIALS"}},
        {"eventId": "7f3c1c1e-5d1f-4b57-9a0c-6a1f2a7b9c10"},
    ],
)
def test_a_body_that_differs_is_another_event(alice: User, changes: dict[str, Any]) -> None:
    item = create_item(alice)
    assert receive(tutorial(item)) is not None
    assert receive(tutorial(item) | changes) is not None
    assert (Event.objects.count(), dirty_seq(item)) == (2, 2)


def test_the_same_body_of_two_items_is_two_events(alice: User, bob: User) -> None:
    items = [create_item(alice), create_item(bob)]
    assert all(receive(tutorial(item)) is not None for item in items)
    assert [dirty_seq(item) for item in items] == [1, 1]


def test_two_events_of_transactions_with_other_ids_are_two_events(alice: User) -> None:
    item, account_id = create_item(alice), str(uuid.uuid4())
    where = {"event": "transactions/updated", "itemId": str(item.id), "accountId": account_id}
    for _ in range(2):
        assert deliver(where | {"transactionIds": [str(uuid.uuid4())]}) == 202
    assert (item.hints.count(), dirty_seq(item)) == (2, 2)


# --- Any body -----------------------------------------------------------------------------------------
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.uuids().map(str), st.lists(st.text(max_size=3)),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip
NAMES = st.sampled_from(
    ["item/updated", "item/created", "transactions/updated", "connector/status_updated", "x"]
)


@given(
    st.fixed_dictionaries(
        {"event": NAMES}, optional=dict.fromkeys(("id", "itemId", "eventId", "accountId"), ODD)
    )
)
@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_body_is_stored_or_refused_and_never_a_server_error(body: dict[str, Any]) -> None:
    if "\\u0000" in json.dumps(body):
        return  # PostgreSQL refuses it, which ends the transaction of this test; test_views.py has it
    before = Event.objects.count()
    status = deliver(body)
    assert status in (202, 400)
    assert status == 202 or Event.objects.count() == before


# --- With the local Pluggy ---------------------------------------------------------------------------
@pytest.mark.usefixtures("categories")
def test_the_local_pluggys_tutorial_body_leads_to_the_data(alice: User, pluggy: LocalPluggy) -> None:
    pluggy.api("POST", "/webhooks", json={"url": "http://localhost:9/", "event": "all"})
    pluggy.control("POST", "/deliveries/faults", kind="no-event-id", event="^item/created", times=None)
    item_id = pluggy.connect(alice.reference)

    def sent() -> list[dict[str, Any]]:
        listed = pluggy.control("GET", f"/events?itemId={item_id}&event=item/created")["results"]
        return [entry["payload"] for entry in listed]

    wait_until(lambda: sent(), seconds=5, what="the event is published")
    (body,) = sent()
    assert set(body) == {"event", "id", "itemId", "triggeredBy"}
    stored = receive(body, at=timezone.now())
    assert stored is not None
    tasks.follow_up(stored.id)
    inbox.settle(now=timezone.now())
    stored.refresh_from_db()
    assert stored.state == Event.State.DONE
    assert Transaction.objects.of(alice).exists()
