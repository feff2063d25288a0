"""GET /_control/truth: everything that a product should hold of an item, streamed, or its totals."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, request, stream_with_context

from pluggy_sandbox.api.items import item_json
from pluggy_sandbox.control.access import control_blueprint
from pluggy_sandbox.control.items import find
from pluggy_sandbox.sandbox import current_sandbox
from pluggy_sandbox.store import categorization, ledger, records
from pluggy_sandbox.store.database import Database

bp = control_blueprint("truth")
Json = dict[str, Any]
FLUSH = 64 * 1024  # bytes of a chunk


@bp.get("/truth/items/<item_id>")
def truth(item_id: str) -> Response:
    """Return all that the API would return for the item; with `summary` only counts and sums."""
    find(item_id)
    generate = _summary if request.args.get("summary") else _full
    return Response(stream_with_context(_in_one_snapshot(generate, item_id)), mimetype="application/json")


def _in_one_snapshot(generate: Any, item_id: str) -> Iterator[bytes]:
    """Read everything from one snapshot of the database, however long that takes."""
    database = current_sandbox().database
    database.connection.execute("BEGIN")
    try:
        yield from _buffered(generate(database, item_id))
    finally:
        database.connection.execute("ROLLBACK")


def _buffered(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces to chunks of at least FLUSH bytes."""
    buffer: list[bytes] = []
    size = 0
    for chunk in chunks:
        buffer.append(chunk)
        size += len(chunk)
        if size >= FLUSH:
            yield b"".join(buffer)
            buffer, size = [], 0
    yield b"".join(buffer)


def _full(database: Database, item_id: str) -> Iterator[bytes]:
    accounts, is_categorized = ledger.accounts(database, item_id), categorization.is_on(database)
    head = {"item": item_json(find(item_id)), "accounts": accounts, "transactions": {}}
    yield _json_bytes(head)[:-2]
    for number, account in enumerate(accounts):
        yield f'{"," if number else ""}"{account["id"]}":['.encode()
        for index, transaction in enumerate(ledger.iter_transactions(database, account["id"])):
            transaction = transaction if is_categorized else categorization.without_category(transaction)
            yield b"," + transaction if index else transaction
        yield b"]"
    yield b"}," + _json_bytes(_other_records(database, item_id, accounts))[1:]


def _other_records(database: Database, item_id: str, accounts: list[Json]) -> Json:
    """Return everything but accounts and transactions."""
    investments = records.for_item(database, item_id, records.INVESTMENT)
    identities = records.for_item(database, item_id, records.IDENTITY)
    kind = records.INVESTMENT_TRANSACTION
    return {
        "bills": {account["id"]: ledger.bills(database, account["id"]) for account in accounts},
        "investments": investments,
        "investmentTransactions": {
            investment["id"]: records.for_parent(database, investment["id"], kind)
            for investment in investments
        },
        "loans": records.for_item(database, item_id, records.LOAN),
        "identity": identities[0] if identities else None,
        "consents": records.for_item(database, item_id, records.CONSENT),
        "readAt": find(item_id).read_at,
    }


def _summary(database: Database, item_id: str) -> Iterator[bytes]:
    """Yield the totals of each account: number, sum in cents of its currency, first and last date."""
    accounts = ledger.accounts(database, item_id)
    totals_by_account = {account["id"]: _account_totals(database, account["id"]) for account in accounts}
    item = item_json(find(item_id))
    yield _json_bytes({"item": item, "accounts": accounts, "transactions": totals_by_account})


def _account_totals(database: Database, account_id: str) -> Json:
    totals = ledger.summary(database, account_id)
    return {"count": totals.count, "cents": totals.cents, "minDate": totals.first, "maxDate": totals.last}


def _json_bytes(data: Json) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()
