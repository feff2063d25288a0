"""Many connections gone at once: Pluggy's word is doubted, no connection ends, and it heals by itself."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.actions import connections
from banking.application import pluggy as our_client
from banking.models import Alarm, Item, SyncRun, Transaction
from banking.pluggy import Unavailable
from banking.sync import breaker
from tests.localpluggy import LocalPluggy
from tests.payloads import bound_item
from tests.syncing import LATER, changed, live, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def item(alice: User, connect: Callable[..., Item]) -> Item:
    return connect(alice)


@pytest.fixture
def wrong_key(item: Item, pluggy: LocalPluggy) -> Item:
    """Another application's client id and secret were deployed: no item is there for it."""
    body = '{"code":404,"message":"item not found"}'
    for method in ("GET", "DELETE"):
        pluggy.fault("status", "/items/", method=method, status=404, body=body, times=1000)
    return item


def look(item: Item, *, after: timedelta = timedelta()) -> SyncRun:
    changed(item)
    return run(item, after=after)


def gone() -> set[Any]:
    return set(Item.objects.exclude(gone_at=None).values_list("id", flat=True))


def alarm() -> Alarm | None:
    return Alarm.objects.open().filter(code=Alarm.Code.GONE).first()


def test_few_ends_are_believed(bob: User, pluggy: LocalPluggy) -> None:
    ended = [bound_item(bob) for _ in range(breaker.LEAST - 1)]
    assert {look(one).outcome for one in ended} == {SyncRun.Outcome.NOTHING_TO_READ}
    assert (gone(), alarm()) == ({one.id for one in ended}, None)


def test_ends_long_after_each_other_are_believed(bob: User, pluggy: LocalPluggy) -> None:
    ended = [bound_item(bob) for _ in range(breaker.LEAST + 1)]
    for hours, one in enumerate(ended):
        look(one, after=hours * timedelta(hours=1, minutes=1))
    assert (len(gone()), alarm()) == (len(ended), None)


def test_in_a_large_house_a_share_counts(
    bob: User, pluggy: LocalPluggy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "LEAST", 1)
    monkeypatch.setattr(breaker, "SHARE", 0.5)
    first, second, third, *_ = [bound_item(bob) for _ in range(5)]
    for one in (first, second):
        look(one)
    assert gone() == {first.id, second.id}
    look(third)
    assert gone() == set()


def test_when_every_item_is_gone_none_is(
    wrong_key: Item, bob: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    """F-36: no row goes, nobody is told that their connection ended, and one alarm says what it may be."""
    before, others = live(wrong_key), [bound_item(bob) for _ in range(breaker.LEAST)]
    for one in others:
        last = look(one)
    assert last.outcome == SyncRun.Outcome.FAILED
    assert look(wrong_key).outcome == SyncRun.Outcome.FAILED
    raised = alarm()
    assert raised is not None and "another application" in raised.detail
    assert gone() == set()
    assert live(wrong_key) == before
    as_alice.cookies["django_language"] = "en"
    page = as_alice.get(reverse("connections")).content.decode()
    assert "tried again by itself" in page and "No longer connected" not in page

    pluggy.control("DELETE", "/faults")  # the right key is back
    assert run(wrong_key, after=LATER).outcome == SyncRun.Outcome.SUCCEEDED
    assert (gone(), alarm()) == (set(), None)


def test_those_marked_before_are_asked_again_by_themselves(wrong_key: Item, bob: User) -> None:
    others = [bound_item(bob) for _ in range(breaker.LEAST - 1)]
    for one in others:
        look(one)
    assert len(gone()) == breaker.LEAST - 1
    look(wrong_key)
    for one in others:
        one.sync.refresh_from_db()
    assert gone() == set()
    assert all(one.sync.is_behind and one.sync.due_at <= timezone.now() for one in others)


def test_an_item_that_was_never_doubted_proves_nothing(item: Item, bob: User, pluggy: LocalPluggy) -> None:
    """It may be new, at the other application."""
    for _ in range(breaker.LEAST):
        look(bound_item(bob))
    assert look(item).outcome == SyncRun.Outcome.SUCCEEDED
    assert alarm() is not None


def test_who_leaves_meanwhile_is_not_half_gone(wrong_key: Item, bob: User, pluggy: LocalPluggy) -> None:
    """Pluggy's "not there" would delete the rows here, and the consent would go on there."""
    for _ in range(breaker.LEAST):
        look(bound_item(bob))
    with pytest.raises(Unavailable):
        connections.disconnect(wrong_key, client=our_client(), now=timezone.now())
    assert Transaction.objects.filter(account__item=wrong_key).exists()
    pluggy.control("DELETE", "/faults")
    connections.finish_disconnection(wrong_key, client=our_client())
    assert not Item.objects.filter(id=wrong_key.id).exists()


def test_an_operator_may_believe_it(bob: User, pluggy: LocalPluggy, admin_client: Client) -> None:
    ended = [bound_item(bob) for _ in range(breaker.LEAST)]
    for one in ended:
        look(one)
    raised = alarm()
    assert raised is not None
    action = {"action": "believe_gone", "_selected_action": [raised.pk]}
    admin_client.post(reverse("admin:banking_alarm_changelist"), action)
    assert (gone(), alarm()) == ({one.id for one in ended}, None)
    assert look(ended[0], after=LATER).outcome == SyncRun.Outcome.NOTHING_TO_READ
    assert (len(gone()), alarm()) == (len(ended), None)
