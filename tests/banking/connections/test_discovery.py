"""Items at Pluggy that no browser has claimed and no event has named are found by listing, once a day."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import User
from banking.connections import discovery
from banking.connections.models import Alert, Item, ItemListing
from banking.ledger.models import Transaction
from banking.pluggy import Client, ItemPage
from banking.web import tasks
from banking.web.api_client import pluggy as our_client
from tests.local_pluggy import LocalPluggy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
DAY = timedelta(days=1)
NOT_ENABLED = {"code": 403, "message": "Listing items is not enabled for this application"}


def find(*, after: timedelta = timedelta()) -> list[str]:
    found = discovery.find_unclaimed_items(client=our_client(), now=timezone.now() + after)
    return [str(item_id) for item_id in found]


def refuse(pluggy: LocalPluggy, path: str = "^/v2/items", *, code: str = "ITEMS_LIST_NOT_ENABLED") -> None:
    body = NOT_ENABLED | ({"codeDescription": code} if code else {})
    pluggy.fault("status", path, status=403, body=body, times=None)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make each item a page of its own; return the cursors that were asked for."""
    asked: list[str] = []
    items = Client.items

    def one_by_one(client: Client, *, client_user_id: str = "", after: str = "") -> Any:
        asked.append(after)
        payloads = [each for page in items(client, client_user_id=client_user_id) for each in page.items]
        start = 1 + [str(each.id) for each in payloads].index(after) if after else 0
        for number in range(start, len(payloads)):
            is_last = number == len(payloads) - 1
            yield ItemPage([payloads[number]], "" if is_last else str(payloads[number].id))

    monkeypatch.setattr(Client, "items", one_by_one)
    return asked


