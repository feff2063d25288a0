"""All other collected data of an item: one JSON object for each record, in the format of the API."""

import json
from collections.abc import Iterable
from typing import Any

from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.packing import dumps

Json = dict[str, Any]
INVESTMENT, INVESTMENT_TRANSACTION, LOAN = "investment", "investment-transaction", "loan"
IDENTITY, CONSENT, RESOURCE, STATEMENT = "identity", "consent", "resource", "statement"


def replace(
    database: Database, item_id: str, kind: str, records: Iterable[Json], *, parent_id: str | None = None
) -> None:
    """Replace the item's records of a kind, or those of one parent, with these, in this order."""
    with database.write_transaction() as connection:
        connection.execute(
            "DELETE FROM records WHERE item_id = ? AND kind = ? AND parent_id IS ?",
            (item_id, kind, parent_id),
        )
        connection.executemany(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)",
            (
                (record["id"], item_id, kind, parent_id, position, dumps(record))
                for position, record in enumerate(records)
            ),
        )


def for_item(database: Database, item_id: str, kind: str) -> list[Json]:
    """Return the item's records of a kind in their order."""
    sql = "SELECT data FROM records WHERE item_id = ? AND kind = ? ORDER BY position"
    return [json.loads(row["data"]) for row in database.fetch_all(sql, item_id, kind)]


def for_parent(database: Database, parent_id: str, kind: str) -> list[Json]:
    """Return the records of a parent in their order."""
    sql = "SELECT data FROM records WHERE parent_id = ? AND kind = ? ORDER BY position"
    return [json.loads(row["data"]) for row in database.fetch_all(sql, parent_id, kind)]


def get(database: Database, record_id: str, kind: str) -> tuple[str, Json] | None:
    """Return a record with the id of its item, or None."""
    row = database.fetch_one("SELECT item_id, data FROM records WHERE id = ? AND kind = ?", record_id, kind)
    return (row["item_id"], json.loads(row["data"])) if row else None
