"""Logins that ask for more than an ordinary life: a second account, several companies, a great many rows."""

import datetime as dt
from pathlib import Path

from dev.sandbox.runs.collect import ROWS
from dev.sandbox.store import ledger, records
from tests.sandbox.collected import Collected, cents
from tests.sandbox.conftest import Client, Program, until


def test_two_checking_accounts(tmp_path: Path) -> None:
    one = Collected(tmp_path, 2, special="two-checking-accounts", months=3)
    subtypes = [account["subtype"] for account in one.accounts()]
    assert subtypes == ["CHECKING_ACCOUNT", "CHECKING_ACCOUNT", "SAVINGS_ACCOUNT", "CREDIT_CARD"]
    first, second = one.accounts()[:2]
    assert first["number"] != second["number"] and first["taxNumber"] == second["taxNumber"]
    assert one.rows("checking-2") and not one.said("SALARIO", "checking-2")
    total = sum(cents(row) for row in one.rows("checking-2") if row["status"] == "POSTED")
    assert round(second["balance"] * 100) == one.opening("checking-2") + total


def test_several_companies(tmp_path: Path) -> None:
    one = Collected(tmp_path, 2, special="multi-company", months=2)
    owners = [(account["subtype"], account["taxNumber"]) for account in one.accounts()]
    assert [subtype for subtype, _ in owners] == ["CHECKING_ACCOUNT", "CREDIT_CARD", "CHECKING_ACCOUNT"]
    numbers = {number for _, number in owners}
    assert len(numbers) == 2 and owners[0][1] == owners[1][1] and all("/" in number for number in numbers)
    (identity,) = one.records(records.IDENTITY)
    assert set(identity["companiesCnpj"]) == numbers and identity["documentType"] == "CNPJ"


def test_a_great_many_rows_come_as_a_stream(tmp_path: Path) -> None:
    one = Collected(tmp_path, 2, special="perf-5x")
    report = one.reports["checking"]
    rows = one.rows()
    assert len(rows) == 1000 == len(report.created) + report.also_created
    assert [account["subtype"] for account in one.accounts()] == ["CHECKING_ACCOUNT"]
    assert {row["date"][:7] for row in rows} >= {"2025-10", "2026-05", "2026-11"}
    assert report.created[0]["date"] == min(row["date"] for row in rows)
    assert round(one.account()["balance"] * 100) == one.opening() + sum(map(cents, rows))


def test_later_runs_of_a_great_many_rows_add_the_last_days_only(tmp_path: Path) -> None:
    one = Collected(tmp_path, 2, special="perf-5x")
    before = set(ledger.known_ids(one.database, one.id()))
    assert not one.run(one.today)["checking"].created
    later = one.run(dt.date(2026, 11, 30))["checking"]
    after = set(ledger.known_ids(one.database, one.id()))
    assert before < after and len(after - before) == len(later.created) + later.also_created
    assert 15 <= len(after - before) <= 35  # 1,000 rows in 416 days


def test_a_great_many_rows_are_poured_in_pieces_and_told_of_once(tmp_path: Path) -> None:
    one = Collected(tmp_path, 2, special="perf-55x", months=2, without=ROWS)
    assert not one.accounts() and one.collector.pour(one.item)
    assert one.collector.pour(one.item) and not one.collector.pour(one.item)
    assert len(one.accounts()) == 1  # whoever deletes the item meanwhile finds the rows
    assert one.item.bulk_rows == 11_000 == len(one.rows())
    report = one.run(one.today, frozenset())["checking"]
    assert len(report.created) + report.also_created == 11_000 == len(one.rows())
    assert report.created[0]["id"] == one.rows()[-1]["id"]
    assert not one.run(one.today, frozenset())["checking"].created


def test_who_writes_does_not_wait_for_all_rows(tmp_path: Path) -> None:
    running = Program(tmp_path).start()
    pluggy = Client(running.url)
    login = {"user": "user-ok-perf-250x", "password": "password-ok"}
    item_id = pluggy.post("/items", connectorId=2, parameters=login).json()["id"]
    written = 0
    until(lambda: pluggy.get(f"/items/{item_id}").json()["status"] == "MERGING")
    while pluggy.get(f"/items/{item_id}").json()["status"] == "MERGING":
        pluggy.post("/categories/rules", description="x", categoryId="01000000")
        written += 1
    assert written >= 5
    events = pluggy.get("/_control/events", itemId=item_id).json()["results"]
    (told,) = [event for event in events if event["event"] == "transactions/created"]
    (summary,) = pluggy.get(f"/_control/truth/items/{item_id}?summary=1").json()["transactions"].values()
    detail = pluggy.get(f"/_control/events/{told['eventId']}").json()
    assert detail["payload"]["transactionsCount"] == summary["count"] == 50_000
    running.stop()
