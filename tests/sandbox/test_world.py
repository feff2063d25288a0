"""The invented money: signs and dates by institution, balances that agree with rows, lives that repeat."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dev.sandbox.clock import iso
from tests.sandbox.conftest import Client, Program, Receiver, until

Json = dict[str, Any]
PAYMENT = "05100000"


@pytest.fixture(scope="module")
def bank2(pluggy: Client) -> Json:
    return pluggy.connect(2, clientUserId="ana")


def value(row: Json) -> Decimal:
    amount = row["amount"] if row["amountInAccountCurrency"] is None else row["amountInAccountCurrency"]
    return Decimal(str(amount))


def rows_of(pluggy: Client, item: Json, subtype: str) -> list[Json]:
    return pluggy.rows(pluggy.accounts(item["id"])[subtype]["id"])


def test_bank_rows_have_the_sign_of_their_direction(pluggy: Client, aurora: Json) -> None:
    for row in rows_of(pluggy, aurora, "CHECKING_ACCOUNT"):
        assert (row["type"] == "DEBIT") == (row["amount"] < 0)


def test_a_real_card_counts_purchases_up_and_payments_down(pluggy: Client, aurora: Json) -> None:
    rows = rows_of(pluggy, aurora, "CREDIT_CARD")
    for row in rows:
        assert (row["type"] == "DEBIT") == (row["amount"] > 0)
    payments = [row for row in rows if row["categoryId"] == PAYMENT]
    assert len(payments) >= 12 and all(row["type"] == "CREDIT" for row in payments)
    assert any(row["description"].startswith("ESTORNO") and row["amount"] < 0 for row in rows)


def test_pluggy_bank_turns_card_purchases_around(pluggy: Client, bank2: Json) -> None:
    rows = rows_of(pluggy, bank2, "CREDIT_CARD")
    assert rows and all(row["type"] == "CREDIT" and row["amount"] < 0 for row in rows)


def test_each_institution_has_its_habit_of_dates(pluggy: Client, aurora: Json, bank2: Json) -> None:
    assert {row["date"][10:] for row in rows_of(pluggy, aurora, "CREDIT_CARD")} == {"T03:00:00.000Z"}
    assert {row["date"][10:] for row in rows_of(pluggy, bank2, "CREDIT_CARD")} == {"T00:00:00.000Z"}
    item = pluggy.connect(600, parameters={"cpf": "76109277673"})
    assert len({row["date"][10:] for row in rows_of(pluggy, item, "CREDIT_CARD")}) > 100


def test_the_closing_balance_counts_what_is_still_pending(pluggy: Client, aurora: Json) -> None:
    account = pluggy.accounts(aurora["id"])["CHECKING_ACCOUNT"]
    waiting = sum(value(row) for row in pluggy.rows(account["id"]) if row["status"] == "PENDING")
    closing = Decimal(str(account["bankData"]["closingBalance"]))
    assert closing == Decimal(str(account["balance"])) + waiting


def test_bills_are_the_sum_of_their_rows(pluggy: Client, aurora: Json) -> None:
    card = pluggy.accounts(aurora["id"])["CREDIT_CARD"]["id"]
    rows = pluggy.rows(card)
    bills = pluggy.get("/bills", accountId=card).json()["results"]
    assert len(bills) >= 12
    for bill in bills:
        total = sum(value(row) for row in rows if row["creditCardMetadata"]["billId"] == bill["id"])
        assert Decimal(str(bill["totalAmount"])) == total
    assert pluggy.get(f"/bills/{bills[0]['id']}").json() == bills[0]


def test_the_open_cycle_is_pending(pluggy: Client, aurora: Json) -> None:
    for row in rows_of(pluggy, aurora, "CREDIT_CARD"):
        meta = row["creditCardMetadata"]
        if row["categoryId"] != PAYMENT:
            assert (row["status"] == "PENDING") == (meta["billId"] is None)
            assert len(meta["billForecastDate"]) == 7


def test_a_year_has_its_believable_events(pluggy: Client, aurora: Json) -> None:
    card, checking = rows_of(pluggy, aurora, "CREDIT_CARD"), rows_of(pluggy, aurora, "CHECKING_ACCOUNT")
    assert any(row["currencyCode"] == "USD" and row["amountInAccountCurrency"] for row in card)
    assert any((row["creditCardMetadata"]["totalInstallments"] or 0) > 1 for row in card)
    coffees = [row for row in card if row["description"] == "CAFE DA ESQUINA"]
    assert len({row["date"] for row in coffees}) * 2 == len(coffees)
    seen = {row["categoryId"] for row in checking}
    assert {"01010000", "17010000", "19050004", "17040000", "04000000", PAYMENT, "05070000"} <= seen
    people = [row["paymentData"] for row in checking if row["description"].startswith("PIX")]
    assert all((one["payer"] or one["receiver"])["documentNumber"]["type"] == "CPF" for one in people)
    assert len(card) + len(checking) >= 400


def test_the_same_person_lives_the_same_life_again(pluggy: Client, aurora: Json) -> None:
    again = pluggy.connect(9001, clientUserId="ana")
    other = pluggy.connect(9001, clientUserId="bruno")

    def life(item: Json) -> list[Any]:
        return sorted((row["date"], row["amount"]) for row in rows_of(pluggy, item, "CHECKING_ACCOUNT"))

    assert life(again) == life(aurora) != life(other)


def test_an_update_without_news_changes_nothing(pluggy: Client) -> None:
    item = pluggy.connect(9001)
    before = pluggy.truth(item["id"])["transactions"]
    pluggy.patch(f"/items/{item['id']}")
    pluggy.settled(item["id"])
    after = pluggy.truth(item["id"])["transactions"]
    old = {row["id"]: row for rows in before.values() for row in rows}
    new = {row["id"]: row for rows in after.values() for row in rows}
    assert all(new[known] == row for known, row in old.items())


def test_the_history_can_be_short(tmp_path: Path) -> None:
    program = Program(tmp_path, flags=("--history-months", "1", "--today", "2026-11-20"))
    short = Client(program.start().url)
    item = short.connect(9001, clientUserId="ana")
    rows = [row for rows in short.truth(item["id"])["transactions"].values() for row in rows]
    assert min(row["date"] for row in rows) >= "2026-10-01" and len(rows) > 100
    assert program.stop() == 0


def test_what_posted_meanwhile_is_told_by_event(tmp_path: Path, receiver: Receiver) -> None:
    before = Program(tmp_path, flags=("--history-months", "2", "--today", "2026-11-09"))
    first = Client(before.start().url)
    first.post("/webhooks", url=receiver.url, event="all")
    item = first.connect(9001, clientUserId="ana")["id"]
    card = first.accounts(item)["CREDIT_CARD"]["id"]
    waiting = {row["id"] for row in first.rows(card) if row["status"] == "PENDING"}
    assert waiting and before.stop() == 0
    after = Program(tmp_path, flags=("--history-months", "2", "--today", "2026-11-12"))
    second = Client(after.start().url)
    second.patch(f"/items/{item}")
    second.settled(item)
    told = until(
        lambda: [one for one in receiver.events("transactions/updated", item) if one["accountId"] == card]
    )
    assert set(told[0]["transactionIds"]) == waiting
    assert {row["status"] for row in second.rows(card, ids=",".join(list(waiting)[:9]))} == {"POSTED"}
    assert after.stop() == 0


def test_a_bank_that_gives_new_ids_tells_of_the_old_and_the_new(tmp_path: Path, receiver: Receiver) -> None:
    before = Program(tmp_path, flags=("--history-months", "2", "--today", "2026-10-27"))
    first = Client(before.start().url)
    first.post("/webhooks", url=receiver.url, event="all")
    item = first.connect(9003, clientUserId="ana")["id"]
    card = first.accounts(item)["CREDIT_CARD"]["id"]
    waiting = {row["id"] for row in first.rows(card) if row["status"] == "PENDING"}
    before.stop()
    after = Program(tmp_path, flags=("--history-months", "2", "--today", "2026-10-30"))
    second = Client(after.start().url)
    second.patch(f"/items/{item}")
    second.settled(item)
    deleted = until(lambda: receiver.events("transactions/deleted", item))
    assert waiting == {id_ for one in deleted if one["accountId"] == card for id_ in one["transactionIds"]}
    assert receiver.events("transactions/created", item)
    assert waiting.isdisjoint(row["id"] for row in second.rows(card))
    assert after.stop() == 0


def test_instants_are_written_as_pluggy_writes_them() -> None:
    assert iso(dt.datetime(2026, 1, 2, 3, 4, 5, 6789, dt.UTC)) == "2026-01-02T03:04:05.006Z"
