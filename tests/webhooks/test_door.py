"""The webhook's door: who may deliver, and what each delivery is answered."""

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
from banking.models import SyncState
from pfm import bell
from tests.payloads import bound_item, event
from webhooks import inbox, views
from webhooks.models import Event

URL = "/webhooks/pluggy"


@pytest.fixture(autouse=True)
def _no_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers the bell here: what must hold, holds by the database alone."""
    monkeypatch.setattr(bell, "ring", lambda *_: False)


def deliver(body: Any, *, secret: str | None = None, **headers: str) -> int:
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    secret = settings.PLUGGY_WEBHOOK_SECRET if secret is None else secret
    answer = Client().post(
        URL, data, content_type="application/json", headers={views.SECRET_HEADER: secret} | headers
    )
    return answer.status_code


@pytest.mark.django_db
@pytest.mark.parametrize(
    "secret", ["", " ", "wrong", "é" * 8, "x" * 100_000, settings.PLUGGY_WEBHOOK_SECRET[:-1]]
)
def test_a_wrong_secret_is_401_and_nothing_is_stored(secret: str) -> None:
    assert deliver(event(), secret=secret) == 401
    assert deliver("{not even json", secret=secret) == 401
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_no_secret_at_all_is_401() -> None:
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
        {"event": "item/updated"},
        {"eventId": str(uuid.uuid4())},
        {"event": 7, "eventId": str(uuid.uuid4())},
        {"event": "item/updated", "eventId": "../../auth"},
        {"event": "item/updated", "eventId": str(uuid.uuid4()), "itemId": "x?itemId=y"},
        {"event": "item/updated", "eventId": str(uuid.uuid4()), "itemId": ["a"]},
    ],
)
def test_authenticated_nonsense_is_400_and_nothing_is_stored(body: Any) -> None:
    assert deliver(body) == 400
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_the_database_cannot_hold_is_400_and_nothing_is_stored(alice: User) -> None:
    item = bound_item(alice)
    assert deliver(event(item=item, note="\x00")) == 400
    item.sync.refresh_from_db()
    assert (Event.objects.exists(), item.sync.dirty_seq) == (False, 0)


@pytest.mark.django_db
def test_nonsense_ids_of_transactions_are_400(alice: User) -> None:
    body = event("transactions/deleted", item=bound_item(alice), accountId=str(uuid.uuid4()))
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
def test_our_own_trouble_is_503_so_that_pluggy_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise OperationalError("the database is down")

    monkeypatch.setattr(inbox, "receive", down)
    assert deliver(event()) == 503


@pytest.mark.django_db
def test_an_event_marks_its_item_as_changed(alice: User) -> None:
    item = bound_item(alice)
    assert deliver(event(item=item)) == 202
    item.sync.refresh_from_db()
    stored = Event.objects.get()
    assert (stored.state, stored.seq, item.sync.dirty_seq) == ("queued", 1, 1)


@pytest.mark.django_db
def test_a_repeated_delivery_is_counted_and_has_no_effect(alice: User) -> None:
    item = bound_item(alice)
    body = event(item=item)
    assert [deliver(body) for _ in range(3)] == [202, 202, 202]
    item.sync.refresh_from_db()
    assert (Event.objects.get().deliveries, item.sync.dirty_seq) == (3, 1)


@pytest.mark.django_db(transaction=True)
def test_fifty_deliveries_at_once_are_one_event(alice: User) -> None:
    item = bound_item(alice)
    body = event(item=item)

    def one(_: int) -> int:
        try:
            return deliver(body)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(50))) == {202}
    item.sync.refresh_from_db()
    assert (Event.objects.get().deliveries, item.sync.dirty_seq) == (50, 1)


@pytest.mark.django_db(transaction=True)
def test_a_storm_of_repetitions_is_one_row_and_one_effect_each(alice: User) -> None:
    """F-14: nine tries of every event, from several threads in any order."""
    items = [bound_item(alice) for _ in range(3)]
    bodies = [event(item=items[number % 3]) for number in range(60)]

    def tries(seed: int) -> set[int]:
        try:
            return {deliver(body) for body in Random(seed).sample(bodies, len(bodies))}
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert set.union(*pool.map(tries, range(9))) == {202}
    assert Event.objects.count() == 60
    assert set(Event.objects.values_list("deliveries", flat=True)) == {9}
    assert [SyncState.objects.get(item=item).dirty_seq for item in items] == [20, 20, 20]


@pytest.mark.django_db
def test_many_times_the_same_id_of_a_row_is_413_above_the_limit() -> None:
    """A-20."""
    ids = [str(uuid.uuid4())] * 100_000
    assert deliver(event("transactions/updated", accountId=str(uuid.uuid4()), transactionIds=ids)) == 413
    assert not Event.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["payment_intent/created", "item/all", "something/new", "boleto/updated"])
def test_events_that_nobody_here_uses_are_stored_as_ignored(name: str) -> None:
    assert deliver(event(name, future={"field": [1]})) == 202
    assert Event.objects.get().state == Event.State.IGNORED


@pytest.mark.django_db
def test_another_applications_event_is_ignored(alice: User) -> None:
    item = bound_item(alice)
    assert deliver(event(item=item, clientId=str(uuid.uuid4()))) == 202
    item.sync.refresh_from_db()
    assert (Event.objects.get().state, item.sync.dirty_seq) == ("ignored", 0)


@pytest.mark.django_db
def test_an_unknown_item_is_parked() -> None:
    assert deliver(event()) == 202
    assert Event.objects.get().state == Event.State.PARKED


@pytest.mark.django_db
def test_ids_of_changed_transactions_are_kept_as_hints(alice: User) -> None:
    item, account, row = bound_item(alice), uuid.uuid4(), uuid.uuid4()
    body = event("transactions/updated", item=item, accountId=str(account), transactionIds=[str(row)] * 3)
    assert deliver(body) == 202
    hint = item.hints.get()
    assert (hint.kind, hint.account_id, hint.transaction_ids, hint.seq) == ("updated", account, [row], 1)
