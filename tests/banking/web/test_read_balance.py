"""The balance that the bank has at this moment: asked for only by the user, shown, not stored."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import User
from banking.ledger.models import Account
from tests.factories import create_account, create_item
from tests.local_pluggy import LocalPluggy
from tests.net_worth_helpers import checking, load_world, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

DATA = {"transferNumber": "290/0001/55501-0", "closingBalance": 1234.56}


@pytest.fixture(autouse=True)
def no_limits() -> None:
    cache.clear()


@pytest.fixture
def account(alice: User, pluggy: LocalPluggy) -> Account:
    (item,) = load_world(pluggy, alice, {"connectorId": 9002, "accounts": [checking(1234.56, bankData=DATA)]})
    return item.accounts.get()


def ask(client: Client, account: Account) -> str:
    answer = client.post(
        reverse("read_balance", args=[account.id]), follow=True, headers={"Accept-Language": "en"}
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_balance_is_shown_and_not_stored(account: Account, pluggy: LocalPluggy, as_alice: Client) -> None:
    assert reverse("read_balance", args=[account.id]) in page(as_alice, "connection", account.item_id)
    body = {
        "balance": 99.9,
        "blockedBalance": 5,
        "currencyCode": "BRL",
        "updateDateTime": "2026-11-28T10:00:00Z",
    }
    pluggy.fault("status", "/balance$", status=200, body=body)
    shown = ask(as_alice, account)
    assert "at the bank now: R$\xa099,90." in shown and "Blocked: R$\xa05,00." in shown
    account.refresh_from_db()
    assert str(account.balance).startswith("1234.56")


def test_the_local_pluggy_answers(account: Account, as_alice: Client) -> None:
    assert "at the bank now: R$\xa01.234,56." in ask(as_alice, account)


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (400, {"code": 400, "codeDescription": "BALANCE_INVALID_REQUEST"}, "give this balance right now"),
        (403, {"code": 403, "codeDescription": "BALANCE_CONSENT_ERROR"}, "give this balance right now"),
        (404, {"code": 404, "codeDescription": "BALANCE_NOT_FOUND"}, "give this balance right now"),
        (
            429,
            {"code": 429, "codeDescription": "BALANCE_OPEN_FINANCE_RATE_LIMIT"},
            "Too many updates right now",
        ),
        (502, {"code": 502, "codeDescription": "BALANCE_CONNECTOR_UNAVAILABLE"}, "reach Pluggy"),
        (200, {"balance": None}, "reach Pluggy"),
        (200, {"balance": "NaN", "currencyCode": "BRL"}, "give this balance right now"),
        (200, {"balance": "1e30", "currencyCode": "BRL"}, "give this balance right now"),
        (200, {"balance": 5, "currencyCode": "USD"}, "give this balance right now"),
        (
            200,
            {"balance": 5, "currencyCode": None, "blockedBalance": "x", "updateDateTime": 7},
            "R$\xa05,00.",
        ),
        (200, {"balance": 5, "blockedBalance": "1e30"}, "R$\xa05,00."),
    ],
)
def test_each_answer_has_a_message(
    status: int, body: Any, text: str, account: Account, pluggy: LocalPluggy, as_alice: Client
) -> None:
    pluggy.fault("status", "/balance$", status=status, body=body)
    assert text in ask(as_alice, account).replace("&#x27;", "'")
    pluggy.control("DELETE", "/faults")


def test_who_hides_amounts_sees_none(account: Account, as_alice: Client, alice: User) -> None:
    alice.hides_amounts = True
    alice.save()
    assert "1.234,56" not in ask(as_alice, account)


def test_only_bank_accounts_of_open_finance_have_it(alice: User, as_alice: Client) -> None:
    direct = create_account(create_item(alice))
    assert reverse("read_balance", args=[direct.id]) not in page(as_alice, "connection", direct.item_id)
