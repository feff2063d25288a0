"""What a bank asks of the user and until when, failed sign-ins, and the bank's page for a new password."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from banking.connections import items
from banking.connections.bank_requests import read_request
from banking.connections.models import Item
from banking.pluggy import payloads
from tests.factories import create_item
from tests.net_worth_helpers import page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
INPUT: dict[str, Any] = {"status": Item.Status.WAITING_USER_INPUT, "execution_status": "WAITING_USER_INPUT"}
ACTION: dict[str, Any] = {
    "status": Item.Status.WAITING_USER_ACTION,
    "execution_status": "WAITING_USER_ACTION",
}
LOGIN_ERROR: dict[str, Any] = {"status": Item.Status.LOGIN_ERROR, "execution_status": "INVALID_CREDENTIALS"}


def in_time(minutes: int) -> str:
    return (timezone.now() + timedelta(minutes=minutes)).isoformat()


@pytest.mark.parametrize("name", ["connection", "connections", "connect"])
def test_the_pages_say_what_the_bank_asks_and_until_when(name: str, alice: User, as_alice: Client) -> None:
    asked = {"label": "<i>Token</i>", "assistiveText": "Seis números", "instructions": "Abra o app"}
    item = create_item(alice, **INPUT, parameter=asked | {"expiresAt": in_time(5)})
    shown = page(as_alice, name, *([item.id] if name == "connection" else []))
    for text in ("&lt;i&gt;Token", "Seis números", "Abra o app", "Answer until"):
        assert text in shown, text


def test_an_approval_that_is_too_late_is_said(alice: User, as_alice: Client) -> None:
    asked = {"instructions": "Leia o código QR", "type": "qr", "expiresAt": in_time(-5)}
    item = create_item(alice, **ACTION, user_action=asked)
    shown = page(as_alice, "connection", item.id)
    assert "Leia o código QR" in shown and "The time to answer ended" in shown and "Answer until" not in shown


@pytest.mark.parametrize("fields", [INPUT, ACTION])
@pytest.mark.parametrize(
    "asked",
    [
        None, {}, [], "x", 7, {"label": None, "instructions": 7, "expiresAt": []}, {"label": "  "},
        {"expiresAt": "soon"}, {"expiresAt": "9999-12-31T23:59:59Z"},
    ],
)  # fmt: skip
def test_nothing_is_said_of_what_cannot_be_read(
    fields: dict[str, Any], asked: Any, alice: User, as_alice: Client
) -> None:
    item = create_item(alice, **fields, parameter=asked, user_action=asked)
    assert read_request(item) is None
    assert "What the bank asks for" not in page(as_alice, "connection", item.id)


def test_an_odd_detail_costs_only_itself(alice: User) -> None:
    item = create_item(
        alice, **INPUT, parameter={"label": 7, "instructions": "x" * 999, "expiresAt": "2026-12-01"}
    )
    request = read_request(item)
    assert request and len(request.texts[0]) == 300
    assert request.expires_at and request.expires_at.day == 1


def test_a_request_that_was_answered_is_not_shown(alice: User, as_alice: Client) -> None:
    item = create_item(alice, parameter={"label": "Token"}, user_action={"instructions": "Token"})
    assert "Token" not in page(as_alice, "connection", item.id).replace("csrfToken", "")


def test_failures_in_a_row_and_the_page_for_a_new_password_are_shown(alice: User, as_alice: Client) -> None:
    item = create_item(alice, **LOGIN_ERROR, failed_logins=3)
    item.connector.reset_password_url = "https://banco.example/senha?a=1&b=2"
    item.connector.save()
    for name in ("connection", "connect"):
        shown = page(as_alice, name, *([item.id] if name == "connection" else []))
        assert "3 sign-ins in a row failed." in shown
        assert 'href="https://banco.example/senha?a=1&amp;b=2" rel="noopener noreferrer"' in shown


@pytest.mark.parametrize(
    "columns",
    [
        {"execution_status": "SUCCESS", "failed_logins": 3},
        {"status": "OUTDATED", "execution_status": "SITE_NOT_AVAILABLE"},
        {**LOGIN_ERROR, "execution_status": "USER_AUTHORIZATION_REVOKED"},
        {**LOGIN_ERROR, "gone_at": timezone.now()},
    ],
)
def test_a_new_password_is_offered_only_if_it_may_help(
    columns: dict[str, Any], alice: User, as_alice: Client
) -> None:
    item = create_item(alice, **columns)
    item.connector.reset_password_url = "https://banco.example/senha"
    item.connector.save()
    shown = page(as_alice, "connection", item.id)
    assert "banco.example/senha" not in shown and "sign-ins in a row" not in shown


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x", "", None, "https://" + "x" * 600])
def test_an_address_that_is_no_web_page_is_not_stored(url: str | None) -> None:
    payload = payloads.Connector(id=1, name="x", reset_password_url=url)
    assert items.save_connector(payload, now=timezone.now()).reset_password_url == ""


@pytest.mark.parametrize(
    ("sent", "stored"), [({"a": {"b": 1}}, {"a": {"b": 1}}), (None, {}), ("x", {}), ([1], {})]
)
def test_details_of_an_error_are_stored_for_operators(sent: Any, stored: Any) -> None:
    error = payloads.ItemError(code="X", attributes=sent)
    connector = payloads.Connector(id=1)
    payload = payloads.Item(id=uuid.uuid4(), connector=connector, status="OUTDATED", error=error)
    assert items.columns(payload, now=timezone.now())["error_attributes"] == stored
