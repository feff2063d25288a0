"""Load worlds into the local Pluggy, sync their items, and read what pages say about balances."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import requests
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Item
from banking.web.api_client import pluggy as our_client
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync

Json = dict[str, Any]
MARIA = {"fullName": "MARIA TESTE", "document": "761.092.776-73", "documentType": "CPF"}
OWN_DOCUMENT = "761.092.776-73"


def checking(balance: float, *transactions: Json, number: str = "0001/55501-0", **more: Any) -> Json:
    """Return a checking account of a world."""
    return {
        "subtype": "CHECKING_ACCOUNT",
        "number": number,
        "balance": balance,
        "transactions": list(transactions),
    } | more


def card(balance: float, *transactions: Json, number: str = "4003", **credit_data: Any) -> Json:
    """Return a card of a world that closes on December 2."""
    dates = {"balanceCloseDate": "2026-12-02", "balanceDueDate": "2026-12-10"}
    return {
        "subtype": "CREDIT_CARD",
        "number": number,
        "balance": balance,
        "creditData": dates | credit_data,
        "transactions": list(transactions),
    }


def entry(day: str, amount: float, description: str, category: str = "11010000", **more: Any) -> Json:
    """Return a transaction of a world on a day, such as `2026-11-05`."""
    return {
        "date": f"{day}T15:00:00.000Z",
        "amount": amount,
        "description": description,
        "categoryId": category,
    } | more


def load_world(pluggy: LocalPluggy, user: User, *items: Json) -> list[Item]:
    """Load the items, and sync each of them once; an item that is connected already is synced again."""
    url = f"{pluggy.url}/_control/world"
    answer = requests.post(
        url,
        params={"clientUserId": user.reference, "mode": "extend"},
        json={"items": list(items)},
        timeout=30,
    )
    assert answer.ok, answer.text
    return [
        sync_again(_claimed(user, UUID(loaded.get("id") or loaded["itemId"])))
        for loaded in answer.json()["items"]
    ]


def _claimed(user: User, item_id: UUID) -> Item:
    return actions.claim(user, item_id, client=our_client(), now=timezone.now())


def sync_again(item: Item, *, after: timedelta = timedelta()) -> Item:
    """Sync the item and return it as it is then."""
    mark_changed(item)
    run_sync(item, after=after)
    item.refresh_from_db()
    return item


def figures(client: Client, month: str = "2026-11") -> dict[str, Decimal]:
    """Return net worth, income and spending in reais, as the JSON reports have them."""
    currencies = client.get(reverse("net_worth_json")).json()["currencies"]
    report = client.get(reverse("overview_json"), {"month": month}).json()
    (main,) = [line for line in report["figures"] if line["currency"] == "BRL"]
    (worth,) = [line["net_worth"] for line in currencies if line["currency"] == "BRL"]
    return {name: Decimal(main[name]) for name in ("income", "spending")} | {"net_worth": Decimal(worth)}


def page(client: Client, name: str, *args: Any, **query: Any) -> str:
    """Return the text of a page."""
    answer = client.get(reverse(name, args=args), query, headers={"Accept-Language": "en"})
    assert answer.status_code == 200, name
    return answer.content.decode()
