"""Connecting a bank: Pluggy decides who owns an item. Disconnecting deletes it at Pluggy first, then here."""

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
from banking.connections import actions
from banking.connections.models import Item, SyncRun
from banking.ledger.classification import Override
from banking.ledger.edits import Split, TransactionEdits
from banking.ledger.models import (
    Account,
    CategoryUpdate,
    Kind,
    MonthlyTotal,
    SearchText,
    Transaction,
    TransactionChange,
    TransactionMatch,
)
from banking.ledger.overrides import save_edits
from banking.ledger.splits import replace_splits
from banking.web import api_client, tasks
from tests.factories import create_item
from tests.local_pluggy import LocalPluggy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture(autouse=True)
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the items whose sync was enqueued. No worker runs; a test syncs when it wants to."""
    item_ids: list[str] = []
    monkeypatch.setattr("pfm.task_queue.enqueue", lambda task, item_id: item_ids.append(item_id))
    return item_ids


def post(client: Client, name: str, body: Any) -> Any:
    return client.post(reverse(name), json.dumps(body), content_type="application/json")


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


# --- Tokens ------------------------------------------------------------------------------------------
def test_a_connect_token_contains_only_the_opaque_user_reference(
    as_alice: Client, alice: User, pluggy: LocalPluggy
) -> None:
    answer = post(as_alice, "connect_token", {})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    claims = claims_of(answer.json()["accessToken"])
    assert claims["clientUserId"] == alice.reference
    assert alice.email not in json.dumps(claims)
    assert "webhookUrl" not in json.dumps(claims)


def test_a_connect_token_for_an_update_requires_an_own_item(
    as_alice: Client, as_bob: Client, alice: User, pluggy: LocalPluggy
) -> None:
    item_id = pluggy.connect(alice.reference)
    post(as_alice, "claim", {"itemId": item_id})
    pluggy.fault("status", "/connect_token", method="POST", status=500)  # bob's request must not reach it
    assert post(as_bob, "connect_token", {"itemId": item_id}).status_code == 404
    assert post(as_alice, "connect_token", {"itemId": item_id}).status_code == 503  # alice's does
    token = post(as_alice, "connect_token", {"itemId": item_id}).json()["accessToken"]
    assert claims_of(token)["itemId"] == item_id


def test_connect_tokens_are_limited_per_user(as_alice: Client, as_bob: Client, pluggy: LocalPluggy) -> None:
    answers = [post(as_alice, "connect_token", {}).status_code for _ in range(32)]
    assert answers[:30] == [200] * 30
    assert answers[30:] == [429] * 2
    assert post(as_bob, "connect_token", {}).status_code == 200


def test_a_connect_token_requires_post(as_alice: Client) -> None:
    assert as_alice.get(reverse("connect_token")).status_code == 405


def test_an_unreachable_pluggy_gives_503_with_an_error_text(as_alice: Client, pluggy: LocalPluggy) -> None:
    pluggy.fault("status", "/connect_token", method="POST", status=502, times=5)
    answer = post(as_alice, "connect_token", {})
    assert answer.status_code == 503
    assert answer.json()["error"]


# --- Claims ------------------------------------------------------------------------------------------
def test_a_claim_binds_the_item_and_enqueues_a_sync(
    as_alice: Client, alice: User, pluggy: LocalPluggy, enqueued: list[str]
) -> None:
    item_id = pluggy.connect(alice.reference)
    answer = post(as_alice, "claim", {"itemId": item_id})
    assert answer.json() == {"url": reverse("overview")}
    assert Item.objects.of(alice).get().connector.name
    assert enqueued == [item_id]
    tasks.sync_interactively(uuid.UUID(item_id))
    assert Transaction.objects.of(alice).exists()


def test_a_second_claim_creates_no_second_item(as_alice: Client, alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    assert [post(as_alice, "claim", {"itemId": item_id}).status_code for _ in range(2)] == [200, 200]
    assert Item.objects.count() == 1


@pytest.mark.parametrize("reference", ["another-user", None])
def test_claiming_an_item_of_another_user_gives_404(
    as_bob: Client, pluggy: LocalPluggy, reference: str | None
) -> None:
    item_id = pluggy.connect(reference or "")
    assert post(as_bob, "claim", {"itemId": item_id}).status_code == 404
    assert not Item.objects.exists()


def test_an_item_bound_to_another_user_cannot_be_claimed(
    as_alice: Client, as_bob: Client, alice: User, pluggy: LocalPluggy
) -> None:
    item_id = pluggy.connect(alice.reference)
    assert post(as_alice, "claim", {"itemId": item_id}).status_code == 200
    assert post(as_bob, "claim", {"itemId": item_id}).status_code == 404
    assert Item.objects.get().user == alice


def test_the_owner_of_a_bound_item_never_changes(
    as_alice: Client, as_bob: Client, alice: User, bob: User, pluggy: LocalPluggy
) -> None:
    item_id = pluggy.connect(alice.reference)
    post(as_alice, "claim", {"itemId": item_id})
    pluggy.api("PATCH", f"/items/{item_id}", json={"clientUserId": bob.reference})
    assert post(as_bob, "claim", {"itemId": item_id}).status_code == 404
    assert Item.objects.get().user == alice


@pytest.mark.parametrize("item_id", ["", None, "x", "../../auth", 7, ["a"], str(uuid.UUID(int=7))])
def test_an_invalid_item_id_gives_404(as_alice: Client, pluggy: LocalPluggy, item_id: Any) -> None:
    assert post(as_alice, "claim", {"itemId": item_id}).status_code == 404
    for body in ("{", "[" * 100_000):
        assert as_alice.post(reverse("claim"), body, content_type="application/json").status_code == 404


# --- The page that opens the widget ------------------------------------------------------------------
def test_only_the_connect_page_allows_the_widget_frame(as_alice: Client, pluggy: LocalPluggy) -> None:
    answer = as_alice.get(reverse("connect"))
    assert "frame-src" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    assert "frame-src" not in as_alice.get(reverse("overview"))["Content-Security-Policy"]


def test_the_update_page_gives_404_for_another_users_item(as_bob: Client, alice: User) -> None:
    assert as_bob.get(reverse("connect"), {"item": str(create_item(alice).id)}).status_code == 404


# --- Refreshing and disconnecting --------------------------------------------------------------------
@pytest.fixture
def item(as_alice: Client, alice: User, pluggy: LocalPluggy) -> Item:
    item_id = pluggy.connect(alice.reference)
    post(as_alice, "claim", {"itemId": item_id})
    tasks.sync_interactively(uuid.UUID(item_id))
    return Item.objects.get(id=item_id)


def test_a_refresh_asks_pluggy_to_update_the_item(as_alice: Client, item: Item) -> None:
    assert as_alice.post(reverse("refresh", args=[item.id])).status_code == 302
    tasks.sync_interactively(item.id)
    item.refresh_from_db()
    assert item.status == Item.Status.UPDATING


def test_a_refused_refresh_shows_a_message(as_alice: Client, item: Item, pluggy: LocalPluggy) -> None:
    as_alice.post(reverse("refresh", args=[item.id]))
    answer = as_alice.post(reverse("refresh", args=[item.id]), follow=True)
    assert [str(message) for message in answer.context["messages"]]
    assert answer.status_code == 200


def test_disconnecting_deletes_the_item_at_pluggy_and_all_data_here(
    as_alice: Client,
    alice: User,
    item: Item,
    pluggy: LocalPluggy,
    django_assert_max_num_queries: Any,
) -> None:
    first, second, *_ = Transaction.objects.of(alice).filter(kind=Kind.EXPENSE).order_by("id")
    save_edits(first, TransactionEdits(Override("11020000"), "uma nota"))
    replace_splits(second, [Split(Decimal("0.01"))])
    with django_assert_max_num_queries(70):  # independent of the number of transactions
        assert as_alice.post(reverse("disconnect", args=[item.id])).status_code == 302
        tasks.finish_disconnection(str(item.id))
    assert str(item.id) not in [remote["id"] for remote in pluggy.control("GET", "/state")["items"]]
    for model in (
        Item,
        Account,
        Transaction,
        MonthlyTotal,
        SyncRun,
        TransactionMatch,
        TransactionChange,
        CategoryUpdate,
        SearchText,
    ):
        assert not model.objects.filter(user=alice).exists(), model


def test_disconnecting_while_pluggy_is_down_is_finished_later(
    as_alice: Client, item: Item, pluggy: LocalPluggy
) -> None:
    pluggy.fault("status", "/items/", method="DELETE", status=503)
    as_alice.post(reverse("disconnect", args=[item.id]))
    tasks.finish_disconnection(str(item.id))
    item.refresh_from_db()
    assert item.disconnected_at is not None
    tasks.sync_interactively(item.id)  # a sync writes nothing for it any more
    tasks.finish_disconnections()
    assert not Item.objects.exists()
    assert not pluggy.control("GET", "/state")["items"]


def test_disconnecting_an_item_already_deleted_at_pluggy_erases_it(
    as_alice: Client, item: Item, pluggy: LocalPluggy
) -> None:
    pluggy.api("DELETE", f"/items/{item.id}")
    as_alice.post(reverse("disconnect", args=[item.id]))
    tasks.finish_disconnection(str(item.id))
    assert not Item.objects.exists()


def test_the_list_shows_that_a_connection_is_being_disconnected(
    as_alice: Client, item: Item, pluggy: LocalPluggy
) -> None:
    """The request asks nobody; whether a task or, after its worker died, a sweep finishes it makes no difference."""
    answer = as_alice.post(reverse("disconnect", args=[item.id]))
    assert item.id in Item.objects.values_list("id", flat=True)
    assert '<progress role="progressbar"' in as_alice.get(answer["Location"]).content.decode()
    url, state = reverse("progress", args=[item.id]), {"state": "disconnecting"}
    assert as_alice.get(url, state).status_code == 204
    tasks.finish_disconnections()
    tasks.finish_disconnection(str(item.id))  # the task comes late: nothing is left to do
    assert as_alice.get(url, state)["HX-Refresh"] == "true"
    its_page = {"HX-Current-URL": f"http://testserver{reverse('connection', args=[item.id])}"}
    assert as_alice.get(url, state, headers=its_page)["HX-Redirect"] == reverse("connections")
    assert "<progress" not in as_alice.get(answer["Location"]).content.decode()


def test_a_claim_and_its_webhook_at_the_same_time_create_one_item(
    alice: User, pluggy: LocalPluggy, transactional_db: None
) -> None:
    item_id = uuid.UUID(pluggy.connect(alice.reference))
    barrier = threading.Barrier(6)

    def bind(number: int) -> object:
        try:
            barrier.wait()
            if number % 2:
                return actions.claim(alice, item_id, client=api_client.pluggy(), now=timezone.now())
            return actions.bind_from_webhook(item_id, client=api_client.pluggy(), now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert None not in list(pool.map(bind, range(6)))
    assert Item.objects.get().sync.dirty_seq == 6


def test_an_overdue_item_is_scheduled_once(item: Item) -> None:
    find: Callable[[], None] = tasks.find_overdue_items
    Item.objects.update(next_auto_sync_at="2026-01-01T00:00:00Z", read_at="2026-01-01T00:00:00Z")
    find()
    item.sync.refresh_from_db()
    assert item.sync.is_behind
    tasks.sync_interactively(item.id)
    Item.objects.update(next_auto_sync_at="2026-01-01T00:00:00Z")  # Pluggy has not changed it
    find()
    item.sync.refresh_from_db()
    assert not item.sync.is_behind


def test_a_refresh_beyond_pluggys_limit_tells_the_user_to_try_later(
    as_alice: Client, alice: User, pluggy: LocalPluggy
) -> None:
    """A-63: the limit is shared by all users; the user reads a message, and nothing is marked as failed."""
    item = create_item(alice)
    api_client.pluggy()._limits.pause("PATCH /items/{id}", 30)
    answer = as_alice.post(reverse("refresh", args=[item.id]), follow=True)
    assert "Há muitas atualizações no momento" in answer.content.decode()
    item.sync.refresh_from_db()
    assert not item.sync.is_behind
