"""Connecting: whose item it is, is Pluggy's word alone; leaving ends it there first, then here."""

import base64
import json
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking import application, tasks
from banking.actions import connections
from banking.actions.parts import Piece, split
from banking.actions.transactions import say
from banking.classify import Word
from banking.models import (
    Account,
    Item,
    Kind,
    Link,
    MonthTotal,
    RowChange,
    SyncRun,
    Telling,
    Transaction,
    Wording,
)
from banking.upsert.words import Said
from tests.localpluggy import LocalPluggy
from tests.payloads import bound_item

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The bell is heard, and answered when a test says so."""
    heard: list[str] = []
    monkeypatch.setattr("pfm.bell.ring", lambda task, item_id: heard.append(item_id))
    return heard


def post(client: Client, name: str, body: Any) -> Any:
    return client.post(reverse(name), json.dumps(body), content_type="application/json")


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


# --- Tokens ------------------------------------------------------------------------------------------
def test_a_token_carries_the_opaque_reference(as_alice: Client, alice: User, pluggy: LocalPluggy) -> None:
    answer = post(as_alice, "connect_token", {})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    claims = claims_of(answer.json()["accessToken"])
    assert claims["clientUserId"] == alice.reference
    assert alice.email not in json.dumps(claims)
    assert "webhookUrl" not in json.dumps(claims)


def test_a_token_for_an_update_needs_an_item_of_ones_own(
    as_alice: Client, as_bob: Client, alice: User, pluggy: LocalPluggy
) -> None:
    item_id = pluggy.connect(alice.reference)
    post(as_alice, "claim", {"itemId": item_id})
    pluggy.fault("status", "/connect_token", method="POST", status=500)  # bob's asking must not reach it
    assert post(as_bob, "connect_token", {"itemId": item_id}).status_code == 404
    assert post(as_alice, "connect_token", {"itemId": item_id}).status_code == 503  # there it was
    token = post(as_alice, "connect_token", {"itemId": item_id}).json()["accessToken"]
    assert claims_of(token)["itemId"] == item_id


def test_tokens_are_limited_per_person(as_alice: Client, as_bob: Client, pluggy: LocalPluggy) -> None:
    answers = [post(as_alice, "connect_token", {}).status_code for _ in range(32)]
    assert answers[:30] == [200] * 30
    assert answers[30:] == [429] * 2
    assert post(as_bob, "connect_token", {}).status_code == 200


def test_a_token_is_only_given_to_a_post(as_alice: Client) -> None:
    assert as_alice.get(reverse("connect_token")).status_code == 405


def test_pluggy_down_is_said_in_words(as_alice: Client, pluggy: LocalPluggy) -> None:
    pluggy.fault("status", "/connect_token", method="POST", status=502, times=5)
    answer = post(as_alice, "connect_token", {})
    assert answer.status_code == 503
    assert answer.json()["error"]


# --- Claims ------------------------------------------------------------------------------------------
def test_a_claim_binds_the_item_and_rings(
    as_alice: Client, alice: User, pluggy: LocalPluggy, rung: list[str]
) -> None:
    item_id = pluggy.connect(alice.reference)
    answer = post(as_alice, "claim", {"itemId": item_id})
    assert answer.json() == {"url": reverse("overview")}
    assert Item.objects.of(alice).get().connector.name
    assert rung == [item_id]
    tasks.run_until_settled(uuid.UUID(item_id))
    assert Transaction.objects.of(alice).exists()


def test_a_second_claim_is_the_same_row(as_alice: Client, alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    assert [post(as_alice, "claim", {"itemId": item_id}).status_code for _ in range(2)] == [200, 200]
    assert Item.objects.count() == 1


@pytest.mark.parametrize("reference", ["somebody-else", None])
def test_an_item_of_somebody_else_is_not_there(
    as_bob: Client, pluggy: LocalPluggy, reference: str | None
) -> None:
    item_id = pluggy.connect(reference or "")
    assert post(as_bob, "claim", {"itemId": item_id}).status_code == 404
    assert not Item.objects.exists()


def test_anothers_bound_item_cannot_be_claimed(
    as_alice: Client, as_bob: Client, alice: User, pluggy: LocalPluggy
) -> None:
    item_id = pluggy.connect(alice.reference)
    assert post(as_alice, "claim", {"itemId": item_id}).status_code == 200
    assert post(as_bob, "claim", {"itemId": item_id}).status_code == 404
    assert Item.objects.get().user == alice


def test_a_binding_never_moves(
    as_alice: Client, as_bob: Client, alice: User, bob: User, pluggy: LocalPluggy
) -> None:
    item_id = pluggy.connect(alice.reference)
    post(as_alice, "claim", {"itemId": item_id})
    pluggy.api("PATCH", f"/items/{item_id}", json={"clientUserId": bob.reference})
    assert post(as_bob, "claim", {"itemId": item_id}).status_code == 404
    assert Item.objects.get().user == alice


@pytest.mark.parametrize("item_id", ["", None, "x", "../../auth", 7, ["a"], str(uuid.UUID(int=7))])
def test_what_is_no_item_is_404(as_alice: Client, pluggy: LocalPluggy, item_id: Any) -> None:
    assert post(as_alice, "claim", {"itemId": item_id}).status_code == 404
    for body in ("{", "[" * 100_000):
        assert as_alice.post(reverse("claim"), body, content_type="application/json").status_code == 404


# --- The page that opens the widget ------------------------------------------------------------------
def test_only_the_connect_page_may_frame_connect(as_alice: Client, pluggy: LocalPluggy) -> None:
    answer = as_alice.get(reverse("connect"))
    assert "frame-src" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    assert "frame-src" not in as_alice.get(reverse("overview"))["Content-Security-Policy"]


def test_the_update_page_is_for_ones_own_items(as_bob: Client, alice: User) -> None:
    assert as_bob.get(reverse("connect"), {"item": str(bound_item(alice).id)}).status_code == 404


# --- Refreshing and leaving --------------------------------------------------------------------------
@pytest.fixture
def hers(as_alice: Client, alice: User, pluggy: LocalPluggy) -> Item:
    item_id = pluggy.connect(alice.reference)
    post(as_alice, "claim", {"itemId": item_id})
    tasks.run_until_settled(uuid.UUID(item_id))
    return Item.objects.get(id=item_id)


def test_a_refresh_asks_pluggy_once(as_alice: Client, hers: Item) -> None:
    assert as_alice.post(reverse("refresh", args=[hers.id])).status_code == 302
    tasks.run_until_settled(hers.id)
    hers.refresh_from_db()
    assert hers.status == Item.Status.UPDATING


def test_a_refused_refresh_is_said_in_words(as_alice: Client, hers: Item, pluggy: LocalPluggy) -> None:
    as_alice.post(reverse("refresh", args=[hers.id]))
    answer = as_alice.post(reverse("refresh", args=[hers.id]), follow=True)
    assert [str(message) for message in answer.context["messages"]]
    assert answer.status_code == 200


def test_leaving_ends_it_at_pluggy_and_here(
    as_alice: Client,
    alice: User,
    hers: Item,
    pluggy: LocalPluggy,
    django_assert_max_num_queries: Any,
) -> None:
    first, second, *_ = Transaction.objects.of(alice).filter(kind=Kind.EXPENSE).order_by("id")
    say(first, Said(Word("11020000"), "uma nota"))
    split(second, [Piece(Decimal("0.01"))])
    with django_assert_max_num_queries(70):  # however many rows there are
        assert as_alice.post(reverse("disconnect", args=[hers.id])).status_code == 302
    assert str(hers.id) not in [item["id"] for item in pluggy.control("GET", "/state")["items"]]
    for model in (Item, Account, Transaction, MonthTotal, SyncRun, Link, RowChange, Telling, Wording):
        assert not model.objects.filter(user=alice).exists(), model


def test_leaving_while_pluggy_is_down_is_finished_later(
    as_alice: Client, hers: Item, pluggy: LocalPluggy
) -> None:
    pluggy.fault("status", "/items/", method="DELETE", status=503)
    as_alice.post(reverse("disconnect", args=[hers.id]))
    hers.refresh_from_db()
    assert hers.disconnected_at is not None
    tasks.run_until_settled(hers.id)  # nothing is written for it any more
    tasks.finish_disconnections()
    assert not Item.objects.exists()
    assert not pluggy.control("GET", "/state")["items"]


def test_leaving_twice_is_leaving(as_alice: Client, hers: Item, pluggy: LocalPluggy) -> None:
    pluggy.api("DELETE", f"/items/{hers.id}")
    as_alice.post(reverse("disconnect", args=[hers.id]))
    assert not Item.objects.exists()


def test_a_claim_and_its_webhook_at_once_are_one_item(
    alice: User, pluggy: LocalPluggy, transactional_db: None
) -> None:
    item_id = uuid.UUID(pluggy.connect(alice.reference))
    barrier = threading.Barrier(6)

    def one(number: int) -> object:
        try:
            barrier.wait()
            if number % 2:
                return connections.claim(alice, item_id, client=application.pluggy(), now=timezone.now())
            return connections.adopt(item_id, client=application.pluggy(), now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert None not in list(pool.map(one, range(6)))
    assert Item.objects.get().sync.dirty_seq == 6


def test_a_silent_item_gets_one_look(hers: Item, rung: list[str], monkeypatch: Any) -> None:
    look: Callable[[], None] = tasks.find_silent_items
    Item.objects.update(next_auto_sync_at="2026-01-01T00:00:00Z", read_at="2026-01-01T00:00:00Z")
    look()
    hers.sync.refresh_from_db()
    assert hers.sync.is_behind
    tasks.run_until_settled(hers.id)
    Item.objects.update(next_auto_sync_at="2026-01-01T00:00:00Z")  # Pluggy still says the same
    look()
    hers.sync.refresh_from_db()
    assert not hers.sync.is_behind


def test_a_refresh_beyond_what_pluggy_allows_is_asked_for_later(
    as_alice: Client, alice: User, pluggy: LocalPluggy
) -> None:
    """A-63: the limit is the whole product's; the person is told, nothing is marked as failed."""
    item = bound_item(alice)
    application.pluggy()._limits.pause("PATCH /items/{id}", 30)
    answer = as_alice.post(reverse("refresh", args=[item.id]), follow=True)
    assert "Muita gente está consultando" in answer.content.decode()
    item.sync.refresh_from_db()
    assert not item.sync.is_behind
