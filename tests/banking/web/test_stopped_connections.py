"""A connection that Pluggy no longer collects by itself: no page promises that it is tried again."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item, ProductState, SyncRun
from tests.factories import create_account, create_item
from tests.local_pluggy import LocalPluggy
from tests.net_worth_helpers import page
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
PROMISES = ("keep trying", "try again automatically", "ask again automatically", "arrives automatically")
PROMISES_PT = ("continuar tentando", "novo automaticamente", "chega automaticamente")
FAILED = {"status": "OUTDATED", "execution_status": "SITE_NOT_AVAILABLE", "error_code": "SITE_NOT_AVAILABLE"}


def all_texts(client: Client, item: Item) -> str:
    """Return every page on which the state of the connection is shown."""
    pages = [page(client, name) for name in ("overview", "connections", "connect")]
    return "".join([*pages, page(client, "connection", item.id)])


@pytest.mark.parametrize("code", ["SITE_NOT_AVAILABLE", "CONNECTION_ERROR", "UNEXPECTED_ERROR"])
def test_after_five_failed_retries_the_user_is_told_to_act(
    code: str, alice: User, as_alice: Client, pluggy: LocalPluggy, connect: Any
) -> None:
    item = connect(alice)
    pluggy.control("POST", f"/items/{item.id}/give-up", code=code)
    mark_changed(item)
    run_sync(item)
    item.refresh_from_db()
    assert (item.status, item.next_auto_sync_at) == ("OUTDATED", None)
    texts = all_texts(as_alice, item)
    assert [promise for promise in PROMISES if promise in texts] == []
    detail = page(as_alice, "connection", item.id)
    assert "automatic updates have stopped" in detail
    assert reverse("refresh", args=[item.id]) in detail and f"?item={item.id}#open" in detail
    assert "connect the bank again" in detail
    answer = as_alice.post(reverse("refresh", args=[item.id]), follow=True, headers={"Accept-Language": "en"})
    assert "Updating failed too often. Reconnect." in answer.content.decode()


def test_the_portuguese_pages_promise_nothing_either(
    alice: User, as_alice: Client, pluggy: LocalPluggy, connect: Any
) -> None:
    item = connect(alice)
    pluggy.control("POST", f"/items/{item.id}/give-up")
    mark_changed(item)
    run_sync(item)
    urls = [reverse("overview"), reverse("connections"), reverse("connection", args=[item.id])]
    texts = "".join(as_alice.get(url).content.decode() for url in urls)
    assert [promise for promise in PROMISES_PT if promise in texts] == []
    assert "atualizações automáticas pararam" in texts


def test_while_pluggy_tries_again_the_page_says_when(alice: User, as_alice: Client) -> None:
    item = create_item(alice, **FAILED, next_auto_sync_at=timezone.now() + timedelta(hours=1))
    create_account(item)
    detail = page(as_alice, "connection", item.id)
    assert "keep trying" in detail and "Next automatic update" in detail
    assert "have stopped" not in detail


def test_an_old_failure_in_the_history_promises_nothing(alice: User, as_alice: Client) -> None:
    item = create_item(alice)
    SyncRun.objects.create(
        user=alice, item=item, fence=1, target_seq=0, started_at=timezone.now(),
        outcome=SyncRun.Outcome.NOTHING_TO_READ, item_status="OUTDATED/SITE_NOT_AVAILABLE",
    )  # fmt: skip
    detail = page(as_alice, "connection", item.id)
    assert "be reached." in detail and "keep trying" not in detail


@pytest.mark.parametrize("is_tried_again", [True, False])
@pytest.mark.parametrize("warnings", [[], [{"code": "423"}]])
def test_a_missing_product_is_promised_only_if_it_is_asked_for_again(
    is_tried_again: bool, warnings: Any, alice: User, as_alice: Client
) -> None:
    in_an_hour = timezone.now() + timedelta(hours=1)
    missing = {"loans": {"isUpdated": False, "warnings": warnings}}
    item = create_item(
        alice, execution_status="PARTIAL_SUCCESS", status_detail=missing,
        next_auto_sync_at=in_an_hour if is_tried_again else None,
    )  # fmt: skip
    item.sync.synced_at = timezone.now()
    item.sync.save()
    ProductState.objects.create(user=alice, item=item, product="LOANS", is_updated=False, warnings=warnings)
    detail = page(as_alice, "connection", item.id)
    promises = (*PROMISES, "You don&#x27;t need to do anything")
    assert any(promise in detail for promise in promises) == is_tried_again
    assert "allows no more updates this month" in detail if warnings else "gave no reason" in detail


@pytest.mark.parametrize("columns", [{"collected_at": None}, {"execution_status": "USER_INPUT_TIMEOUT"}])
def test_other_failures_keep_their_own_action(columns: Any, alice: User, as_alice: Client) -> None:
    item = create_item(alice, **FAILED | columns)
    detail = page(as_alice, "connection", item.id)
    assert ("have stopped" in detail) == ("collected_at" not in columns)
    if "execution_status" in columns:
        assert f"?item={item.id}#open" in page(as_alice, "connections"), "the user has to sign in"
