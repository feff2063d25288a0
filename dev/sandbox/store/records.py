"""What an item has besides accounts, transactions and bills: one JSON per record, as the API gives it."""

import json
from collections.abc import Iterable
from typing import Any

from dev.sandbox.store.database import Database
from dev.sandbox.store.packing import dumps

Json = dict[str, Any]
INVESTMENT, INVESTMENT_TRANSACTION, LOAN = "investment", "investment-transaction", "loan"
IDENTITY, CONSENT, RESOURCE, STATEMENT = "identity", "consent", "resource", "statement"


def replace(
    database: Database, item_id: str, kind: str, records: Iterable[Json], *, parent_id: str | None = None
) -> None:
    """Make these the item's records of a kind (or those of one parent), in this order."""
    with database.writing() as connection:
        connection.execute(
            "DELETE FROM records WHERE item_id = ? AND kind = ? AND parent_id IS ?",
            (item_id, kind, parent_id),
        )
        connection.executemany(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)",
            (
                (one["id"], item_id, kind, parent_id, position, dumps(one))
                for position, one in enumerate(records)
            ),
        )


def of_item(database: Database, item_id: str, kind: str) -> list[Json]:
    """The item's records of a kind, in their order."""
    sql = "SELECT data FROM records WHERE item_id = ? AND kind = ? ORDER BY position"
    return [json.loads(row["data"]) for row in database.rows(sql, item_id, kind)]


def of_parent(database: Database, parent_id: str, kind: str) -> list[Json]:
    """The records below another one, in their order."""
    sql = "SELECT data FROM records WHERE parent_id = ? AND kind = ? ORDER BY position"
    return [json.loads(row["data"]) for row in database.rows(sql, parent_id, kind)]


def one(database: Database, record_id: str, kind: str) -> tuple[str, Json] | None:
    """A record with the id of its item."""
    row = database.row("SELECT item_id, data FROM records WHERE id = ? AND kind = ?", record_id, kind)
    return (row["item_id"], json.loads(row["data"])) if row else None
