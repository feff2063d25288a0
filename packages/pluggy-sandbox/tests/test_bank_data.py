"""Generated data by bank: signs, dates, balances and bills."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pluggy_sandbox.clock import iso
from sandbox_testing.program import Client, Program, Receiver, wait_until

Json = dict[str, Any]
PAYMENT = "05100000"


@pytest.fixture(scope="module")
def bank2(pluggy: Client) -> Json:
    return pluggy.connect(2, clientUserId="ana")


def value(transaction: Json) -> Decimal:
    amount = (
        transaction["amount"]
        if transaction["amountInAccountCurrency"] is None
        else transaction["amountInAccountCurrency"]
    )
    return Decimal(str(amount))


def transactions_of(pluggy: Client, item: Json, subtype: str) -> list[Json]:
    return pluggy.transactions(pluggy.accounts(item["id"])[subtype]["id"])


def test_bank_transactions_have_the_sign_of_their_type(pluggy: Client, aurora: Json) -> None:
    for transaction in transactions_of(pluggy, aurora, "CHECKING_ACCOUNT"):
        assert (transaction["type"] == "DEBIT") == (transaction["amount"] < 0)


def test_card_purchases_are_positive_and_payments_negative(pluggy: Client, aurora: Json) -> None:
    transactions = transactions_of(pluggy, aurora, "CREDIT_CARD")
    for transaction in transactions:
        assert (transaction["type"] == "DEBIT") == (transaction["amount"] > 0)
    payments = [transaction for transaction in transactions if transaction["categoryId"] == PAYMENT]
    assert len(payments) >= 12 and all(transaction["type"] == "CREDIT" for transaction in payments)
    assert any(
        transaction["description"].startswith("ESTORNO") and transaction["amount"] < 0
        for transaction in transactions
    )


def test_card_purchases_of_pluggy_bank_are_inverted(pluggy: Client, bank2: Json) -> None:
    transactions = transactions_of(pluggy, bank2, "CREDIT_CARD")
    assert transactions and all(
        transaction["type"] == "CREDIT" and transaction["amount"] < 0 for transaction in transactions
    )


def test_each_institution_has_its_date_style(pluggy: Client, aurora: Json, bank2: Json) -> None:
    assert {transaction["date"][10:] for transaction in transactions_of(pluggy, aurora, "CREDIT_CARD")} == {
        "T03:00:00.000Z"
    }
    assert {transaction["date"][10:] for transaction in transactions_of(pluggy, bank2, "CREDIT_CARD")} == {
        "T00:00:00.000Z"
    }
    item = pluggy.connect(600, parameters={"cpf": "76109277673"})
    assert (
        len({transaction["date"][10:] for transaction in transactions_of(pluggy, item, "CREDIT_CARD")}) > 100
    )


def test_the_closing_balance_counts_what_is_still_pending(pluggy: Client, aurora: Json) -> None:
    account = pluggy.accounts(aurora["id"])["CHECKING_ACCOUNT"]
    waiting = sum(
        value(transaction)
        for transaction in pluggy.transactions(account["id"])
        if transaction["status"] == "PENDING"
    )
    closing = Decimal(str(account["bankData"]["closingBalance"]))
    assert closing == Decimal(str(account["balance"])) + waiting


def test_bills_are_the_sum_of_their_transactions(pluggy: Client, aurora: Json) -> None:
    card = pluggy.accounts(aurora["id"])["CREDIT_CARD"]["id"]
    transactions = pluggy.transactions(card)
    bills = pluggy.get("/bills", accountId=card).json()["results"]
    assert len(bills) >= 12
    for bill in bills:
        total = sum(
            value(transaction)
            for transaction in transactions
            if transaction["creditCardMetadata"]["billId"] == bill["id"]
        )
        assert Decimal(str(bill["totalAmount"])) == total
    assert pluggy.get(f"/bills/{bills[0]['id']}").json() == bills[0]


def test_the_open_bill_is_pending(pluggy: Client, aurora: Json) -> None:
    for transaction in transactions_of(pluggy, aurora, "CREDIT_CARD"):
        meta = transaction["creditCardMetadata"]
        if transaction["categoryId"] != PAYMENT:
            assert (transaction["status"] == "PENDING") == (meta["billId"] is None)
            assert len(meta["billForecastDate"]) == 7


def test_a_year_has_all_kinds_of_transactions(pluggy: Client, aurora: Json) -> None:
    card, checking = (
        transactions_of(pluggy, aurora, "CREDIT_CARD"),
        transactions_of(pluggy, aurora, "CHECKING_ACCOUNT"),
    )
    assert any(
        transaction["currencyCode"] == "USD" and transaction["amountInAccountCurrency"]
        for transaction in card
    )
    assert any((transaction["creditCardMetadata"]["totalInstallments"] or 0) > 1 for transaction in card)
    coffees = [transaction for transaction in card if transaction["description"] == "CAFE DA ESQUINA"]
    assert len({transaction["date"] for transaction in coffees}) * 2 == len(coffees)
    seen = {transaction["categoryId"] for transaction in checking}
    assert {"01010000", "17010000", "19050004", "17040000", "04000000", PAYMENT, "05070000"} <= seen
    people = [
        transaction["paymentData"] for transaction in checking if transaction["description"].startswith("PIX")
    ]
    assert all((event["payer"] or event["receiver"])["documentNumber"]["type"] == "CPF" for event in people)
    assert len(card) + len(checking) >= 400


def test_the_same_person_has_the_same_data_again(pluggy: Client, aurora: Json) -> None:
    again = pluggy.connect(9001, clientUserId="ana")
    other = pluggy.connect(9001, clientUserId="bruno")

    def customer(item: Json) -> list[Any]:
        return sorted(
            (transaction["date"], transaction["amount"])
            for transaction in transactions_of(pluggy, item, "CHECKING_ACCOUNT")
        )

    assert customer(again) == customer(aurora) != customer(other)


def test_an_update_without_changes_sends_no_transaction_events(pluggy: Client) -> None:
    item = pluggy.connect(9001)
    before = pluggy.truth(item["id"])["transactions"]
    pluggy.patch(f"/items/{item['id']}")
    pluggy.settled(item["id"])
    after = pluggy.truth(item["id"])["transactions"]
    old = {transaction["id"]: transaction for transactions in before.values() for transaction in transactions}
    new = {transaction["id"]: transaction for transactions in after.values() for transaction in transactions}
    assert all(new[transaction_id] == transaction for transaction_id, transaction in old.items())


def test_the_history_can_be_short(tmp_path: Path) -> None:
    program = Program(tmp_path, flags=("--history-months", "1", "--today", "2026-11-20"))
    short = Client(program.start().url)
    item = short.connect(9001, clientUserId="ana")
    transactions = [
        transaction
        for transactions in short.truth(item["id"])["transactions"].values()
        for transaction in transactions
    ]
    assert (
        min(transaction["date"] for transaction in transactions) >= "2026-10-01" and len(transactions) > 100
    )
    assert program.stop() == 0


def test_posted_transactions_are_reported_by_event(tmp_path: Path, receiver: Receiver) -> None:
    before = Program(tmp_path, flags=("--history-months", "2", "--today", "2026-11-09"))
    first = Client(before.start().url)
    first.post("/webhooks", url=receiver.url, event="all")
    item = first.connect(9001, clientUserId="ana")["id"]
    card = first.accounts(item)["CREDIT_CARD"]["id"]
    waiting = {
        transaction["id"] for transaction in first.transactions(card) if transaction["status"] == "PENDING"
    }
    assert waiting and before.stop() == 0
    after = Program(tmp_path, flags=("--history-months", "2", "--today", "2026-11-12"))
    second = Client(after.start().url)
    second.patch(f"/items/{item}")
    second.settled(item)
    updated_events = wait_until(
        lambda: [
            event for event in receiver.events("transactions/updated", item) if event["accountId"] == card
        ]
    )
    assert set(updated_events[0]["transactionIds"]) == waiting
    assert {
        transaction["status"] for transaction in second.transactions(card, ids=",".join(list(waiting)[:9]))
    } == {"POSTED"}
    assert after.stop() == 0


def test_changed_ids_are_reported_as_deleted_and_created(tmp_path: Path, receiver: Receiver) -> None:
    before = Program(tmp_path, flags=("--history-months", "2", "--today", "2026-10-27"))
    first = Client(before.start().url)
    first.post("/webhooks", url=receiver.url, event="all")
    item = first.connect(9003, clientUserId="ana")["id"]
    card = first.accounts(item)["CREDIT_CARD"]["id"]
    waiting = {
        transaction["id"] for transaction in first.transactions(card) if transaction["status"] == "PENDING"
    }
    before.stop()
    after = Program(tmp_path, flags=("--history-months", "2", "--today", "2026-10-30"))
    second = Client(after.start().url)
    second.patch(f"/items/{item}")
    second.settled(item)
    deleted = wait_until(lambda: receiver.events("transactions/deleted", item))
    assert waiting == {
        id_ for event in deleted if event["accountId"] == card for id_ in event["transactionIds"]
    }
    assert receiver.events("transactions/created", item)
    assert waiting.isdisjoint(transaction["id"] for transaction in second.transactions(card))
    assert after.stop() == 0


def test_instants_are_formatted_as_by_pluggy() -> None:
    assert iso(dt.datetime(2026, 1, 2, 3, 4, 5, 6789, dt.UTC)) == "2026-01-02T03:04:05.006Z"
