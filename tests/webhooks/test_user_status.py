"""The status of a user for operators: each trouble of their connections is said, in both languages."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item, ProductState, SyncState
from banking.ledger.models import DeletionReview, QuarantinedRecord
from tests.factories import create_account, create_item
from tests.payloads import event
from tests.staff import give_reason, page, sign_in_staff
from webhooks import inbox
from webhooks.models import Event

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def operator(db: None) -> Client:
    return sign_in_staff("operator@example.com", "view_user", "view_item", "view_event")


@pytest.fixture
def item(alice: User) -> Item:
    return create_item(alice)


def status_page(client: Client, user: User) -> str:
    return page(client, reverse("admin:webhooks_user_status", args=[user.pk]))


def set_sync(item: Item, **columns: Any) -> None:
    SyncState.objects.filter(item=item).update(**columns)


def create_event(item: Item | None, state: str, **columns: Any) -> Event:
    body = event(item=item)
    stored = inbox.receive(body, client_id=body["clientId"], now=NOW)
    assert stored is not None
    Event.objects.filter(pk=stored.pk).update(state=state, **columns)
    return stored


def test_a_healthy_user_has_no_troubles(item: Item, alice: User, operator: Client) -> None:
    html = status_page(operator, alice)
    assert "Nothing is wrong" in html and "Banco Aurora" in html and alice.reference in html
    assert 'class="bad"' not in html and 'class="warn"' not in html


def test_a_user_without_connections(alice: User, operator: Client) -> None:
    html = status_page(operator, alice)
    assert "None." in html and "Nothing is wrong" not in html


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"status": "LOGIN_ERROR", "execution_status": "INVALID_CREDENTIALS"}, "It waits for the user"),
        ({"status": "WAITING_USER_INPUT"}, "It waits for the user"),
        ({"status": "OUTDATED", "execution_status": "SITE_NOT_AVAILABLE"}, "SITE_NOT_AVAILABLE"),
        ({"status": "SOMETHING_NEW", "error_code": "NEW_CODE"}, "NEW_CODE"),
        ({"execution_status": "PARTIAL_SUCCESS"}, "did not send everything"),
        ({"gone_at": NOW}, "Pluggy no longer has this connection"),
        ({"disconnected_at": NOW}, "Pluggy has not confirmed it"),
        ({"has_pending_resources": True}, "approval of more accounts"),
    ],
)
def test_what_keeps_the_banks_data_from_pluggy_is_said(
    alice: User, operator: Client, columns: dict[str, Any], text: str
) -> None:
    create_item(alice, **columns)
    html = status_page(operator, alice)
    assert text in html and "Nothing is wrong" not in html


@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        ({"dirty_seq": 3, "synced_seq": 1}, ("2 changes are not read yet",)),
        ({"dirty_seq": 1}, ("1 change is not read yet",)),
        (
            {"failing_since": NOW, "attempts": 4, "failure": "Limited: GET /accounts: 429"},
            ("Syncs fail: 4 attempts", "rate limit was reached"),
        ),
        ({"failing_since": NOW, "attempts": 1, "failure": "KeyError: x"}, ("1 attempt,", "our own program")),
        ({"quarantined_until": NOW + timedelta(hours=3), "dirty_seq": 1}, ("parked until",)),
    ],
)
def test_what_keeps_pluggys_data_from_us_is_said(
    item: Item, alice: User, operator: Client, columns: dict[str, Any], texts: tuple[str, ...]
) -> None:
    set_sync(item, **columns)
    html = status_page(operator, alice)
    assert all(text in html for text in texts), texts


def test_one_sync_that_fails_is_one_trouble(item: Item, alice: User, operator: Client) -> None:
    """A failing sync is behind, too; the number of changes would say nothing more."""
    set_sync(item, failing_since=NOW, attempts=2, dirty_seq=5)
    assert "not read yet" not in status_page(operator, alice)


def test_a_connection_that_leaves_has_no_other_trouble(alice: User, operator: Client) -> None:
    item = create_item(alice, disconnected_at=NOW)
    set_sync(item, failing_since=NOW, dirty_seq=5, quarantined_until=NOW)
    html = status_page(operator, alice)
    assert "Syncs fail" not in html and "not read yet" not in html and "parked until" not in html


def test_products_records_reviews_and_accounts_are_said(item: Item, alice: User, operator: Client) -> None:
    account = create_account(item, missing_reads=2, missing_since=NOW)
    for product, is_refused in (("LOANS", True), ("ACCOUNTS", False), ("SOMETHING_NEW", True)):
        ProductState.objects.create(
            user=alice, item=item, product=product, is_updated=False, failing_since=NOW,
            is_refused=is_refused, failure="Refused: 403",
        )  # fmt: skip
    for key in ("a", "b"):
        QuarantinedRecord.objects.create(
            user=alice, item=item, record_type="bill", key=key, reason="x", body="",
            first_seen_at=NOW, last_seen_at=NOW,
        )  # fmt: skip
    DeletionReview.objects.create(
        user=alice, item=item, account=account, transaction_ids=[], expected_count=1,
        opened_at=NOW, last_seen_at=NOW,
    )  # fmt: skip
    assert "The bank no longer lists •••" in status_page(operator, alice)
    give_reason(operator, alice)
    html = status_page(operator, alice)
    for text in (
        "Pluggy refuses Loans",
        "Accounts can&#x27;t be read",
        "Pluggy refuses SOMETHING_NEW",
        "2 records can&#x27;t be read",
        "Missing transactions wait for a review",
        "The bank no longer lists Conta ·· 1234",
    ):
        assert text in html, text


def test_events_that_were_given_up_or_wait_for_a_connection_are_said(
    item: Item, alice: User, bob: User, operator: Client
) -> None:
    create_event(item, Event.State.DEAD)
    create_event(None, Event.State.PARKED, client_user_id=alice.reference)
    create_event(None, Event.State.PARKED, client_user_id=alice.reference)
    html = status_page(operator, alice)
    assert "1 event was given up" in html
    assert "2 events are of connections of this user that we don&#x27;t have" in html
    give_reason(operator, bob)
    assert "event" not in status_page(operator, bob).partition("</dl>")[2]


def test_a_deactivated_user_with_connections_is_said(item: Item, alice: User, operator: Client) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert "their connections are not read" in status_page(operator, alice)


def test_only_the_users_own_connections_are_shown(
    item: Item, alice: User, bob: User, operator: Client
) -> None:
    other = create_item(bob)
    html = status_page(operator, alice)
    assert str(item.id) in html and str(other.id) not in html and bob.email not in html


def test_texts_of_a_bank_are_escaped(alice: User, operator: Client) -> None:
    create_item(alice, status="OUTDATED", error_code="<script>alert(1)</script>")
    assert "<script>alert" not in status_page(operator, alice)


def test_an_unknown_user_is_404(operator: Client) -> None:
    for user_id in (0, 10**18):
        assert operator.get(reverse("admin:webhooks_user_status", args=[user_id])).status_code == 404


@pytest.mark.parametrize("missing", ["view_user", "view_item"])
def test_the_page_needs_both_permissions(alice: User, missing: str) -> None:
    permissions = {"view_user", "view_item", "view_event"} - {missing}
    client = sign_in_staff("other@example.com", *sorted(permissions))
    assert client.get(reverse("admin:webhooks_user_status", args=[alice.pk])).status_code == 403


def test_the_pages_of_users_link_to_it(item: Item, alice: User, operator: Client) -> None:
    url = reverse("admin:webhooks_user_status", args=[alice.pk])
    pages = [
        reverse("admin:accounts_user_changelist"),
        reverse("admin:accounts_user_change", args=[alice.pk]),
        reverse("admin:webhooks_item_timeline", args=[item.id]),
    ]
    assert all(url in page(operator, listed) for listed in pages)
    other = sign_in_staff("other@example.com", "view_user")
    assert not any(url in page(other, listed) for listed in pages[:2])


def test_the_page_is_in_both_languages(item: Item, alice: User, operator: Client) -> None:
    set_sync(item, failing_since=NOW, attempts=4, failure="Limited: GET /accounts: 429")
    operator.cookies["django_language"] = "pt-br"
    html = status_page(operator, alice)
    assert "As sincronizações falham: 4 tentativas" in html and "limite de requisições" in html
    assert "Syncs fail" not in html


# --- Who may change users ------------------------------------------------------------------------------
def test_only_a_superuser_gives_permissions(alice: User) -> None:
    """A staff member who may change users could otherwise give themselves every permission."""
    client = sign_in_staff("operator@example.com", "view_user", "change_user")
    url = reverse("admin:accounts_user_change", args=[alice.pk])
    form = {
        "email": "new@example.com",
        "theme": "auto",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
    }
    give_reason(client, alice)
    client.post(url, form)
    alice.refresh_from_db()
    assert (alice.email, alice.is_staff, alice.is_superuser) == ("new@example.com", False, False)


def test_only_a_superuser_changes_a_superuser() -> None:
    root = User.objects.create_superuser("root@example.com", "a-long-enough-password")
    client = sign_in_staff("operator@example.com", "view_user", "change_user")
    passwords = {"password1": "another-long-password", "password2": "another-long-password"}
    assert (
        client.post(reverse("admin:auth_user_password_change", args=[root.pk]), passwords).status_code == 403
    )
    client.post(reverse("admin:accounts_user_change", args=[root.pk]), {"email": "x@example.com"})
    root.refresh_from_db()
    assert (root.email, root.check_password("a-long-enough-password")) == ("root@example.com", True)
