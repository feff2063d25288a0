"""MeuPluggy (connector 200): it updates its connections by itself, and its name is not that of a bank."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Connector, Item
from banking.ledger.models import Account, DoubleListing
from banking.web.api_client import pluggy as our_client
from tests.factories import create_account, create_item
from tests.local_pluggy import LocalPluggy, wait_until
from tests.net_worth_helpers import MARIA, OWN_DOCUMENT, card, checking, entry, figures, load_world, page
from tests.sync_helpers import run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

MEU_PLUGGY = Connector.MEU_PLUGGY_ID
FIRST, SECOND = "20000000-0000-4000-8000-000000000101", "20000000-0000-4000-8000-000000000102"
COFFEE = entry("2026-11-05", -10, "CAFE")
# Where a page could offer what Pluggy refuses.
PAGES = ("connection", "connections", "overview")


@pytest.fixture
def item(alice: User, pluggy: LocalPluggy) -> Item:
    """A bank that alice has connected in MeuPluggy, and MeuPluggy here."""
    body = {"connectorId": MEU_PLUGGY, "parameters": {}, "clientUserId": alice.reference}
    item_id = pluggy.api("POST", "/items", json=body)["id"]
    wait_until(
        lambda: pluggy.api("GET", f"/items/{item_id}")["status"].startswith("WAITING"),
        seconds=10,
        what="MeuPluggy asks for approval",
    )
    pluggy.control("POST", f"/items/{item_id}/approve")
    pluggy.wait_until_collected(item_id)
    claimed = actions.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
    run_sync(claimed)
    return Item.objects.get(id=item_id)


def texts(client: Client, item: Item) -> dict[str, str]:
    return {name: page(client, name, *([item.id] if name == "connection" else [])) for name in PAGES}


def updates(pluggy: LocalPluggy) -> list[Any]:
    return list(pluggy.control("GET", "/requests?method=PATCH")["requests"])


def test_the_page_says_who_updates_it_and_offers_no_update(
    item: Item, as_alice: Client, pluggy: LocalPluggy
) -> None:
    assert (item.status, item.next_auto_sync_at) == ("UPDATED", None)
    assert Account.objects.filter(item=item).exists()
    for name, text in texts(as_alice, item).items():
        assert reverse("refresh", args=[item.id]) not in text, name
        assert f"{reverse('connect')}?item={item.id}" not in text, name
        assert "update whenever you want" not in text, name
    detail = page(as_alice, "connection", item.id)
    assert "It updates your bank by itself." in detail
    assert "Open MeuPluggy" in detail and item.connector.institution_url in detail


def test_an_update_that_is_posted_all_the_same_asks_nothing_of_pluggy(
    item: Item, as_alice: Client, pluggy: LocalPluggy
) -> None:
    answer = as_alice.post(reverse("refresh", args=[item.id]), follow=True, headers={"Accept-Language": "en"})
    assert "MeuPluggy updates this connection by itself." in answer.content.decode()
    assert updates(pluggy) == []
    item.sync.refresh_from_db()
    assert not item.sync.is_behind


@pytest.mark.parametrize(
    "body",
    [
        {"message": "MeuPluggy item cant be updated"},
        {"code": 400, "message": "MeuPluggy item cant be updated"},
        {"code": 400, "message": ["MeuPluggy item cant be updated"], "data": None},
        {"code": 400, "codeDescription": "", "message": "MEUPLUGGY item can't be updated", "data": "odd"},
    ],
)
def test_pluggys_refusal_is_understood_without_a_code(
    body: Any, alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    """Should MeuPluggy get another connector, the refusal still says what it is."""
    item = create_item(alice)
    pluggy.fault("status", f"^/items/{item.id}", method="PATCH", status=400, body=body)
    answer = as_alice.post(reverse("refresh", args=[item.id]), follow=True, headers={"Accept-Language": "en"})
    assert "MeuPluggy updates this connection by itself." in answer.content.decode()


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (
            {
                "status": "OUTDATED",
                "execution_status": "SITE_NOT_AVAILABLE",
                "error_code": "SITE_NOT_AVAILABLE",
            },
            "Update it in MeuPluggy.",
        ),
        ({"status": "LOGIN_ERROR", "execution_status": "INVALID_CREDENTIALS"}, "again in MeuPluggy."),
        ({"status": "LOGIN_ERROR", "execution_status": "USER_AUTHORIZATION_REVOKED"}, "again in MeuPluggy."),
        (
            {"status": "UPDATED", "execution_status": "PARTIAL_SUCCESS"},
            "MeuPluggy didn&#x27;t send everything.",
        ),
        ({"status": "SOMETHING_NEW"}, "Update it in MeuPluggy."),
    ],
)
@pytest.mark.parametrize("was_read", [True, False])
def test_a_failure_leads_to_meu_pluggy(
    columns: dict[str, str], text: str, was_read: bool, item: Item, as_alice: Client
) -> None:
    Item.objects.update(**columns, **({} if was_read else {"collected_at": None}))
    detail = page(as_alice, "connection", item.id)
    assert text in detail and "Open MeuPluggy" in detail
    assert "keep trying" not in detail and "ask again automatically" not in detail
    for name, shown in texts(as_alice, item).items():
        assert reverse("refresh", args=[item.id]) not in shown, name
        assert f"{reverse('connect')}?item={item.id}" not in shown, name
    assert not as_alice.get(reverse("connect")).context["unfinished"], "Pluggy would refuse to continue it"


def test_an_approval_that_meu_pluggy_waits_for_is_continued(item: Item, as_alice: Client) -> None:
    Item.objects.update(status="WAITING_USER_INPUT", execution_status="WAITING_USER_INPUT", collected_at=None)
    assert f"{reverse('connect')}?item={item.id}" in page(as_alice, "connections")
    assert len(as_alice.get(reverse("connect")).context["unfinished"]) == 1


# --- Its name is not the bank's --------------------------------------------------------------------------
def bank(item_id: str, *accounts: Any, connector: int = MEU_PLUGGY) -> Any:
    return {"id": item_id, "connectorId": connector, "accounts": list(accounts), "identity": MARIA}


def account_at(code: str, balance: float, **more: Any) -> Any:
    number: dict[str, Any] = {"bankData": {"transferNumber": f"{code}/0001/55501-0"}} if code else {}
    return checking(balance, COFFEE, taxNumber=OWN_DOCUMENT, **number, **more)


def test_two_banks_with_the_same_number_in_meu_pluggy_are_two(
    alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    load_world(pluggy, alice, bank(FIRST, account_at("260", 100)), bank(SECOND, account_at("341", 50)))
    assert figures(as_alice)["net_worth"] == 150
    assert not DoubleListing.objects.exists()


@pytest.mark.parametrize("other", [MEU_PLUGGY, 9002])
def test_one_bank_that_comes_twice_counts_once(
    other: int, alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    direct = bank(SECOND, account_at("260", 100), connector=other)
    load_world(pluggy, alice, bank(FIRST, account_at("260", 100)), direct)
    assert figures(as_alice)["net_worth"] == 100
    assert DoubleListing.objects.get().state == DoubleListing.State.AUTOMATIC


@pytest.mark.parametrize("codes", [("", ""), ("260", "")])
def test_a_bank_that_meu_pluggy_does_not_name_is_a_question(
    codes: tuple[str, str], alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    worlds = [
        bank(item_id, account_at(code, 100)) for item_id, code in zip((FIRST, SECOND), codes, strict=True)
    ]
    load_world(pluggy, alice, *worlds)
    assert figures(as_alice)["net_worth"] == 200
    assert DoubleListing.objects.get().state == DoubleListing.State.SUGGESTED


def test_cards_of_two_banks_in_meu_pluggy_are_two(alice: User, as_alice: Client, pluggy: LocalPluggy) -> None:
    same: dict[str, Any] = {"creditLimit": 1000, "availableCreditLimit": 800, "brand": "VISA"}
    cards = [card(200, **same) | {"taxNumber": OWN_DOCUMENT} for _ in range(2)]
    load_world(pluggy, alice, bank(FIRST, cards[0]), bank(SECOND, cards[1]))
    assert figures(as_alice)["net_worth"] == -400
    assert not DoubleListing.objects.exists()


def test_a_failed_attempt_at_meu_pluggy_refuses_no_second_one(alice: User, as_alice: Client) -> None:
    connector = Connector.objects.create(id=MEU_PLUGGY, name="MeuPluggy", seen_at=timezone.now())
    create_account(create_item(alice))
    create_item(alice, connector=connector, status="LOGIN_ERROR", collected_at=None)
    assert not as_alice.get(reverse("connect")).context["unfinished"]
    assert not actions._should_avoid_duplicates(alice)
