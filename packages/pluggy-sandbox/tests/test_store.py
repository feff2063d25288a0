"""The store: disk space, speed of pages, and queries."""

import datetime as dt
import json
import sqlite3
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pluggy_sandbox.clock import iso
from pluggy_sandbox.store import items, ledger
from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.items import Item
from sandbox_testing.program import Client, Program

Json = dict[str, Any]
MANY = 20_000
ITEM, ACCOUNT = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
STAMP = "2026-02-03T12:00:00.000Z"
START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def entry_like(model: Json, number: int, rng: Random) -> ledger.LedgerEntry:
    """Return an entry like the model with its own id, day, description and amount."""
    cents = rng.randint(-99999, 99999)
    own = {
        "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "accountId": ACCOUNT,
        "amount": cents / 100,
        "date": iso(START + dt.timedelta(minutes=37 * number)),
        "description": f"{model['description']} {number}",
    }
    return ledger.LedgerEntry(model | own, cents)


def save_item(database: Database) -> None:
    """Store an item with one account."""
    items.save(
        database, Item(ITEM, 2, STAMP, STAMP, status="UPDATED", execution_status="SUCCESS"), due_at=None
    )
    account = {
        "id": ACCOUNT, "itemId": ITEM, "type": "BANK", "subtype": "CHECKING_ACCOUNT", "number": "1",
        "name": "Conta",
        "balance": 0, "currencyCode": "BRL", "bankData": None, "creditData": None, "createdAt": STAMP,
        "updatedAt": STAMP,
    }  # fmt: skip
    ledger.save_account(database, account, kind="checking", position=0, opening_cents=0)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory, pluggy: Client, aurora: Json) -> Path:
    """Write a state folder with one large account, made of the transactions of a real account."""
    models = pluggy.transactions(pluggy.accounts(aurora["id"])["CHECKING_ACCOUNT"]["id"])
    folder, rng = tmp_path_factory.mktemp("large"), Random(1)
    database = Database(folder)
    save_item(database)
    transactions = (entry_like(models[number % len(models)], number, rng) for number in range(MANY))
    ledger.save_transactions(database, transactions)
    return folder


@pytest.fixture(scope="module")
def large(state: Path) -> Iterator[Client]:
    running = Program(state).start()
    yield Client(running.url)
    running.stop()


def test_a_million_transactions_fit_into_500_megabytes(state: Path) -> None:
    used = sum(file.stat().st_size for file in state.iterdir())
    assert used / MANY < 450  # bytes each


def test_a_page_of_a_million_costs_no_more_than_one_of_a_small_account(
    large: Client, pluggy: Client, aurora: Json
) -> None:
    """Compare the time per transaction; both programs run on the same machine at the same time."""
    small = pluggy.accounts(aurora["id"])["CHECKING_ACCOUNT"]["id"]
    assert _seconds_per_transaction(large, ACCOUNT) < 3 * _seconds_per_transaction(pluggy, small)


def _seconds_per_transaction(client: Client, account_id: str) -> float:
    """Return the least of several requests, so that other load on the machine does not count."""
    client.checking = False  # measured is the program
    times = []
    for _ in range(15):
        started = time.perf_counter()
        results = client.get("/v2/transactions", accountId=account_id).json()["results"]
        times.append((time.perf_counter() - started) / len(results))
    client.checking = True
    return min(times)


def test_every_transaction_is_on_exactly_one_page(state: Path, large: Client) -> None:
    served = [transaction["id"] for transaction in large.transactions(ACCOUNT)]
    assert len(served) == len(set(served)) == MANY
    assert served == [
        json.loads(transaction)["id"] for transaction in ledger.iter_transactions(Database(state), ACCOUNT)
    ]


def test_sums_and_date_ranges(state: Path) -> None:
    database = Database(state)
    transactions = ledger.transactions(database, ACCOUNT)
    cents = sum(round(transaction["amount"] * 100) for transaction in transactions)
    assert ledger.summary(database, ACCOUNT) == ledger.AccountSummary(
        MANY, cents, transactions[-1]["date"], transactions[0]["date"]
    )
    assert ledger.total_cents(database, ACCOUNT, until=transactions[0]["date"]) == cents
    assert ledger.total_cents(database, ACCOUNT, until=transactions[0]["date"], status="NONE") == 0
    recent = {
        transaction["id"]: transaction["status"]
        for transaction in transactions
        if transaction["date"] >= "2021-01-01"
    }
    assert 0 < len(recent) < MANY and ledger.known_statuses(database, ACCOUNT, since="2021-01-01") == recent
    assert len(ledger.known_statuses(database, ACCOUNT)) == MANY


def test_transactions_are_replaced_by_id_and_deleted_ids_are_kept(
    tmp_path: Path, pluggy: Client, aurora: Json
) -> None:
    model = pluggy.transactions(pluggy.accounts(aurora["id"])["CHECKING_ACCOUNT"]["id"])[0]
    database, transaction = Database(tmp_path), entry_like(model, 1, Random(2))
    save_item(database)
    moved = ledger.LedgerEntry(
        transaction.data | {"date": "1999-12-31T23:59:59.999Z", "description": "Ação 🍞 مرحبا"}, -5
    )
    for entry in (transaction, moved):
        ledger.save_transactions(database, [entry])
    assert ledger.transactions(database, ACCOUNT) == [moved.data]
    stored = ledger.transaction(database, moved.data["id"])
    assert stored == ledger.StoredEntry(ACCOUNT, moved.data, -5, generated=True)
    ledger.delete_transaction(database, stored)
    assert ledger.known_statuses(database, ACCOUNT, since="2030-01-01") == {moved.data["id"]: "GONE"}
    items.delete(database, ITEM)
    assert ledger.known_statuses(database, ACCOUNT) == {}
    assert ledger.transaction(database, "no uuid") is None


def test_a_raw_transaction_may_leave_out_most_fields(tmp_path: Path) -> None:
    database = Database(tmp_path)
    save_item(database)
    raw = {
        "id": ITEM,
        "accountId": ACCOUNT,
        "date": "2023-07-20",
        "status": None,
        "createdAt": "once",
        "odd": 1e300,
    }
    ledger.save_transactions(database, [ledger.LedgerEntry(raw, 0)])
    assert ledger.transactions(database, ACCOUNT) == [raw]
    assert ledger.known_statuses(database, ACCOUNT, since="2023-07-20") == {ITEM: None}


def test_a_state_of_another_schema_version_is_deleted(tmp_path: Path) -> None:
    save_item(Database(tmp_path))
    with sqlite3.connect(tmp_path / "sandbox.db") as older:
        older.execute("PRAGMA user_version = 1")
    running = Program(tmp_path).start()
    assert Client(running.url).get(f"/items/{ITEM}").status_code == 404
    running.stop()
