"""The admin: operators view data, start syncs and decide reviews; nobody changes bank data."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item, SyncRun, SyncState
from banking.ledger.models import DeletionReview, QuarantinedRecord, Transaction
from tests.factories import create_item, create_item_with_transactions
from tests.payloads import event
from tests.staff import give_reason, sign_in_staff
from webhooks import inbox

LOGGED = {"read": "requested a sync", "full": "requested a full sync", "release": "released the lease"}
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture(autouse=True)
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []
    monkeypatch.setattr("pfm.task_queue.enqueue", lambda task, *args: calls.append(args))
    return calls


@pytest.fixture
def item(alice: User) -> Item:
    return create_item_with_transactions(
        alice, [{"amount": "-10.00", "description": "PADARIA DA ANA"}, {"amount": "5.00"}]
    )


@pytest.fixture
def operator(db: None) -> Client:
    models = (
        "item",
        "event",
        "deletionreview",
        "syncrun",
        "quarantinedrecord",
        "transaction",
        "transactionreplacement",
    )
    views = [f"view_{model}" for model in models]
    return sign_in_staff(
        "operator@example.com", *views, "change_item", "change_deletionreview", "change_event"
    )


@pytest.fixture
def viewer(db: None) -> Client:
    return sign_in_staff("viewer@example.com", "view_item", "view_event", "view_deletionreview")


@pytest.fixture
def review(item: Item) -> DeletionReview:
    ids = list(Transaction.objects.values_list("id", flat=True))
    account, now = item.accounts.get(), timezone.now()
    return DeletionReview.objects.create(
        user=item.user,
        item=item,
        account=account,
        transaction_ids=ids,
        expected_count=2,
        opened_at=now,
        last_seen_at=now,
    )  # fmt: skip


def act(client: Client, review: DeletionReview, action: str) -> None:
    url = reverse("admin:ledger_deletionreview_changelist")
    client.post(url, {"action": action, "_selected_action": [review.pk]})


def test_the_timeline_shows_events_syncs_and_reviews(
    item: Item, operator: Client, review: DeletionReview
) -> None:
    body = event("transactions/created", item=item)
    inbox.receive(body, client_id=body["clientId"], now=timezone.now())
    SyncRun.objects.create(
        user=item.user, item=item, fence=1, target_seq=1, started_at=timezone.now(), outcome="failed",
        finished_at=timezone.now() + timedelta(seconds=2), error="Limited: GET /accounts: 429", transactions_read=7,
    )  # fmt: skip
    page = operator.get(reverse("admin:webhooks_item_timeline", args=[item.id])).content.decode()
    for text in (
        "transactions/created",
        "rate limit was reached",
        "7 transactions read",
        "2.0 s",
        "2 of 2 transactions",
    ):
        assert text in page, text
    assert "Sync now" in page
    assert (
        reverse("admin:webhooks_item_timeline", args=[item.id])
        in operator.get(reverse("admin:connections_item_changelist")).content.decode()
    )


def test_staff_without_change_permission_cannot_operate(
    item: Item, viewer: Client, review: DeletionReview, enqueued: list[Any]
) -> None:
    assert (
        "Sync now" not in viewer.get(reverse("admin:webhooks_item_timeline", args=[item.id])).content.decode()
    )
    operate = reverse("admin:connections_item_operate", args=[item.id])
    assert viewer.post(operate, {"do": "release"}).status_code == 403
    act(viewer, review, "approve")
    review.refresh_from_db()
    assert (review.state, enqueued) == (DeletionReview.State.PENDING, [])


def test_users_who_are_not_staff_are_redirected(item: Item, as_alice: Client) -> None:
    for url in (
        reverse("admin:webhooks_item_timeline", args=[item.id]),
        reverse("admin:connections_item_operate", args=[item.id]),
    ):
        assert as_alice.get(url).status_code == 302


@pytest.mark.parametrize("do", ["read", "full", "release"])
def test_the_buttons_request_a_sync(item: Item, operator: Client, enqueued: list[Any], do: str) -> None:
    item.accounts.update(created_read_until=timezone.now())
    url = reverse("admin:connections_item_operate", args=[item.id])
    assert operator.get(url).status_code == 405
    assert operator.post(url, {"do": do}).status_code == 302
    state = SyncState.objects.get()
    assert (state.is_behind, state.fence) == (True, 1 if do == "release" else 0)
    assert (item.accounts.get().created_read_until is None) == (do == "full")
    assert enqueued == [(str(item.id),)]
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message) == (str(item.id), LOGGED[do])


@pytest.mark.parametrize(
    ("action", "message"), [("sync_now", "requested a sync"), ("release", "released the lease")]
)
def test_an_action_on_many_connections_is_logged_for_each(
    item: Item, operator: Client, enqueued: list[Any], alice: User, action: str, message: str
) -> None:
    ids = {str(item.id), str(create_item(alice).id)}
    operator.post(
        reverse("admin:connections_item_changelist"), {"action": action, "_selected_action": sorted(ids)}
    )
    assert set(LogEntry.objects.values_list("object_id", "change_message")) == {(id, message) for id in ids}
    assert len(enqueued) == 2


def test_processing_an_event_again_is_logged(item: Item, operator: Client) -> None:
    body = event("item/updated", item=item)
    stored = inbox.receive(body, client_id=body["clientId"], now=timezone.now())
    assert stored is not None
    operator.post(
        reverse("admin:webhooks_event_changelist"),
        {"action": "process_again", "_selected_action": [stored.pk]},
    )
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message) == (str(stored.pk), "processed again")


def test_a_deletion_review_shows_its_transactions_and_is_decided_once(
    item: Item, operator: Client, review: DeletionReview, enqueued: list[Any]
) -> None:
    give_reason(operator, item.user)
    page = operator.get(reverse("admin:ledger_deletionreview_change", args=[review.pk])).content.decode()
    assert "PADARIA DA ANA" in page and "100% of 2" in page
    act(operator, review, "approve")
    act(operator, review, "reject")
    review.refresh_from_db()
    assert review.state == DeletionReview.State.APPROVED
    assert review.decided_by is not None and review.decided_by.email == "operator@example.com"
    assert LogEntry.objects.get().change_message == "approved"
    assert enqueued == [(str(item.id),)]
    assert Transaction.objects.live().count() == 2  # the next sync asks Pluggy first


def test_quarantined_records_are_listed(item: Item, operator: Client) -> None:
    now = timezone.now()
    QuarantinedRecord.objects.create(
        user=item.user, item=item, record_type="transaction", key="k",
        reason="amount: not an amount of money", body='{"amount": "x"}', first_seen_at=now, last_seen_at=now,
    )  # fmt: skip
    page = operator.get(reverse("admin:ledger_quarantinedrecord_changelist")).content.decode()
    assert "not an amount of money" in page


def test_bank_data_cannot_be_added_changed_or_deleted(rf: Any) -> None:
    request = rf.get("/")
    request.user = User.objects.create_superuser("root@example.com", "a-long-enough-password")
    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label in ("connections", "ledger", "webhooks"):
            assert not model_admin.has_add_permission(request), model
            assert not model_admin.has_change_permission(request), model
            assert not model_admin.has_delete_permission(request), model
