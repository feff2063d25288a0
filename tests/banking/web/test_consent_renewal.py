"""Renewing a consent: the widget asks for the sign-in again; a consent without an end gives no warning."""

import json
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Item
from banking.web.api_client import pluggy as our_client
from tests.factories import create_account, create_item
from tests.local_pluggy import LocalPluggy, wait_until
from tests.net_worth_helpers import page
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
OPEN_FINANCE = 9011
CPF = {"cpf": "761.092.776-73"}
REVOKED, NOT_GRANTED = "USER_AUTHORIZATION_REVOKED", "USER_AUTHORIZATION_NOT_GRANTED"


def token(client: Client, item: Item | None = None) -> Any:
    body = {"itemId": str(item.id)} if item else {}
    return client.post(reverse("connect_token"), json.dumps(body), content_type="application/json").json()


def days(number: int) -> Any:
    return timezone.now() + timedelta(days=number)


@pytest.mark.parametrize(
    ("columns", "asks"),
    [
        ({}, False),
        ({"status": "LOGIN_ERROR", "execution_status": REVOKED}, True),
        ({"status": "LOGIN_ERROR", "execution_status": REVOKED, "collected_at": None}, True),
        ({"status": "LOGIN_ERROR", "execution_status": NOT_GRANTED}, True),
        ({"status": "LOGIN_ERROR", "execution_status": NOT_GRANTED, "collected_at": None}, False),
        ({"status": "LOGIN_ERROR", "execution_status": "INVALID_CREDENTIALS"}, False),
        ({"status": "WAITING_USER_INPUT"}, False),
        ({"consent_expires_at": days(10)}, True),
        ({"consent_expires_at": days(60)}, False),
        ({"consent_expires_at": days(-2), "collected_at": days(-3)}, True),
        ({"consent_expires_at": days(-2)}, False),  # data came after it
    ],
)
def test_the_widget_asks_for_the_sign_in_if_the_consent_has_to_be_renewed(
    columns: Any, asks: bool, alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    item_id = pluggy.connect(alice.reference)
    item = create_item(alice, **{"id": item_id} | columns)
    assert token(as_alice, item)["forceAskForCredentials"] is asks
    assert token(as_alice)["forceAskForCredentials"] is False


def test_another_users_connection_gives_no_token(alice: User, as_bob: Client, pluggy: LocalPluggy) -> None:
    item = create_item(alice)
    body = json.dumps({"itemId": str(item.id)})
    assert as_bob.post(reverse("connect_token"), body, content_type="application/json").status_code == 404


def connect_by_open_finance(pluggy: LocalPluggy, user: User) -> Item:
    body = {"connectorId": OPEN_FINANCE, "parameters": CPF, "clientUserId": user.reference}
    item_id = pluggy.api("POST", "/items", json=body)["id"]
    approve(pluggy, item_id)
    item = actions.claim(user, item_id, client=our_client(), now=timezone.now())
    run_sync(item)
    return item


def approve(pluggy: LocalPluggy, item_id: Any) -> None:
    wait_until(
        lambda: pluggy.api("GET", f"/items/{item_id}")["status"] == "WAITING_USER_INPUT",
        seconds=10,
        what="the bank asks for the consent",
    )
    pluggy.control("POST", f"/items/{item_id}/approve")
    pluggy.wait_until_collected(item_id)


@pytest.mark.parametrize("needs_login", [True, False])
def test_a_consent_is_renewed_whether_or_not_the_bank_needs_the_sign_in(
    needs_login: bool, alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    item = connect_by_open_finance(pluggy, alice)
    pluggy.control("POST", f"/items/{item.id}/revoke", needsLogin=needs_login)
    pluggy.wait_until_collected(str(item.id))
    mark_changed(item)
    run_sync(item)
    opening = token(as_alice, item)
    # The widget sends the sign-in if it has to ask for it, else nothing.
    body = {"parameters": CPF} if opening["forceAskForCredentials"] else {}
    headers = {"X-API-KEY": opening["accessToken"]}
    assert requests.patch(f"{pluggy.url}/items/{item.id}", json=body, headers=headers, timeout=30).ok
    approve(pluggy, item.id)
    mark_changed(item)
    run_sync(item)
    item.refresh_from_db()
    assert item.status == Item.Status.UPDATED
    assert token(as_alice, item)["forceAskForCredentials"] is False


@pytest.mark.parametrize(
    "value", [None, "", 0, "never", "9999-12-31T00:00:00.000Z", "0001-01-01T00:00:00.000Z"]
)
def test_a_consent_without_an_end_gives_no_warning(
    value: Any, alice: User, as_alice: Client, pluggy: LocalPluggy, connect: Any
) -> None:
    item = connect(alice)
    body = pluggy.api("GET", f"/items/{item.id}") | {"consentExpiresAt": value}
    pluggy.fault("status", f"^/items/{item.id}$", status=200, body=body)
    mark_changed(item)
    run_sync(item)
    text = page(as_alice, "connection", item.id)
    assert "expire" not in text and "Consent valid until" not in text


def test_open_finance_consents_have_no_end_by_default(
    alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    item = connect_by_open_finance(pluggy, alice)
    item.refresh_from_db()
    assert item.consent_expires_at is None
    text = page(as_alice, "connection", item.id)
    assert "Consent valid until" not in text and "expire" not in text and "no end date" in text


def test_an_end_that_has_passed_while_data_still_come_is_no_warning(alice: User, as_alice: Client) -> None:
    item = create_item(alice, consent_expires_at=days(-20), collected_at=days(0))
    create_account(item)
    text = page(as_alice, "connection", item.id)
    assert "Your consent" not in text and "Consent valid until" not in text
    Item.objects.update(collected_at=days(-21))
    assert "Your consent has expired" in page(as_alice, "connection", item.id)
