"""Copy an item that came from a file to a new connector: the same accounts and records under new ids."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from pluggy_sandbox.clock import iso, parse
from pluggy_sandbox.delivery.changes import AccountChanges
from pluggy_sandbox.ids import stable_uuid
from pluggy_sandbox.store import ledger, records
from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.items import Item
from pluggy_sandbox.store.ledger import LedgerEntry
from pluggy_sandbox.world import documents

Json = dict[str, Any]


def write(database: Database, old: Item, new: Item, *, now: dt.datetime) -> None:
    """Copy everything dated since the new item's history begins. The caller saves the new item."""
    stamp = iso(now)
    with database.write_transaction():
        for row in ledger.account_rows(database, old.id):
            data = _renamed(json.loads(row["data"]), new, stamp)
            ledger.save_account(
                database, data, kind=row["kind"], position=row["position"], opening_cents=row["opening_cents"]
            )
            entries = list(_entries(database, row["id"], data["id"], new, stamp))
            ledger.save_transactions(database, entries)
            bills = [bill for bill in ledger.bills(database, row["id"]) if _is_since(bill, "dueDate", new)]
            ledger.save_bills(
                database,
                data["id"],
                [_renamed(bill, new, None) | {"accountId": data["id"]} for bill in bills],
            )
        _records(database, old, new, stamp)


def changes(database: Database, item: Item) -> list[AccountChanges]:
    """Return everything as new, for the events of the first run."""
    return [
        AccountChanges(row["id"], created=ledger.transactions(database, row["id"]))
        for row in ledger.account_rows(database, item.id)
    ]


def _entries(
    database: Database, old_account_id: str, account_id: str, new: Item, stamp: str
) -> Iterator[LedgerEntry]:
    for data in ledger.transactions(database, old_account_id):
        stored = ledger.transaction(database, data["id"])
        if stored is None or not _is_since(data, "date", new):
            continue
        copied = _renamed(data, new, stamp) | {"accountId": account_id}
        yield LedgerEntry(_with_bill(copied, new), stored.cents, generated=stored.generated)


def _with_bill(data: Json, new: Item) -> Json:
    """Return a transaction that names the copy of its bill."""
    metadata = data.get("creditCardMetadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("billId"), str):
        return data
    return data | {"creditCardMetadata": metadata | {"billId": stable_uuid(new.id, metadata["billId"])}}


def _is_since(data: Json, name: str, new: Item) -> bool:
    """Return whether it is dated in the history of the new item; what has no date is."""
    try:
        return parse(str(data.get(name))) >= parse(new.history_start)
    except ValueError:
        return True


def _records(database: Database, old: Item, new: Item, stamp: str) -> None:
    for kind in (records.INVESTMENT, records.LOAN, records.IDENTITY):
        copied = [_renamed(record, new, stamp) for record in records.for_item(database, old.id, kind)]
        records.replace(database, new.id, kind, copied)
    for position in records.for_item(database, old.id, records.INVESTMENT):
        kind = records.INVESTMENT_TRANSACTION
        movements = [
            _renamed(movement, new, None) for movement in records.for_parent(database, position["id"], kind)
        ]
        parent = stable_uuid(new.id, position["id"])
        records.replace(database, new.id, kind, movements, parent_id=parent)
    consent = documents.consent(new.id, new.products, given_at=stamp)
    records.replace(database, new.id, records.CONSENT, [consent])


def _renamed(data: Json, new: Item, stamp: str | None) -> Json:
    """Return the object under an id of the new item; with a stamp also with its times."""
    changed: Json = {"id": stable_uuid(new.id, data["id"])}
    if "itemId" in data:
        changed["itemId"] = new.id
    if stamp:
        changed |= {name: stamp for name in ("createdAt", "updatedAt") if name in data}
    return data | changed
