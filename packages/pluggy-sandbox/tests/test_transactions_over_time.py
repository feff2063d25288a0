"""Transactions over time: pending ones that are posted, late ones, scheduled payments."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from pluggy_sandbox.store import ledger
from sandbox_testing.collected_item import CollectedItem, cents, local_day

Json = dict[str, Any]
DAY = dt.timedelta(days=1)


def daily(collected: CollectedItem, count: int) -> list[dict[str, Any]]:
    """Run once a day for this many days and return the changes of each run."""
    return [dict(collected.run(collected.clock.today() + DAY)) for _ in range(count)]


def by_id(collected: CollectedItem, kind: str = "checking") -> dict[str, Json]:
    return {transaction["id"]: transaction for transaction in collected.transactions(kind)}


def test_a_debit_purchase_is_pending_for_a_day_under_the_same_id(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 9001, months=2)
    seen: list[str] = []
    for _ in range(14):
        before = by_id(collected)
        waiting = [id_ for id_, transaction in before.items() if transaction["status"] == "PENDING"]
        changes = collected.run(collected.clock.today() + DAY)["checking"]
        now = by_id(collected)
        assert not changes.deleted and set(changes.updated) <= set(waiting)
        for id_ in changes.updated:
            assert now[id_]["status"] == "POSTED" and now[id_]["amount"] == before[id_]["amount"]
        seen += changes.updated
    assert seen and all("COMPRA DEBITO" in by_id(collected)[id_]["description"] for id_ in seen)


def test_the_balance_counts_posted_and_the_closing_balance_all(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 9002, months=2)
    changes = False
    for _ in range(14):
        collected.run(collected.clock.today() + DAY)
        today = str(collected.clock.today())
        waiting = [
            transaction
            for transaction in collected.transactions()
            if transaction["status"] == "PENDING" and local_day(transaction) <= today
        ]
        account, pending = collected.account(), sum(map(cents, waiting))
        assert round(account["bankData"]["closingBalance"] * 100) == round(account["balance"] * 100) + pending
        changes |= bool(waiting)
    assert changes


def test_card_transactions_are_posted_when_their_bill_closes(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 9001, today=dt.date(2026, 11, 10), months=2)
    waiting = {
        transaction["id"]
        for transaction in collected.transactions("card")
        if transaction["status"] == "PENDING"
    }
    changes = collected.run(dt.date(2026, 11, 11))["card"]
    posted = by_id(collected, "card")
    assert set(changes.updated) == waiting and not changes.deleted
    assert {posted[id_]["creditCardMetadata"]["billId"] for id_ in waiting} == {collected.bills()[0]["id"]}


def test_cerrado_gives_a_posted_transaction_a_new_id(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 9003, today=dt.date(2026, 10, 24), months=2)
    new_id_counts = {"card": 0, "checking": 0}
    for _ in range(8):  # the card's bill closes on the 28th
        before = {kind: by_id(collected, kind) for kind in new_id_counts}
        changes_by_kind = collected.run(collected.clock.today() + DAY)
        for kind in new_id_counts:
            assert not changes_by_kind[kind].updated and not set(changes_by_kind[kind].deleted) & set(
                by_id(collected, kind)
            )
            for id_ in changes_by_kind[kind].deleted:  # nothing links the two but what they say
                replacements = [
                    transaction
                    for transaction in changes_by_kind[kind].created
                    if is_same(transaction, before[kind][id_])
                ]
                assert before[kind][id_]["status"] == "PENDING"
                assert [twin["status"] for twin in replacements] == ["POSTED"]
                new_id_counts[kind] += 1
    assert new_id_counts["card"] >= 4 and new_id_counts["checking"] >= 1


def is_same(collected: Json, other: Json) -> bool:
    names = ("description", "amount", "date")
    return all(collected[name] == other[name] for name in names)


def test_a_deleted_pending_transaction_does_not_return_under_a_new_id(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 9003, today=dt.date(2026, 10, 27), months=2)
    transaction = next(
        transaction for transaction in collected.transactions("card") if transaction["status"] == "PENDING"
    )
    stored = ledger.transaction(collected.database, transaction["id"])
    assert stored is not None
    ledger.delete_transaction(collected.database, stored)
    daily(collected, 4)
    assert not [other for other in collected.transactions("card") if is_same(transaction, other)]


def test_some_transactions_appear_late_with_their_original_date(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 9003, months=2)
    lag = []
    for _ in range(40):
        before = collected.transactions() + collected.transactions("card")
        today = collected.clock.today() + DAY
        for changes in collected.run(today).values():
            for transaction in changes.created:
                age = today - dt.date.fromisoformat(local_day(transaction))
                if age > DAY and not any(is_same(transaction, other) for other in before):
                    lag.append(age.days)
    assert len(lag) >= 3 and max(lag) <= 7


@pytest.mark.parametrize("bank", [9001, 9002, 9003])
def test_the_number_of_runs_does_not_change_the_transactions(tmp_path: Path, bank: int) -> None:
    def summary_of(collected: CollectedItem) -> list[Any]:
        names = ("date", "amount", "status", "description")
        return sorted(
            tuple(transaction[name] for name in names)
            for kind in ("checking", "card")
            for transaction in collected.transactions(kind)
        )

    daily_runs = CollectedItem(tmp_path, bank, today=dt.date(2026, 8, 20), months=2)
    for _ in range(80):
        daily_runs.run(daily_runs.clock.today() + DAY)
    few_runs = CollectedItem(tmp_path, bank, today=dt.date(2026, 8, 20), months=2)
    few_runs.run(dt.date(2026, 9, 3))
    few_runs.run(daily_runs.clock.today())
    at_once = CollectedItem(tmp_path, bank, today=daily_runs.clock.today(), months=5)
    assert summary_of(daily_runs) == summary_of(few_runs)
    assert at_once.item.history_start == daily_runs.item.history_start and summary_of(at_once) == summary_of(
        daily_runs
    )


def test_a_scheduled_payment_is_pending_until_its_day(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 9002, today=dt.date(2026, 11, 20), months=2)
    (scheduled,) = [
        transaction
        for transaction in collected.with_description("PIX AGENDADO")
        if local_day(transaction) == "2026-11-24"
    ]
    assert scheduled["status"] == "PENDING" and scheduled["paymentData"]["paymentMethod"] == "PIX"
    ahead = {
        local_day(transaction)
        for transaction in collected.with_description("PIX AGENDADO")
        if transaction["status"] == "PENDING"
    }
    assert ahead == {"2026-11-24", "2026-12-24"}
    balance = collected.account()["balance"]
    changes = collected.run(dt.date(2026, 11, 24))["checking"]
    assert scheduled["id"] in changes.updated and by_id(collected)[scheduled["id"]]["status"] == "POSTED"
    assert collected.account()["balance"] != balance


def test_a_later_run_collects_products_that_were_left_out(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 9001, today=dt.date(2026, 3, 2), months=2)
    card, bank = collected.transactions("card"), len(collected.transactions())
    assert set(collected.run(dt.date(2026, 7, 20), frozenset({"CREDIT_CARDS"}))) == {"checking", "savings"}
    assert collected.transactions("card") == card and len(collected.transactions()) > bank
    collected.run(dt.date(2026, 7, 21))
    months = {local_day(transaction)[:7] for transaction in collected.transactions("card")}
    assert {"2026-03", "2026-04", "2026-05", "2026-06", "2026-07"} <= months
    transactions = len(collected.transactions())
    assert (
        collected.run(dt.date(2026, 8, 5), frozenset({"TRANSACTIONS"})) == {}
        and len(collected.transactions()) == transactions
    )


def test_a_run_without_payment_data_has_no_counterparties(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 9001, months=2, without=frozenset({"PAYMENT_DATA"}))
    assert collected.transactions() and not [
        transaction for transaction in collected.transactions() if transaction["paymentData"]
    ]


def test_nothing_is_generated_for_an_item_from_a_file(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 9001, months=1)
    collected.item.from_file = collected.item.ever_collected = True
    before = collected.transactions(), collected.accounts()
    assert (
        collected.run(dt.date(2027, 1, 20)) == {}
        and (collected.transactions(), collected.accounts()) == before
    )


def test_the_data_stay_when_the_client_user_id_changes(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 9001, months=1)
    collected.item.client_user_id = "bruno"
    changes = collected.run(collected.today)
    assert not any(changes.created for changes in changes.values())


def test_a_changed_category_stays_when_the_transaction_is_posted(tmp_path: Path) -> None:
    collected = CollectedItem(tmp_path, 9001, today=dt.date(2026, 11, 9), months=2)
    transaction = next(
        transaction for transaction in collected.transactions("card") if transaction["status"] == "PENDING"
    )
    stored = ledger.transaction(collected.database, transaction["id"])
    assert stored is not None
    data = stored.data | {"categoryId": "21000000", "category": "Leisure"}
    ledger.save_transactions(collected.database, [ledger.LedgerEntry(data, stored.cents, stored.generated)])
    collected.run(dt.date(2026, 11, 12))
    after = by_id(collected, "card")[transaction["id"]]
    assert (after["status"], after["categoryId"]) == ("POSTED", "21000000")
