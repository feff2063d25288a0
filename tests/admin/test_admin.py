"""The admin: operators look, have things done again and decide; nobody changes money."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.models import HeldDeletion, Item, SyncRun, SyncState, Transaction, UnreadableRow
from tests.payloads import event
from tests.rows import store_rows
from webhooks import inbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []
    monkeypatch.setattr("pfm.bell.ring", lambda task, *args: calls.append(args))
    return calls


@pytest.fixture
def item(alice: User) -> Item:
    return store_rows(alice, [{"amount": "-10.00", "description": "PADARIA DA ANA"}, {"amount": "5.00"}])


def staff(email: str, *words: str) -> Client:
    person = User.objects.create_user(email, "a-long-enough-password", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=words))
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def operator(db: None) -> Client:
    seen = ("item", "event", "helddeletion", "syncrun", "unreadablerow", "transaction", "reappearance")
    mays = [f"view_{one}" for one in seen] + ["change_item", "change_helddeletion", "change_event"]
    return staff("operator@example.com", *mays)


@pytest.fixture
def onlooker(db: None) -> Client:
    return staff("onlooker@example.com", "view_item", "view_event", "view_helddeletion")


@pytest.fixture
def held(item: Item) -> HeldDeletion:
    rows = list(Transaction.objects.values_list("id", flat=True))
    account, now = item.accounts.get(), timezone.now()
    return HeldDeletion.objects.create(
        user=item.user, item=item, account=account, transaction_ids=rows, known=2, held_at=now, seen_at=now
    )


def act(client: Client, held: HeldDeletion, action: str) -> None:
    url = reverse("admin:banking_helddeletion_changelist")
    client.post(url, {"action": action, "_selected_action": [held.pk]})


def test_the_timeline_tells_it_all_in_plain_words(item: Item, operator: Client, held: HeldDeletion) -> None:
    body = event("transactions/created", item=item)
    inbox.receive(body, client_id=body["clientId"], now=timezone.now())
    SyncRun.objects.create(
        user=item.user, item=item, fence=1, target_seq=1, started_at=timezone.now(), outcome="failed",
        finished_at=timezone.now() + timedelta(seconds=2), error="Limited: GET /accounts: 429", rows_read=7,
    )  # fmt: skip
    page = operator.get(reverse("admin:webhooks_item_timeline", args=[item.id])).content.decode()
    for text in (
        "transactions/created",
        "limit for requests was reached",
        "7 rows read",
        "2.0 s",
        "2 of 2 rows",
    ):
        assert text in page, text
    assert "Read from Pluggy again" in page
    assert (
        reverse("admin:webhooks_item_timeline", args=[item.id])
        in operator.get(reverse("admin:banking_item_changelist")).content.decode()
    )


def test_who_may_only_look_sees_no_buttons_and_can_do_nothing(
    item: Item, onlooker: Client, held: HeldDeletion, rung: list[Any]
) -> None:
    assert (
        "Read from Pluggy again"
        not in onlooker.get(reverse("admin:webhooks_item_timeline", args=[item.id])).content.decode()
    )
    operate = reverse("admin:banking_item_operate", args=[item.id])
    assert onlooker.post(operate, {"do": "release"}).status_code == 403
    act(onlooker, held, "apply")
    held.refresh_from_db()
    assert (held.state, rung) == (HeldDeletion.State.HELD, [])


def test_whoever_is_no_staff_is_shown_nothing(item: Item, as_alice: Client) -> None:
    for url in (
        reverse("admin:webhooks_item_timeline", args=[item.id]),
        reverse("admin:banking_item_operate", args=[item.id]),
    ):
        assert as_alice.get(url).status_code == 302


@pytest.mark.parametrize("do", ["read", "full", "release"])
def test_the_buttons_make_the_item_due(item: Item, operator: Client, rung: list[Any], do: str) -> None:
    item.accounts.update(created_read_to=timezone.now())
    url = reverse("admin:banking_item_operate", args=[item.id])
    assert operator.get(url).status_code == 405
    assert operator.post(url, {"do": do}).status_code == 302
    state = SyncState.objects.get()
    assert (state.is_behind, state.fence) == (True, 1 if do == "release" else 0)
    assert (item.accounts.get().created_read_to is None) == (do == "full")
    assert rung == [(str(item.id),)]


def test_a_held_deletion_is_shown_with_its_rows_and_decided_once(
    item: Item, operator: Client, held: HeldDeletion, rung: list[Any]
) -> None:
    page = operator.get(reverse("admin:banking_helddeletion_change", args=[held.pk])).content.decode()
    assert "PADARIA DA ANA" in page and "100% of 2" in page
    act(operator, held, "apply")
    act(operator, held, "discard")
    held.refresh_from_db()
    assert held.state == HeldDeletion.State.APPROVED
    assert held.decided_by is not None and held.decided_by.email == "operator@example.com"
    assert LogEntry.objects.get().change_message == "applied"
    assert rung == [(str(item.id),)]
    assert Transaction.objects.live().count() == 2  # the next run asks Pluggy first


def test_rows_that_cannot_be_read_are_shown(item: Item, operator: Client) -> None:
    now = timezone.now()
    UnreadableRow.objects.create(
        user=item.user, item=item, what="transaction", key="k", reason="amount: not an amount of money",
        body='{"amount": "x"}', first_seen_at=now, last_seen_at=now,
    )  # fmt: skip
    page = operator.get(reverse("admin:banking_unreadablerow_changelist")).content.decode()
    assert "not an amount of money" in page


def test_nothing_of_the_banks_can_be_added_changed_or_removed(rf: Any) -> None:
    request = rf.get("/")
    request.user = User.objects.create_superuser("root@example.com", "a-long-enough-password")
    for model, page in admin.site._registry.items():
        if model._meta.app_label in ("banking", "webhooks"):
            mays = (page.has_add_permission, page.has_change_permission, page.has_delete_permission)
            assert not any(may(request) for may in mays), model
