"""Pluggy sends no category for any transaction: pages and alerts say so, and stop when it does again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Alert, Item, SyncRun
from tests.factories import create_item
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync
from webhooks import monitoring

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
Connect = Callable[..., Item]
TEXT = "new transactions arrive without categories"


def is_said(client: Client, item: Item) -> bool:
    client.cookies["django_language"] = "en"
    pages = [
        client.get(url).content.decode()
        for url in (reverse("connections"), reverse("connection", args=[item.id]))
    ]
    assert len({TEXT in page for page in pages}) == 1
    return TEXT in pages[0]


def check() -> bool:
    monitoring.check_deliveries(now=timezone.now())
    return Alert.objects.is_active(Alert.Code.CATEGORIES)


def test_the_end_of_the_trial_is_said_and_taken_back(
    alice: User, as_alice: Client, pluggy: LocalPluggy, connect: Connect
) -> None:
    pluggy.control("POST", "/categorization", on=False)
    item = connect(alice)
    assert check()
    assert is_said(as_alice, item)
    alert = Alert.objects.active().get(code=Alert.Code.CATEGORIES)
    assert "trial" in alert.detail and "rules" in alert.detail
    pluggy.control("POST", "/categorization", on=True)
    mark_changed(item)
    run_sync(item)
    assert not check()
    assert not is_said(as_alice, item)


def test_nothing_is_said_while_categories_come(
    alice: User, as_alice: Client, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    assert not check()
    assert not is_said(as_alice, item)


def add_run(item: Item, new: int, categorized: int, *, hours_ago: int = 0) -> None:
    at = timezone.now() - timedelta(hours=hours_ago)
    counts = {"new_transactions": new, "new_categorized": categorized}
    SyncRun.objects.create(
        user=item.user, item=item, fence=1, target_seq=0, started_at=at, finished_at=at, **counts
    )


@pytest.mark.parametrize(
    ("runs", "is_active"),
    [
        ([], False),
        ([(19, 0, 1)], False),  # too few to tell
        ([(20, 0, 1)], True),
        ([(12, 0, 1), (8, 0, 2), (50, 50, 3)], True),  # since then none has one
        ([(12, 1, 1), (80, 0, 2)], False),
        ([(19, 0, 1), (50, 1, 2)], False),
        ([(20, 0, 24 * 8)], False),  # too long ago
        ([(0, 0, 1), (20, 0, 2)], True),
    ],
)
def test_the_newest_transactions_decide(
    alice: User, runs: list[tuple[int, int, int]], is_active: bool
) -> None:
    item = create_item(alice)
    for new, categorized, hours_ago in runs:
        add_run(item, new, categorized, hours_ago=hours_ago)
    assert check() is is_active


def test_an_alert_stays_while_nothing_new_comes(alice: User) -> None:
    item = create_item(alice)
    add_run(item, 20, 0, hours_ago=24 * 6)
    assert check()
    SyncRun.objects.all().delete()
    assert check()
    add_run(item, 1, 1)
    assert not check()


def test_the_admin_says_it_in_words(admin_client: Client, alice: User) -> None:
    add_run(create_item(alice), 30, 0)
    assert check()
    page = admin_client.get(reverse("admin:connections_alert_changelist")).content.decode()
    assert "Pluggy sent the 30 newest transactions without a category" in page
