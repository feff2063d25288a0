"""The institutions on offer (data/connectors.json), completed to the API's shape, and their habits."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from dev.sandbox.world import habits as world_habits
from dev.sandbox.world.habits import Habits

Json = dict[str, Any]
DATA = Path(__file__).parents[1] / "data"
BORN = "2026-01-05T12:00:00.000Z"
ONLINE: Json = {"status": "ONLINE", "stage": None, "incidents": []}
GIVEN = ("id", "name", "primaryColor", "institutionUrl", "type", "hasMFA", "isSandbox", "isOpenFinance")
NEVER = (
    "supportsPaymentInitiation",
    "supportsScheduledPayments",
    "supportsSmartTransfers",
    "supportsBoletoManagement",
    "supportsAutomaticPix",
)


@cache
def _file() -> Json:
    found: Json = _read("connectors.json")
    return found


@cache
def _known() -> dict[int, Json]:
    return {entry["id"]: entry for entry in _file()["connectors"]}


def _read(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


PRODUCTS: list[str] = _file()["products"]["bank"]  # everything that runs collect, in their order


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


def products(connector_id: int) -> list[str]:
    """What the institution has to collect, in the order of a run."""
    found: list[str] = _file()["products"][_known()[connector_id]["products"]]
    return found


def asks_for_code(connector_id: int) -> bool:
    """Whether a login needs a code (MFA): with the password or in a second step."""
    return bool(_known()[connector_id]["hasMFA"])


def code_field(connector_id: int) -> str | None:
    """The credential that is a code and goes with the password (1-step MFA), if there is one."""
    return next((field["name"] for field in credentials(connector_id) if field["mfa"]), None)


def authorization(connector_id: int) -> str | None:
    """How the person authorises at the institution itself: "oauth", "qr" or not at all."""
    found: str | None = _known()[connector_id]["authorization"]
    return found


def is_open_finance(connector_id: int) -> bool:
    """Whether it is regulated Open Finance: consents, resources, real-time balances."""
    return bool(_known()[connector_id]["isOpenFinance"])


def is_sandbox(connector_id: int) -> bool:
    """Whether the API marks it as a test institution."""
    return bool(_known()[connector_id]["isSandbox"])


def credentials(connector_id: int) -> list[Json]:
    """The fields a login needs."""
    fields: list[Json] = _file()["forms"][_known()[connector_id]["form"]]
    return fields


def connector(connector_id: int, origin: str, health: Json = ONLINE) -> Json:
    """The connector as the API gives it; its logo is served from `origin`."""
    entry = _known()[connector_id]
    return {field: entry[field] for field in GIVEN} | {
        "country": "BR",
        "credentials": credentials(connector_id),
        "imageUrl": f"{origin}/static/connectors/{connector_id}.svg",
        "oauth": authorization(connector_id) == "oauth",
        "products": products(connector_id),
        "productCoverage": products(connector_id),
        "oauthUrl": None,
        "resetPasswordUrl": None,
        "health": health,
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
