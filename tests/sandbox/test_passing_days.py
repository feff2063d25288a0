"""What a bank shows as the days pass: pending rows that post, late rows, payments set for a day to come."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from dev.sandbox.store import ledger
from tests.sandbox.collected import Collected, cents, local_day

Json = dict[str, Any]
DAY = dt.timedelta(days=1)


def daily(one: Collected, count: int) -> list[dict[str, Any]]:
    """The reports of so many days in a row."""
    return [dict(one.run(one.clock.today() + DAY)) for _ in range(count)]


def by_id(one: Collected, kind: str = "checking") -> dict[str, Json]:
    return {row["id"]: row for row in one.rows(kind)}


def test_a_debit_purchase_waits_a_day_under_its_id(tmp_path: Path) -> None:
    one = Collected(tmp_path, 9001, months=2)
    seen: list[str] = []
    for _ in range(14):
        before = by_id(one)
        waiting = [id_ for id_, row in before.items() if row["status"] == "PENDING"]
        report = one.run(one.clock.today() + DAY)["checking"]
        now = by_id(one)
        assert not report.deleted and set(report.updated) <= set(waiting)
        for id_ in report.updated:
            assert now[id_]["status"] == "POSTED" and now[id_]["amount"] == before[id_]["amount"]
        seen += report.updated
    assert seen and all("COMPRA DEBITO" in by_id(one)[id_]["description"] for id_ in seen)


def test_the_balance_counts_what_is_posted_and_the_closing_balance_all(tmp_path: Path) -> None:
    one = Collected(tmp_path, 9002, months=2)
    found = False
    for _ in range(14):
        one.run(one.clock.today() + DAY)
        today = str(one.clock.today())
        waiting = [row for row in one.rows() if row["status"] == "PENDING" and local_day(row) <= today]
        account, pending = one.account(), sum(map(cents, waiting))
        assert round(account["bankData"]["closingBalance"] * 100) == round(account["balance"] * 100) + pending
        found |= bool(waiting)
    assert found


def test_card_rows_post_when_their_bill_closes(tmp_path: Path) -> None:
    one = Collected(tmp_path, 9001, today=dt.date(2026, 11, 10), months=2)
    waiting = {row["id"] for row in one.rows("card") if row["status"] == "PENDING"}
    report = one.run(dt.date(2026, 11, 11))["card"]
    posted = by_id(one, "card")
    assert set(report.updated) == waiting and not report.deleted
    assert {posted[id_]["creditCardMetadata"]["billId"] for id_ in waiting} == {one.bills()[0]["id"]}


def test_cerrado_gives_a_posted_row_a_new_id(tmp_path: Path) -> None:
    one = Collected(tmp_path, 9003, today=dt.date(2026, 10, 24), months=2)
    given = {"card": 0, "checking": 0}
    for _ in range(8):  # the card's bill closes on the 28th
        before = {kind: by_id(one, kind) for kind in given}
        reports = one.run(one.clock.today() + DAY)
        for kind in given:
            assert not reports[kind].updated and not set(reports[kind].deleted) & set(by_id(one, kind))
            for id_ in reports[kind].deleted:  # nothing links the two but what they say
                twins = [row for row in reports[kind].created if same(row, before[kind][id_])]
                assert before[kind][id_]["status"] == "PENDING"
                assert [twin["status"] for twin in twins] == ["POSTED"]
                given[kind] += 1
    assert given["card"] >= 4 and given["checking"] >= 1


def same(one: Json, other: Json) -> bool:
    names = ("description", "amount", "date")
    return all(one[name] == other[name] for name in names)


def test_what_was_deleted_while_pending_does_not_come_back_under_its_new_id(tmp_path: Path) -> None:
    one = Collected(tmp_path, 9003, today=dt.date(2026, 10, 27), months=2)
    row = next(row for row in one.rows("card") if row["status"] == "PENDING")
    kept = ledger.transaction(one.database, row["id"])
    assert kept is not None
    ledger.delete_transaction(one.database, kept)
    daily(one, 4)
    assert not [other for other in one.rows("card") if same(row, other)]


def test_some_rows_come_late_with_their_old_date(tmp_path: Path) -> None:
    one = Collected(tmp_path, 9003, months=2)
    lag = []
    for _ in range(40):
        before = one.rows() + one.rows("card")
        today = one.clock.today() + DAY
        for report in one.run(today).values():
            for row in report.created:
                age = today - dt.date.fromisoformat(local_day(row))
                if age > DAY and not any(same(row, other) for other in before):
                    lag.append(age.days)
    assert len(lag) >= 3 and max(lag) <= 7


@pytest.mark.parametrize("bank", [9001, 9002, 9003])
def test_however_often_it_was_collected_the_rows_are_the_same(tmp_path: Path, bank: int) -> None:
    def told(one: Collected) -> list[Any]:
        names = ("date", "amount", "status", "description")
        return sorted(
            tuple(row[name] for name in names) for kind in ("checking", "card") for row in one.rows(kind)
        )

    daily_ = Collected(tmp_path, bank, today=dt.date(2026, 8, 20), months=2)
    for _ in range(80):
        daily_.run(daily_.clock.today() + DAY)
    seldom = Collected(tmp_path, bank, today=dt.date(2026, 8, 20), months=2)
    seldom.run(dt.date(2026, 9, 3))
    seldom.run(daily_.clock.today())
    at_once = Collected(tmp_path, bank, today=daily_.clock.today(), months=5)
    assert told(daily_) == told(seldom)
    assert at_once.item.opened_on == daily_.item.opened_on and told(at_once) == told(daily_)


def test_a_payment_set_for_a_day_to_come_is_pending_until_then(tmp_path: Path) -> None:
    one = Collected(tmp_path, 9002, today=dt.date(2026, 11, 20), months=2)
    (coming,) = [row for row in one.said("PIX AGENDADO") if local_day(row) == "2026-11-24"]
    assert coming["status"] == "PENDING" and coming["paymentData"]["paymentMethod"] == "PIX"
    ahead = {local_day(row) for row in one.said("PIX AGENDADO") if row["status"] == "PENDING"}
    assert ahead == {"2026-11-24", "2026-12-24"}
    balance = one.account()["balance"]
    report = one.run(dt.date(2026, 11, 24))["checking"]
    assert coming["id"] in report.updated and by_id(one)[coming["id"]]["status"] == "POSTED"
    assert one.account()["balance"] != balance


def test_a_run_that_leaves_products_out_touches_nothing_of_them_and_catches_up(tmp_path: Path) -> None:
    one = Collected(tmp_path, 9001, today=dt.date(2026, 3, 2), months=2)
    card, bank = one.rows("card"), len(one.rows())
    assert set(one.run(dt.date(2026, 7, 20), frozenset({"CREDIT_CARDS"}))) == {"checking", "savings"}
    assert one.rows("card") == card and len(one.rows()) > bank
    one.run(dt.date(2026, 7, 21))
    months = {local_day(row)[:7] for row in one.rows("card")}
    assert {"2026-03", "2026-04", "2026-05", "2026-06", "2026-07"} <= months
    rows = len(one.rows())
    assert one.run(dt.date(2026, 8, 5), frozenset({"TRANSACTIONS"})) == {} and len(one.rows()) == rows


def test_a_run_without_payment_data_says_nobody_s_name(tmp_path: Path) -> None:
    one = Collected(tmp_path, 9001, months=2, without=frozenset({"PAYMENT_DATA"}))
    assert one.rows() and not [row for row in one.rows() if row["paymentData"]]


def test_a_loaded_item_is_left_alone(tmp_path: Path) -> None:
    one = Collected(tmp_path, 9001, months=1)
    one.item.loaded = True
    before = one.rows(), one.accounts()
    assert one.run(dt.date(2027, 1, 20)) == {} and (one.rows(), one.accounts()) == before


def test_the_life_stays_when_the_item_is_given_to_somebody_else(tmp_path: Path) -> None:
    one = Collected(tmp_path, 9001, months=1)
    one.item.client_user_id = "bruno"
    report = one.run(one.today)
    assert not any(found.created for found in report.values())


def test_a_category_set_by_hand_stays_when_the_row_posts(tmp_path: Path) -> None:
    one = Collected(tmp_path, 9001, today=dt.date(2026, 11, 9), months=2)
    row = next(row for row in one.rows("card") if row["status"] == "PENDING")
    kept = ledger.transaction(one.database, row["id"])
    assert kept is not None
    data = kept.data | {"categoryId": "21000000", "category": "Leisure"}
    ledger.save_transactions(one.database, [ledger.Entry(data, kept.cents, kept.told)])
    one.run(dt.date(2026, 11, 12))
    after = by_id(one, "card")[row["id"]]
    assert (after["status"], after["categoryId"]) == ("POSTED", "21000000")
