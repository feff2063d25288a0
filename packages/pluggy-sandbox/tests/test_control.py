"""The control panel: transactions, items, the truth, and who may use it."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox_testing.program import Client, Program, Receiver, wait_until

Json = dict[str, Any]


@pytest.fixture
def item(pluggy: Client) -> str:
    return str(pluggy.connect(9001)["id"])


def balance(pluggy: Client, item: str, subtype: str) -> Decimal:
    return Decimal(str(pluggy.accounts(item)[subtype]["balance"]))


def test_purchase_refund_and_pix(pluggy: Client, item: str, hooked: Receiver) -> None:
    add = f"/_control/items/{item}/transactions"
    before = balance(pluggy, item, "CREDIT_CARD")
    body = {"accountType": "CREDIT_CARD", "description": "PADARIA", "amount": -50, "categoryId": "11010000"}
    bought = pluggy.post(add, **body)
    assert bought.status_code == 201
    assert (bought.json()["amount"], bought.json()["type"], bought.json()["status"]) == (
        50,
        "DEBIT",
        "PENDING",
    )
    assert balance(pluggy, item, "CREDIT_CARD") == before + 50
    refund = pluggy.post(add, accountType="CREDIT_CARD", description="ESTORNO", amount="50.00").json()
    assert (refund["amount"], refund["type"]) == (-50, "CREDIT")
    pix = pluggy.post(add, accountType="CHECKING_ACCOUNT", pix="Rita Lima", amount=120.35).json()
    assert (pix["amount"], pix["description"]) == (120.35, "PIX RECEBIDO RITA LIMA")
    assert pix["paymentData"]["payer"]["documentNumber"]["type"] == "CPF"
    wait_until(lambda: len(hooked.events("transactions/created", item)) == 3)
    wait_until(lambda: len(hooked.events("item/updated", item)) == 3)
    assert bought.json() in pluggy.transactions(bought.json()["accountId"]) or refund


def test_silent_changes_send_no_events(pluggy: Client, item: str) -> None:
    events = len(pluggy.get("/_control/events", itemId=item).json()["results"])
    body = {"accountType": "CHECKING_ACCOUNT", "description": "X", "amount": -1, "silent": True}
    transaction = pluggy.post(f"/_control/items/{item}/transactions", **body).json()
    pluggy.patch(f"/_control/transactions/{transaction['id']}", description="Y", silent=True)
    pluggy.delete(f"/_control/transactions/{transaction['id']}", silent=True)
    assert len(pluggy.get("/_control/events", itemId=item).json()["results"]) == events


@pytest.mark.parametrize("subtype", ["CHECKING_ACCOUNT", "CREDIT_CARD"])
def test_changing_and_deleting_transactions(
    pluggy: Client, item: str, hooked: Receiver, subtype: str
) -> None:
    account = pluggy.accounts(item)[subtype]
    old, gone = pluggy.transactions(account["id"])[:2]
    out = -1 if old["type"] == "DEBIT" else 1
    changed = pluggy.patch(f"/_control/transactions/{old['id']}", amount=out * 7.77, description="Z").json()
    assert (abs(changed["amount"]), changed["type"], changed["description"]) == (7.77, old["type"], "Z")
    assert (changed["amount"] < 0) == (old["amount"] < 0)
    assert wait_until(lambda: hooked.events("transactions/updated", item))[0]["transactionIds"] == [old["id"]]
    pluggy.delete(f"/_control/transactions/{gone['id']}")
    assert wait_until(lambda: hooked.events("transactions/deleted", item))[0]["transactionIds"] == [
        gone["id"]
    ]
    pluggy.patch(f"/items/{item}")
    pluggy.settled(item)
    ids = {transaction["id"]: transaction for transaction in pluggy.transactions(account["id"])}
    assert gone["id"] not in ids and ids[old["id"]]["description"] == "Z"


def test_an_item_can_be_left_in_the_middle_of_a_run(pluggy: Client, item: str, hooked: Receiver) -> None:
    force = f"/_control/items/{item}/status"
    stuck = pluggy.post(force, status="UPDATING", executionStatus="ACCOUNTS_IN_PROGRESS").json()
    assert (stuck["status"], stuck["executionStatus"], stuck["error"]) == (
        "UPDATING",
        "ACCOUNTS_IN_PROGRESS",
        None,
    )
    assert pluggy.post(force, status="WAITING_USER_INPUT").json()["parameter"]["name"] == "token"
    wait_until(lambda: hooked.events("item/waiting_user_input", item))
    pluggy.post(f"/items/{item}/mfa", token="123456")
    assert pluggy.settled(item)["executionStatus"] == "SUCCESS"
    error = {"code": "ACCOUNT_LOCKED", "message": "locked"}
    forced = pluggy.post(force, executionStatus="ACCOUNT_LOCKED", error=error).json()
    assert (forced["status"], forced["error"]["message"]) == ("OUTDATED", "locked")


def test_an_automatic_sync(pluggy: Client, item: str, hooked: Receiver) -> None:
    pluggy.post(f"/_control/items/{item}/refresh")
    assert wait_until(lambda: hooked.events("item/updated", item))[0]["triggeredBy"] == "SYNC"


def test_an_event_can_be_sent_again(pluggy: Client, item: str, hooked: Receiver) -> None:
    event = pluggy.get("/_control/events", itemId=item).json()["results"][-1]
    assert pluggy.post(f"/_control/events/{event['eventId']}/redeliver").json() == {"count": 1}
    assert wait_until(lambda: hooked.events(item_id=item))[0]["eventId"] == event["eventId"]


def test_the_last_purchase_is_refunded_by_its_amount(pluggy: Client, item: str) -> None:
    bought = {
        "accountType": "CREDIT_CARD",
        "description": "LIVRARIA",
        "amount": -50,
        "categoryId": "08060000",
    }
    pluggy.post(f"/_control/items/{item}/transactions", **bought)
    whole = pluggy.post(f"/_control/items/{item}/refund").json()
    assert (whole["amount"], whole["type"], whole["description"]) == (-50, "CREDIT", "ESTORNO LIVRARIA")
    assert whole["categoryId"] == "08060000"
    part = pluggy.post(f"/_control/items/{item}/refund", amount=12.5).json()
    assert (part["amount"], part["description"]) == (-12.5, "ESTORNO LIVRARIA")


def test_the_latest_of_several_purchases_on_one_day_is_refunded(pluggy: Client, item: str) -> None:
    for price in (-11, -12, -13, -14, -15):
        body = {"accountType": "CREDIT_CARD", "description": f"CAFE {-price}", "amount": price}
        pluggy.post(f"/_control/items/{item}/transactions", **body)
        assert pluggy.post(f"/_control/items/{item}/refund").json()["amount"] == price


def test_the_open_bill_can_be_closed(pluggy: Client, item: str, hooked: Receiver) -> None:
    body = {"accountType": "CREDIT_CARD", "description": "PADARIA", "amount": -50}
    bought = pluggy.post(f"/_control/items/{item}/transactions", **body).json()
    bill = pluggy.post(f"/_control/items/{item}/close-bill").json()
    card = bought["accountId"]
    assert pluggy.get("/bills", accountId=card).json()["results"][0] == bill
    on_it = [
        transaction
        for transaction in pluggy.transactions(card)
        if transaction["creditCardMetadata"]["billId"] == bill["id"]
    ]
    assert bought["id"] in {transaction["id"] for transaction in on_it}
    assert {transaction["status"] for transaction in on_it} == {"POSTED"}
    owed = sum(cents(transaction) for transaction in on_it)
    assert owed == round(bill["totalAmount"] * 100)
    updated = wait_until(lambda: hooked.events("transactions/updated", item))[0]
    assert set(updated["transactionIds"]) == {transaction["id"] for transaction in on_it}
    pluggy.patch(f"/items/{item}")
    pluggy.settled(item)
    assert pluggy.get(f"/transactions/{bought['id']}").json()["status"] == "POSTED"
    assert pluggy.post(f"/_control/items/{item}/close-bill").status_code == 409


def cents(transaction: Json) -> int:
    amount = transaction["amountInAccountCurrency"] or transaction["amount"]
    return round(Decimal(str(amount)) * 100)


def test_the_truth_equals_the_api_and_its_summary(pluggy: Client, aurora: Json) -> None:
    truth = pluggy.truth(aurora["id"])
    summary = pluggy.get(f"/_control/truth/items/{aurora['id']}", summary=1).json()["transactions"]
    assert truth["item"] == aurora
    for account in truth["accounts"]:
        transactions = truth["transactions"][account["id"]]
        assert transactions == pluggy.transactions(account["id"])
        dates = [transaction["date"] for transaction in transactions]
        expected_summary = {
            "count": len(transactions),
            "cents": sum(map(cents, transactions)),
            "minDate": min(dates),
            "maxDate": max(dates),
        }
        assert summary[account["id"]] == expected_summary
    assert {"bills", "investments", "investmentTransactions", "loans", "identity", "consents"} <= set(truth)


def test_an_item_can_be_deleted_on_pluggys_side(pluggy: Client, item: str, hooked: Receiver) -> None:
    assert pluggy.delete(f"/_control/items/{item}").json() == {"count": 1}
    wait_until(lambda: hooked.events("item/deleted", item))
    assert pluggy.get(f"/items/{item}").status_code == 404


def test_the_control_panel_is_restricted_to_this_machine(pluggy: Client) -> None:
    for headers in ({"Host": "evil.example"}, {"Origin": "http://localhost:8000"}):
        assert requests.get(pluggy.url + "/_control/state", headers=headers, timeout=5).status_code == 403
    page = requests.get(pluggy.url + "/_control/", timeout=5).text
    assert "this is not Pluggy" in page


def test_the_connect_page_has_a_notice_and_sets_no_cookies(pluggy: Client) -> None:
    answer = requests.get(pluggy.url + "/", timeout=5)
    assert "this is not Pluggy" in answer.text and not answer.cookies
    for path in ("connect.js", "dom.js", "texts.js", "connect.css", "vendor/pluggy-connect-2.14.2.js"):
        assert requests.get(f"{pluggy.url}/connect/{path}", timeout=5).status_code == 200
    assert (
        "svg" in requests.get(pluggy.url + "/static/connectors/9001.svg", timeout=5).headers["Content-Type"]
    )


def test_a_transaction_stays_on_a_bill_that_has_closed(tmp_path: Path) -> None:
    running = Program(tmp_path, flags=("--today", "2026-11-05")).start()
    pluggy = Client(running.url)
    item = pluggy.connect(2, clientUserId="ana")["id"]  # never synced by itself
    bought = {"accountType": "CREDIT_CARD", "amount": -7.5, "description": "CAFE"}
    pluggy.post(f"/_control/items/{item}/transactions", **bought)
    pluggy.post("/_control/clock", days=10)
    pluggy.post(f"/_control/items/{item}/transactions", **bought)
    closed = pluggy.post(f"/_control/items/{item}/close-bill").json()
    assert closed["totalAmount"] == 7.5
    pluggy.patch(f"/items/{item}")
    pluggy.settled(item)
    card = pluggy.accounts(item)["CREDIT_CARD"]["id"]
    for bill in pluggy.get("/bills", accountId=card).json()["results"]:
        assert -billed(pluggy.transactions(card), bill) == round(bill["totalAmount"] * 100)
    running.stop()


def test_interest_on_manual_purchases_is_on_the_next_bill(tmp_path: Path) -> None:
    running = Program(tmp_path, flags=("--today", "2027-02-10", "--auto-sync-hours", "0")).start()
    pluggy = Client(running.url)
    item = pluggy.connect(9003, clientUserId="ana")["id"]  # its bill of February is paid in part
    card = pluggy.accounts(item)["CREDIT_CARD"]["id"]
    bought = {"accountId": card, "amount": -1000, "description": "GELADEIRA"}
    pluggy.post(f"/_control/items/{item}/transactions", **bought)
    for _ in range(2):
        pluggy.post("/_control/clock", months=1)
        pluggy.patch(f"/items/{item}")
        pluggy.settled(item)
    transactions, bills = pluggy.transactions(card), pluggy.get("/bills", accountId=card).json()["results"]
    assert bills[0]["billClosingDate"][:7] == "2027-03"
    for bill in bills:
        assert billed(transactions, bill) == round(bill["totalAmount"] * 100)
    running.stop()


def billed(transactions: list[Json], bill: Json) -> int:
    """Return the cents of a bill's transactions and of its charges without transactions."""
    on_bill = [
        transaction
        for transaction in transactions
        if transaction["creditCardMetadata"]["billId"] == bill["id"]
    ]
    amounts = [transaction["amountInAccountCurrency"] or transaction["amount"] for transaction in on_bill]
    return sum(
        round(amount * 100) for amount in amounts + [amount["amount"] for amount in bill["financeCharges"]]
    )
