"""The merchants that transactions have named, by CNPJ."""

import json
import re
from collections.abc import Iterable
from typing import Any

from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.packing import dumps

Json = dict[str, Any]


def bare(cnpj: object) -> str:
    """Return a CNPJ without its punctuation: digits, and letters too in those issued since July 2026."""
    return re.sub(r"[^0-9A-Z]", "", str(cnpj).upper())


def add(database: Database, merchants: Iterable[Json]) -> None:
    """Store merchants that have a CNPJ; one that is already stored is not changed."""
    values = [(bare(merchant["cnpj"]), dumps(merchant)) for merchant in merchants if merchant.get("cnpj")]
    with database.write_transaction() as connection:
        connection.executemany("INSERT OR IGNORE INTO merchants VALUES (?, ?)", values)


def get(database: Database, cnpj: str) -> Json | None:
    """Return the merchant of a CNPJ without punctuation, or None."""
    row = database.fetch_one("SELECT data FROM merchants WHERE cnpj = ?", cnpj)
    return json.loads(row["data"]) if row else None