# --- What is found -----------------------------------------------------------------------------------------
def test_an_item_whose_claim_and_events_were_lost_is_found(
    alice: User, bob: User, pluggy: LocalPluggy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfm.task_queue.enqueue", lambda task, *args: task(*args))
    item_id = pluggy.connect(alice.reference)
    tasks.find_unclaimed_items()
    item = Item.objects.get()
    assert (str(item.id), item.user) == (item_id, alice)
    assert Transaction.objects.of(alice).exists()
    assert (ItemListing.objects.get().listed_count, ItemListing.objects.get().claimed_count) == (1, 1)


def test_items_that_are_known_or_of_nobody_here_are_left_alone(
    alice: User, bob: User, pluggy: LocalPluggy, connect: Callable[..., Item]
) -> None:
    known, disconnected = connect(alice), connect(bob)
    Item.objects.filter(id=disconnected.id).update(disconnected_at=timezone.now())
    pluggy.connect("somebody-elsewhere")
    known.sync.refresh_from_db()
    seq = known.sync.dirty_seq
    assert find() == []
    known.sync.refresh_from_db()
    assert (Item.objects.count(), known.sync.dirty_seq) == (2, seq)
    assert ItemListing.objects.get().listed_count == 3


def test_the_items_of_a_deactivated_user_are_found_when_they_are_active_again(
    alice: User, pluggy: LocalPluggy
) -> None:
    item_id = pluggy.connect(alice.reference)
    User.objects.update(is_active=False)
    assert find() == []
    User.objects.update(is_active=True)
    assert find(after=DAY) == [item_id]


def test_pluggy_confirms_whose_an_item_is(
    alice: User, bob: User, pluggy: LocalPluggy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list says alice, the item itself says bob: the item counts."""
    item_id = pluggy.connect(bob.reference)
    listed = {"id": item_id, "connector": {"id": 9001}, "status": "UPDATED", "clientUserId": alice.reference}
    body = {"results": [listed, {"id": 7}, "x", None], "next": None}
    pluggy.fault("status", "^/v2/items", status=200, body=body)
    assert find() == [item_id]
    assert Item.objects.get().user == bob


def test_an_item_that_cannot_be_decoded_is_asked_for_by_its_id(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    pluggy.fault("status", "^/v2/items", status=200, body={"results": [{"id": item_id}], "next": None})
    assert find() == [item_id]


def test_one_item_that_is_refused_does_not_stop_the_others(
    alice: User, bob: User, pluggy: LocalPluggy
) -> None:
    ids = [pluggy.connect(alice.reference), pluggy.connect(bob.reference)]
    body = {"code": 400, "codeDescription": "X", "message": "no"}
    pluggy.fault("status", f"^/items/{ids[0]}", status=400, body=body, times=None)
    assert find() == [ids[1]]


# --- How often, and after an interruption ------------------------------------------------------------------
def test_it_lists_once_a_day(alice: User, pluggy: LocalPluggy) -> None:
    assert find() == []
    item_id = pluggy.connect(alice.reference)
    assert find(after=timedelta(hours=1)) == find(after=timedelta(hours=20)) == []
    assert ItemListing.objects.count() == 1
    assert find(after=DAY) == [item_id]


def test_an_interrupted_listing_continues_at_its_page(
    alice: User, pluggy: LocalPluggy, small_pages: list[str]
) -> None:
    ids = [pluggy.connect(alice.reference) for _ in range(3)]
    pluggy.fault("status", f"^/items/{ids[1]}", status=503)
    first = find()
    assert (first, ItemListing.objects.get().finished_at) == ([ids[2]], None)  # the newest is first
    assert "503" in ItemListing.objects.get().failure
    assert find(after=timedelta(hours=1)) == [ids[1], ids[0]]
    assert small_pages == ["", ids[2]]
    listing = ItemListing.objects.get()
    assert (listing.finished_at is not None, listing.failure, listing.claimed_count) == (True, "", 3)


def test_an_unreachable_pluggy_opens_no_alert(pluggy: LocalPluggy) -> None:
    pluggy.fault("status", "^/v2/items", status=503)
    assert find() == []
    assert not Alert.objects.exists()
    assert find(after=timedelta(hours=1)) == []
    assert ItemListing.objects.get().finished_at is not None


# --- Where Pluggy refuses it ---------------------------------------------------------------------------------
@pytest.mark.parametrize("code", ["ITEMS_LIST_NOT_ENABLED", ""])
def test_a_refusal_breaks_nothing_and_operators_read_it(
    alice: User, pluggy: LocalPluggy, admin_client: Browser, code: str
) -> None:
    """A 403 without a code is what Pluggy answers to a bad key, too: here it is about the list only."""
    refuse(pluggy, code=code)
    pluggy.connect(alice.reference)
    assert find() == find(after=timedelta(hours=2)) == find(after=DAY) == []
    assert not Item.objects.exists()
    alert = Alert.objects.get()
    assert (alert.code, "GET /v2/items" in alert.detail) == (Alert.Code.NOT_LISTED, True)
    assert b"items not listed" in admin_client.get("/admin/connections/alert/").content
    assert b"403" in admin_client.get("/admin/connections/itemlisting/").content
    our_client().webhooks()  # the key is still good


def test_the_alert_closes_when_the_list_is_open(alice: User, pluggy: LocalPluggy) -> None:
    refuse(pluggy)
    item_id = pluggy.connect(alice.reference)
    find()
    pluggy.control("DELETE", "/faults")
    assert find(after=DAY) == [item_id]
    assert not Alert.objects.active().exists()


def test_where_only_the_items_of_one_user_are_listed_each_user_is_asked_for(
    alice: User, bob: User, pluggy: LocalPluggy
) -> None:
    refuse(pluggy, r"^/v2/items(?!\?clientUserId=)")
    ids = sorted(pluggy.connect(user.reference) for user in (alice, bob))
    long_ago = timezone.now() - timedelta(days=90)
    User.objects.update(last_login=timezone.now())
    absent = User.objects.create(email="c@example.com", last_login=long_ago)
    pluggy.connect(absent.reference)  # who was not here for months has connected nothing
    assert sorted(find()) == ids
    assert ItemListing.objects.get().way == ItemListing.Way.BY_USER
    assert not Alert.objects.exists()


def test_listing_by_user_continues_with_the_next_user(alice: User, bob: User, pluggy: LocalPluggy) -> None:
    refuse(pluggy, r"^/v2/items(?!\?clientUserId=)")
    User.objects.update(last_login=timezone.now())
    ids = [pluggy.connect(user.reference) for user in (alice, bob)]
    pluggy.fault("status", f"^/items/{ids[1]}", status=503)
    assert find() == [ids[0]]
    assert ItemListing.objects.get().cursor == str(alice.pk)
    assert find(after=timedelta(hours=1)) == [ids[1]]
    assert ItemListing.objects.get().listed_count == 2


def test_wrong_keys_are_not_taken_for_a_refused_list(pluggy: LocalPluggy) -> None:
    pluggy.fault("status", "^/auth", method="POST", status=401, body={"code": 401}, times=None)
    our_client()._key_until = 0
    assert find() == []
    assert Alert.objects.get().code == Alert.Code.CREDENTIALS
    assert ItemListing.objects.get().finished_at is None


def test_the_list_is_followed_by_its_cursor(alice: User, pluggy: LocalPluggy) -> None:
    connector = {"id": 9001, "name": "x"}
    pages = [[UUID(int=number), UUID(int=number + 1)] for number in (1, 3)]
    bodies = [
        {
            "results": [{"id": str(each), "connector": connector, "status": "UPDATED"} for each in page],
            "next": following,
        }
        for page, following in zip(pages, ["https://evil.test/?after=abc", None], strict=True)
    ]
    pluggy.fault("status", "^/v2/items$", status=200, body=bodies[0])
    pluggy.fault("status", "^/v2/items.after=abc$", status=200, body=bodies[1])
    listed = [[item.id for item in page.items] for page in our_client().items()]
    assert listed == pages
