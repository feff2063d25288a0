"""The merchants that transactions have named, by CNPJ."""

import json
import re
from collections.abc import Iterable
from typing import Any

from dev.sandbox.store.database import Database
from dev.sandbox.store.packing import dumps

Json = dict[str, Any]


def digits(cnpj: object) -> str:
    """A CNPJ without its punctuation."""
    return re.sub(r"\D", "", str(cnpj))


def remember(database: Database, merchants: Iterable[Json]) -> None:
    """Keep the merchants that have a CNPJ; the first word on one stays."""
    values = [(digits(one["cnpj"]), dumps(one)) for one in merchants if one.get("cnpj")]
    with database.writing() as connection:
        connection.executemany("INSERT OR IGNORE INTO merchants VALUES (?, ?)", values)


def one(database: Database, cnpj: str) -> Json | None:
    """The merchant of a CNPJ in digits, or None."""
    row = database.row("SELECT data FROM merchants WHERE cnpj = ?", cnpj)
    return json.loads(row["data"]) if row else None
