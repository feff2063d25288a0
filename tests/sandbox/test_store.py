"""The store: what it takes on disk, how fast a page is, and what it says of the rows."""

import datetime as dt
import json
import sqlite3
import statistics
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dev.sandbox.clock import iso
from dev.sandbox.store import items, ledger
from dev.sandbox.store.database import Database
from dev.sandbox.store.items import Item
from tests.sandbox.conftest import Client, Program

Json = dict[str, Any]
MANY = 20_000
ITEM, ACCOUNT = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
STAMP = "2026-02-03T12:00:00.000Z"
START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def told(model: Json, number: int, dice: Random) -> ledger.Entry:
    """A row like the model with its own id, day, text and amount."""
    cents = dice.randint(-99999, 99999)
    own = {
        "id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "accountId": ACCOUNT,
        "amount": cents / 100,
        "date": iso(START + dt.timedelta(minutes=37 * number)),
        "description": f"{model['description']} {number}",
    }
    return ledger.Entry(model | own, cents)


def save_item(database: Database) -> None:
    """An item with one account."""
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
    """A state folder with one large account, made of a real account's kinds of rows."""
    models = pluggy.rows(pluggy.accounts(aurora["id"])["CHECKING_ACCOUNT"]["id"])
    folder, dice = tmp_path_factory.mktemp("large"), Random(1)
    database = Database(folder)
    save_item(database)
    rows = (told(models[number % len(models)], number, dice) for number in range(MANY))
    ledger.save_transactions(database, rows)
    return folder


@pytest.fixture(scope="module")
def large(state: Path) -> Iterator[Client]:
    running = Program(state).start()
    yield Client(running.url)
    running.stop()


def test_a_million_rows_fit_into_500_megabytes(state: Path) -> None:
    used = sum(file.stat().st_size for file in state.iterdir())
    assert used / MANY < 450  # bytes each


def test_a_page_takes_less_than_20_milliseconds(large: Client) -> None:
    large.checking = False  # measured is the program
    taken, query = [], {"accountId": ACCOUNT}
    for _ in range(25):
        begun = time.perf_counter()
        answer = large.get("/v2/transactions", **query)
        taken.append(time.perf_counter() - begun)
        assert len(answer.json()["results"]) == 500
        query = {"accountId": ACCOUNT, "after": answer.json()["next"].split("after=")[1].replace("%3D", "=")}
    assert statistics.quantiles(taken, n=4)[0] < 0.020, taken  # the others may have waited for this machine


def test_every_row_is_on_exactly_one_page(state: Path, large: Client) -> None:
    served = [row["id"] for row in large.rows(ACCOUNT)]
    assert len(served) == len(set(served)) == MANY
    assert served == [json.loads(row)["id"] for row in ledger.stream(Database(state), ACCOUNT)]


def test_sums_and_windows(state: Path) -> None:
    database = Database(state)
    rows = ledger.transactions(database, ACCOUNT)
    cents = sum(round(row["amount"] * 100) for row in rows)
    assert ledger.summary(database, ACCOUNT) == ledger.Summary(MANY, cents, rows[-1]["date"], rows[0]["date"])
    assert ledger.total_cents(database, ACCOUNT, until=rows[0]["date"]) == cents
    assert ledger.total_cents(database, ACCOUNT, until=rows[0]["date"], only="NONE") == 0
    recent = {row["id"]: row["status"] for row in rows if row["date"] >= "2021-01-01"}
    assert 0 < len(recent) < MANY and ledger.known_ids(database, ACCOUNT, since="2021-01-01") == recent
    assert len(ledger.known_ids(database, ACCOUNT)) == MANY


def test_rows_are_replaced_by_id_and_the_removed_are_remembered(
    tmp_path: Path, pluggy: Client, aurora: Json
) -> None:
    model = pluggy.rows(pluggy.accounts(aurora["id"])["CHECKING_ACCOUNT"]["id"])[0]
    database, row = Database(tmp_path), told(model, 1, Random(2))
    save_item(database)
    moved = ledger.Entry(row.data | {"date": "1999-12-31T23:59:59.999Z", "description": "Ação 🍞 مرحبا"}, -5)
    for entry in (row, moved):
        ledger.save_transactions(database, [entry])
    assert ledger.transactions(database, ACCOUNT) == [moved.data]
    kept = ledger.transaction(database, moved.data["id"])
    assert kept == ledger.Kept(ACCOUNT, moved.data, -5, told=True)
    ledger.delete_transaction(database, kept)
    assert ledger.known_ids(database, ACCOUNT, since="2030-01-01") == {moved.data["id"]: "GONE"}
    items.delete(database, ITEM)
    assert ledger.known_ids(database, ACCOUNT) == {}
    assert ledger.transaction(database, "no uuid") is None


def test_a_raw_row_may_leave_out_almost_everything(tmp_path: Path) -> None:
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
    ledger.save_transactions(database, [ledger.Entry(raw, 0)])
    assert ledger.transactions(database, ACCOUNT) == [raw]
    assert ledger.known_ids(database, ACCOUNT, since="2023-07-20") == {ITEM: None}


def test_a_state_of_another_layout_is_put_away(tmp_path: Path) -> None:
    save_item(Database(tmp_path))
    with sqlite3.connect(tmp_path / "sandbox.db") as older:
        older.execute("PRAGMA user_version = 1")
    running = Program(tmp_path).start()
    assert Client(running.url).get(f"/items/{ITEM}").status_code == 404
    running.stop()
