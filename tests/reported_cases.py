"""Load what people report of real banks into the local Pluggy, and read what the pages say about it."""

from collections.abc import Iterable
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import User
from banking.connections.models import Item
from banking.ledger import monthly_totals
from tests.household import OWN
from tests.local_pluggy import LocalPluggy
from tests.net_worth_helpers import Json, card, checking, load_world

BILL_ID = "b0000000-0000-4000-8000-0000000008%02d"


def household(pluggy: LocalPluggy, user: User, *bills: Json, **transactions: Iterable[Json]) -> list[Item]:
    """Load the accounts X1 and Y1 and the cards C1 and C2 of one person at two banks, and sync them."""
    of = {name: list(transactions.get(name, ())) for name in ("X1", "Y1", "C1", "C2")}
    own: Json = {"taxNumber": OWN}
    days = {"balanceCloseDate": "2026-12-03"}
    banks = [
        [
            checking(0, *of["X1"], **own),
            card(0, *of["C1"], number="4001", **days) | own | {"bills": list(bills)},
        ],
        [checking(0, *of["Y1"], number="0001/9", **own), card(0, *of["C2"], number="4002", **days) | own],
    ]
    return load_world(
        pluggy,
        user,
        *({"connectorId": 9002 + index, "accounts": accounts} for index, accounts in enumerate(banks)),
    )


def month(client: Client, name: str) -> dict[str, dict[str, str]]:
    """Return income and spending of a month by currency, as the overview shows them."""
    report = client.get(reverse("overview_json"), {"month": name}).json()
    assert monthly_totals.differences() == []
    return {
        line["currency"]: {key: line[key] for key in ("income", "spending")}
        for line in report["figures"]
        if (line["income"], line["spending"]) != ("0.00", "0.00")
    }


def brl(income: str, spending: str) -> dict[str, dict[str, str]]:
    return {"BRL": {"income": income, "spending": spending}}


def cards(client: Client) -> list[Json]:
    listed: list[Json] = client.get(reverse("cards_json")).json()["cards"]
    return listed


def bills(card_data: Json) -> dict[str, tuple[str, str]]:
    """Return total and unpaid amount of each bill of a card, by month."""
    statements = [*card_data["closed"], card_data["open"], *card_data["coming"]]
    return {statement["name"]: (statement["total"], statement["unpaid"]) for statement in statements}


def closed_bill(number: int, due: str, closing: str, total: float, **more: Any) -> Json:
    return {
        "id": BILL_ID % number, "dueDate": due, "billClosingDate": closing, "totalAmount": total,
        "totalAmountCurrencyCode": "BRL", "financeCharges": [], "payments": [],
    } | more  # fmt: skip
