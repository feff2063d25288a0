"""The truth about an item: all that a product should hold of it, streamed, or summed up."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, request, stream_with_context

from dev.sandbox.api.items import item_json
from dev.sandbox.control.guard import room
from dev.sandbox.control.items import find
from dev.sandbox.pluggy import here
from dev.sandbox.store import ledger, records
from dev.sandbox.store.database import Database

bp = room("truth")
Json = dict[str, Any]
FLUSH = 64 * 1024  # bytes that leave together


@bp.get("/truth/items/<item_id>")
def truth(item_id: str) -> Response:
    """All that the API would give of the item; with `summary` only counts and sums."""
    find(item_id)
    tell = _summary if request.args.get("summary") else _everything
    return Response(stream_with_context(_in_one_moment(tell, item_id)), mimetype="application/json")


def _in_one_moment(tell: Any, item_id: str) -> Iterator[bytes]:
    """All of it from one snapshot of the database, however long the reading takes."""
    database = here().database
    database.connection.execute("BEGIN")
    try:
        yield from _gathered(tell(database, item_id))
    finally:
        database.connection.execute("ROLLBACK")


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= FLUSH:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def _everything(database: Database, item_id: str) -> Iterator[bytes]:
    accounts = ledger.accounts(database, item_id)
    head = {"item": item_json(find(item_id)), "accounts": accounts, "transactions": {}}
    yield _said(head)[:-2]
    for number, account in enumerate(accounts):
        yield f'{"," if number else ""}"{account["id"]}":['.encode()
        for place, row in enumerate(ledger.stream(database, account["id"])):
            yield b"," + row if place else row
        yield b"]"
    yield b"}," + _said(_rest(database, item_id, accounts))[1:]


def _rest(database: Database, item_id: str, accounts: list[Json]) -> Json:
    investments = records.of_item(database, item_id, records.INVESTMENT)
    identities = records.of_item(database, item_id, records.IDENTITY)
    kind = records.INVESTMENT_TRANSACTION
    return {
        "bills": {account["id"]: ledger.bills(database, account["id"]) for account in accounts},
        "investments": investments,
        "investmentTransactions": {
            one["id"]: records.of_parent(database, one["id"], kind) for one in investments
        },
        "loans": records.of_item(database, item_id, records.LOAN),
        "identity": identities[0] if identities else None,
        "consents": records.of_item(database, item_id, records.CONSENT),
    }


def _summary(database: Database, item_id: str) -> Iterator[bytes]:
    """Per account how many rows, their sum in cents of the account's currency, first and last date."""
    accounts = ledger.accounts(database, item_id)
    sums = {account["id"]: _sum(database, account["id"]) for account in accounts}
    yield _said({"item": item_json(find(item_id)), "accounts": accounts, "transactions": sums})


def _sum(database: Database, account_id: str) -> Json:
    found = ledger.summary(database, account_id)
    return {"count": found.count, "cents": found.cents, "minDate": found.first, "maxDate": found.last}


def _said(data: Json) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()
