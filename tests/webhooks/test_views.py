"""The webhook endpoint: who may deliver, and the response to each delivery."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from accounts.models import User
from banking.connections.models import SyncState
from pfm import task_queue
from tests.factories import create_item
from tests.payloads import event
from webhooks import inbox
from webhooks.models import Event
from webhooks.secrets import SECRET_HEADER

URL = "/webhooks/pluggy"


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No task is enqueued: these tests rely on the database alone."""
    monkeypatch.setattr(task_queue, "enqueue", lambda *_: False)


def deliver(body: Any, *, secret: str | None = None, **headers: str) -> int:
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    secret = settings.PLUGGY_WEBHOOK_SECRET if secret is None else secret
    response = Client().post(
        URL, data, content_type="application/json", headers={SECRET_HEADER: secret} | headers
    )
    return response.status_code


@pytest.mark.django_db
@pytest.mark.parametrize(
    "secret", ["", " ", "wrong", "é" * 8, "x" * 100_000, settings.PLUGGY_WEBHOOK_SECRET[:-1]]
)
def test_a_wrong_secret_is_401_and_nothing_is_stored(secret: str) -> None:
    assert deliver(event(), secret=secret) == 401
    assert deliver("{not even json", secret=secret) == 401
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_a_missing_secret_is_401() -> None:
    assert Client().post(URL, json.dumps(event()), content_type="application/json").status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        '"x"',
        "{",
        "[" * 100_000,
        b"\xff\xfe{\x00}\x00",
        '{"event": "item/updated", "eventId": NaN}',
        '{"event": "item/error", "event": "x", "eventId": "7f3c1c1e-5d1f-4b57-9a0c-6a1f2a7b9c10"}',
        {"eventId": str(uuid.uuid4())},
        {"event": 7, "eventId": str(uuid.uuid4())},
        {"event": "item/updated", "eventId": "../../auth"},
        {"event": "item/updated", "eventId": str(uuid.uuid4()), "itemId": "x?itemId=y"},
        {"event": "item/updated", "eventId": str(uuid.uuid4()), "itemId": ["a"]},
    ],
)
def test_an_invalid_body_is_400_and_nothing_is_stored(body: Any) -> None:
    assert deliver(body) == 400
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_body_with_nul_is_400_and_nothing_is_stored(alice: User) -> None:
    item = create_item(alice)
    assert deliver(event(item=item, note="\x00")) == 400
    item.sync.refresh_from_db()
    assert (Event.objects.exists(), item.sync.dirty_seq) == (False, 0)


@pytest.mark.django_db
def test_invalid_transaction_ids_are_400(alice: User) -> None:
    body = event("transactions/deleted", item=create_item(alice), accountId=str(uuid.uuid4()))
    assert deliver(body | {"transactionIds": "all"}) == 400
    assert deliver(body | {"transactionIds": ["1; DROP TABLE"]}) == 400
    assert deliver(body | {"transactionIds": None}) == 202


@pytest.mark.django_db
def test_a_body_that_is_too_large_is_413() -> None:
    assert deliver(event(padding="x" * 300_000)) == 413
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_other_methods_are_405_and_no_slash_redirects_the_body() -> None:
    assert Client().get(URL).status_code == 405
    assert Client().put(URL).status_code == 405
    assert Client().post(URL + "/", "{}", content_type="application/json").status_code == 404


@pytest.mark.django_db
def test_a_database_failure_is_503_so_that_pluggy_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise OperationalError("the database is down")

    monkeypatch.setattr(inbox, "receive", down)
    assert deliver(event()) == 503


@pytest.mark.django_db
def test_an_event_marks_its_item_as_changed(alice: User) -> None:
    item = create_item(alice)
    assert deliver(event(item=item)) == 202
    item.sync.refresh_from_db()
    stored = Event.objects.get()
    assert (stored.state, stored.seq, item.sync.dirty_seq) == ("queued", 1, 1)


@pytest.mark.django_db
def test_a_repeated_delivery_is_counted_and_has_no_effect(alice: User) -> None:
    item = create_item(alice)
    body = event(item=item)
    assert [deliver(body) for _ in range(3)] == [202, 202, 202]
    item.sync.refresh_from_db()
    assert (Event.objects.get().deliveries, item.sync.dirty_seq) == (3, 1)


@pytest.mark.django_db(transaction=True)
def test_fifty_concurrent_deliveries_are_one_event(alice: User) -> None:
    item = create_item(alice)
    body = event(item=item)

    def deliver_once(_: int) -> int:
        try:
            return deliver(body)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(deliver_once, range(50))) == {202}
    item.sync.refresh_from_db()
    assert (Event.objects.get().deliveries, item.sync.dirty_seq) == (50, 1)


@pytest.mark.django_db(transaction=True)
def test_many_repeated_deliveries_store_each_event_once(alice: User) -> None:
    """F-14: every event is delivered nine times, from several threads in any order."""
    items = [create_item(alice) for _ in range(3)]
    bodies = [event(item=items[number % 3]) for number in range(60)]

    def deliver_all(seed: int) -> set[int]:
        try:
            return {deliver(body) for body in Random(seed).sample(bodies, len(bodies))}
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert set.union(*pool.map(deliver_all, range(9))) == {202}
    assert Event.objects.count() == 60
    assert set(Event.objects.values_list("deliveries", flat=True)) == {9}
    assert [SyncState.objects.get(item=item).dirty_seq for item in items] == [20, 20, 20]


@pytest.mark.django_db
def test_a_repeated_transaction_id_is_413_above_the_size_limit() -> None:
    """A-20."""
    ids = [str(uuid.uuid4())] * 100_000
    assert deliver(event("transactions/updated", accountId=str(uuid.uuid4()), transactionIds=ids)) == 413
    assert not Event.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["payment_intent/created", "item/all", "something/new", "boleto/updated"])
def test_unused_events_are_stored_as_ignored(name: str) -> None:
    assert deliver(event(name, future={"field": [1]})) == 202
    assert Event.objects.get().state == Event.State.IGNORED


@pytest.mark.django_db
def test_another_applications_event_is_ignored(alice: User) -> None:
    item = create_item(alice)
    assert deliver(event(item=item, clientId=str(uuid.uuid4()))) == 202
    item.sync.refresh_from_db()
    assert (Event.objects.get().state, item.sync.dirty_seq) == ("ignored", 0)


@pytest.mark.django_db
def test_an_unknown_item_is_parked() -> None:
    assert deliver(event()) == 202
    assert Event.objects.get().state == Event.State.PARKED


@pytest.mark.django_db
def test_ids_of_changed_transactions_are_kept_as_hints(alice: User) -> None:
    item, account_id, transaction_id = create_item(alice), uuid.uuid4(), uuid.uuid4()
    ids = [str(transaction_id)] * 3
    body = event("transactions/updated", item=item, accountId=str(account_id), transactionIds=ids)
    assert deliver(body) == 202
    hint = item.hints.get()
    assert (hint.kind, hint.account_id, hint.seq) == ("updated", account_id, 1)
    assert hint.transaction_ids == [transaction_id]
