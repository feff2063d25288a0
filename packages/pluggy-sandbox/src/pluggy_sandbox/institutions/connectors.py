"""The institutions (data/connectors.json) in the format of the API."""

import json
from functools import cache
from pathlib import Path
from typing import Any, TypeGuard

from pluggy_sandbox.world import bank_settings
from pluggy_sandbox.world.bank_settings import BankSettings

Json = dict[str, Any]
DATA = Path(__file__).parents[1] / "data"
CREATED_AT = "2026-01-05T12:00:00.000Z"
ONLINE: Json = {"status": "ONLINE", "stage": None, "incidents": []}
COPIED_FIELDS = (
    "id",
    "name",
    "primaryColor",
    "institutionUrl",
    "type",
    "hasMFA",
    "isSandbox",
    "isOpenFinance",
)
UNSUPPORTED = (
    "supportsPaymentInitiation",
    "supportsScheduledPayments",
    "supportsSmartTransfers",
    "supportsBoletoManagement",
    "supportsAutomaticPix",
)


@cache
def _file() -> Json:
    data: Json = _read("connectors.json")
    return data


@cache
def _by_id() -> dict[int, Json]:
    return {entry["id"]: entry for entry in _file()["connectors"]}


def _read(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


PRODUCTS: list[str] = _file()["products"]["bank"]  # all products that runs collect, in their order


def exists(connector_id: object) -> TypeGuard[int]:
    """Return whether there is such an institution."""
    # The type is exact, because False equals 0, which is Pluggy Bank.
    return type(connector_id) is int and connector_id in _by_id()


def ids() -> list[int]:
    """Return all connector ids."""
    return list(_by_id())


def settings(connector_id: int) -> BankSettings:
    """Return how the institution generates and reports data."""
    return bank_settings.settings_of(connector_id)


def name(connector_id: int) -> str:
    """Return the name of the institution."""
    return str(_by_id()[connector_id]["name"])


def successor(connector_id: int) -> int | None:
    """Return the Open Finance connector to the same bank, by which a direct connector is replaced, or None."""
    data: int | None = _by_id()[connector_id].get("successor")
    return data


def predecessor(connector_id: int) -> int | None:
    """Return the direct connector that this one replaces, or None."""
    return next((other for other in ids() if successor(other) == connector_id), None)


def products(connector_id: int) -> list[str]:
    """Return the products of the institution in the order of a run."""
    data: list[str] = _file()["products"][_by_id()[connector_id]["products"]]
    return data


def asks_for_code(connector_id: int) -> bool:
    """Return whether a login needs a code (MFA), with the password or in a second step."""
    return bool(_by_id()[connector_id]["hasMFA"])


def code_field(connector_id: int) -> str | None:
    """Return the credential that is a code sent with the password (1-step MFA), or None."""
    return next((field["name"] for field in credentials(connector_id) if field["mfa"]), None)


def authorization(connector_id: int) -> str | None:
    """Return how the user authorizes at the institution: "oauth", "qr", or None."""
    data: str | None = _by_id()[connector_id]["authorization"]
    return data


def is_open_finance(connector_id: int) -> bool:
    """Return whether it belongs to Open Finance: consents, resources, real-time balances."""
    return bool(_by_id()[connector_id]["isOpenFinance"])


def is_sandbox(connector_id: int) -> bool:
    """Return whether the API marks it as a test institution."""
    return bool(_by_id()[connector_id]["isSandbox"])


def can_update(connector_id: int) -> bool:
    """Return whether an application can update its items. MeuPluggy collects their data by itself."""
    return bool(_by_id()[connector_id].get("canUpdate", True))


def credentials(connector_id: int) -> list[Json]:
    """Return the fields that a login needs."""
    fields: list[Json] = _file()["forms"][_by_id()[connector_id]["form"]]
    return fields


def connector(connector_id: int, origin: str, health: Json = ONLINE) -> Json:
    """Return the connector in the format of the API; its logo is served from `origin`."""
    entry = _by_id()[connector_id]
    return {field: entry[field] for field in COPIED_FIELDS} | {
        "country": "BR",
        "credentials": credentials(connector_id),
        "imageUrl": f"{origin}/static/connectors/{connector_id}.svg",
        "oauth": authorization(connector_id) == "oauth",
        "products": products(connector_id),
        "productCoverage": products(connector_id),
        "oauthUrl": None,
        "resetPasswordUrl": entry.get("resetPasswordUrl"),
        "health": health,
        **dict.fromkeys(UNSUPPORTED, False),
        "createdAt": CREATED_AT,
        "updatedAt": CREATED_AT,
    }


def logo(connector_id: int) -> str:
    """Return an SVG logo: the initials on the colour of the institution."""
    entry = _by_id()[connector_id]
    initials = "".join(word[0] for word in entry["name"].split()[:2])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img">'
        f'<rect width="64" height="64" rx="14" fill="#{entry["primaryColor"]}"/>'
        '<text x="32" y="41" font-family="sans-serif" font-size="26" font-weight="700" fill="#fff"'
        f' text-anchor="middle">{initials}</text></svg>'
    )
