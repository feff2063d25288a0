"""Test users with a second account, several companies, or very many transactions."""

import datetime as dt
from pathlib import Path

from pluggy_sandbox.runs.collector import TRANSACTION_PRODUCTS
from pluggy_sandbox.store import ledger, records
from sandbox_testing.collected_item import CollectedItem, cents
from sandbox_testing.program import Client, Program, wait_until


def test_two_checking_accounts(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 2, variant="two-checking-accounts", months=3)
    subtypes = [account["subtype"] for account in collected.accounts()]
    assert subtypes == ["CHECKING_ACCOUNT", "CHECKING_ACCOUNT", "SAVINGS_ACCOUNT", "CREDIT_CARD"]
    first, second = collected.accounts()[:2]
    assert first["number"] != second["number"] and first["taxNumber"] == second["taxNumber"]
    assert collected.transactions("checking-2") and not collected.with_description("SALARIO", "checking-2")
    total = sum(
        cents(transaction)
        for transaction in collected.transactions("checking-2")
        if transaction["status"] == "POSTED"
    )
    assert round(second["balance"] * 100) == collected.opening("checking-2") + total


def test_several_companies(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 2, variant="multi-company", months=2)
    owners = [(account["subtype"], account["taxNumber"]) for account in collected.accounts()]
    assert [subtype for subtype, _ in owners] == ["CHECKING_ACCOUNT", "CREDIT_CARD", "CHECKING_ACCOUNT"]
    numbers = {number for _, number in owners}
    assert len(numbers) == 2 and owners[0][1] == owners[1][1] and all("/" in number for number in numbers)
    (identity,) = collected.records(records.IDENTITY)
    assert set(identity["companiesCnpj"]) == numbers and identity["documentType"] == "CNPJ"


def test_bulk_transactions_are_generated_as_a_stream(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 2, variant="perf-5x")
    changes = collected.changes["checking"]
    transactions = collected.transactions()
    assert len(transactions) == 1000 == len(changes.created) + changes.also_created
    assert [account["subtype"] for account in collected.accounts()] == ["CHECKING_ACCOUNT"]
    assert {transaction["date"][:7] for transaction in transactions} >= {"2025-10", "2026-05", "2026-11"}
    assert changes.created[0]["date"] == min(transaction["date"] for transaction in transactions)
    assert round(collected.account()["balance"] * 100) == collected.opening() + sum(map(cents, transactions))


def test_later_bulk_runs_add_only_new_transactions(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 2, variant="perf-5x")
    before = set(ledger.known_statuses(collected.database, collected.id()))
    assert not collected.run(collected.today)["checking"].created
    later = collected.run(dt.date(2026, 11, 30))["checking"]
    after = set(ledger.known_statuses(collected.database, collected.id()))
    assert before < after and len(after - before) == len(later.created) + later.also_created
    assert 15 <= len(after - before) <= 35  # 1,000 transactions in 416 days


def test_bulk_transactions_are_written_in_batches_and_reported_once(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 2, variant="perf-55x", months=2, without=TRANSACTION_PRODUCTS)
    assert not collected.accounts() and collected.collector.import_batch(collected.item)
    assert collected.collector.import_batch(collected.item) and not collected.collector.import_batch(
        collected.item
    )
    assert len(collected.accounts()) == 1  # deleting the item finds its transactions by the account
    assert collected.item.last_bulk_number == 11_000 == len(collected.transactions())
    changes = collected.run(collected.today, frozenset())["checking"]
    assert len(changes.created) + changes.also_created == 11_000 == len(collected.transactions())
    assert changes.created[0]["id"] == collected.transactions()[-1]["id"]
    assert not collected.run(collected.today, frozenset())["checking"].created


def test_other_writes_do_not_wait_for_a_bulk_import(tmp_path: Path) -> None:
    running = Program(tmp_path).start()
    pluggy = Client(running.url)
    login = {"user": "user-ok-perf-250x", "password": "password-ok"}
    item_id = pluggy.post("/items", connectorId=2, parameters=login).json()["id"]
    written = 0
    wait_until(lambda: pluggy.get(f"/items/{item_id}").json()["status"] == "MERGING")
    while pluggy.get(f"/items/{item_id}").json()["status"] == "MERGING":
        pluggy.post("/categories/rules", description="x", categoryId="01000000")
        written += 1
    assert written >= 5
    events = pluggy.get("/_control/events", itemId=item_id).json()["results"]
    (created_event,) = [event for event in events if event["event"] == "transactions/created"]
    (summary,) = pluggy.get(f"/_control/truth/items/{item_id}?summary=1").json()["transactions"].values()
    detail = pluggy.get(f"/_control/events/{created_event['eventId']}").json()
    assert detail["payload"]["transactionsCount"] == summary["count"] == 50_000
    running.stop()
