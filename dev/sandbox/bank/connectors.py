"""The institutions on offer (data/connectors.json), completed to the API's shape, and their habits."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from dev.sandbox.world import habits as world_habits
from dev.sandbox.world.habits import Habits

Json = dict[str, Any]
DATA = Path(__file__).parents[1] / "data"
PRODUCTS = [
    "ACCOUNTS",
    "CREDIT_CARDS",
    "TRANSACTIONS",
    "PAYMENT_DATA",
    "INVESTMENTS",
    "INVESTMENTS_TRANSACTIONS",
    "IDENTITY",
    "LOANS",
]
BORN = "2026-01-05T12:00:00.000Z"
NEVER = (
    "supportsPaymentInitiation",
    "supportsScheduledPayments",
    "supportsSmartTransfers",
    "supportsBoletoManagement",
    "supportsAutomaticPix",
)


@cache
def _known() -> dict[int, Json]:
    return {entry["id"]: entry for entry in _read("connectors.json")}


def _read(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def exists(connector_id: object) -> bool:
    """Whether there is such an institution."""
    return isinstance(connector_id, int) and connector_id in _known()


def ids() -> list[int]:
    """All connector ids."""
    return list(_known())


def habits(connector_id: int) -> Habits:
    """How the institution reports."""
    return world_habits.of(connector_id)


def name(connector_id: int) -> str:
    """The institution's name."""
    return str(_known()[connector_id]["name"])


def asks_for_code(connector_id: int) -> bool:
    """Whether a second step (MFA) follows the password."""
    return bool(_known()[connector_id]["hasMFA"])


def is_sandbox(connector_id: int) -> bool:
    """Whether the API marks it as a test institution."""
    return bool(_known()[connector_id]["isSandbox"])


def credentials(connector_id: int) -> list[Json]:
    """The fields a login needs."""
    fields: list[Json] = _known()[connector_id]["credentials"]
    return fields


def connector(connector_id: int, origin: str) -> Json:
    """The connector as the API gives it; its logo is served from `origin`."""
    return _known()[connector_id] | {
        "imageUrl": f"{origin}/static/connectors/{connector_id}.svg",
        "products": PRODUCTS,
        "productCoverage": PRODUCTS,
        "oauthUrl": None,
        "resetPasswordUrl": None,
        "health": {"status": "ONLINE", "stage": None, "incidents": []},
        **dict.fromkeys(NEVER, False),
        "createdAt": BORN,
        "updatedAt": BORN,
    }


def logo(connector_id: int) -> str:
    """A plain drawn logo: the initials on the institution's colour."""
    entry = _known()[connector_id]
    initials = "".join(word[0] for word in entry["name"].split()[:2])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img">'
        f'<rect width="64" height="64" rx="14" fill="#{entry["primaryColor"]}"/>'
        '<text x="32" y="41" font-family="sans-serif" font-size="26" font-weight="700" fill="#fff"'
        f' text-anchor="middle">{initials}</text></svg>'
    )
