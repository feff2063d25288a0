"""Connections that people report of real banks, from the local Pluggy to the pages, with their right values."""

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.household import OWN, payment
from tests.ingest_worlds import load_world as replace_world
from tests.local_pluggy import LocalPluggy
from tests.net_worth_helpers import Json, card, checking, entry, load_world, page, sync_again
from tests.reported_cases import BILL_ID as BILL
from tests.reported_cases import bills, brl, cards, closed_bill, household, month

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories", "today")]

PIX = "05070000"
OWN_BOTH = {"paymentData": payment(OWN, OWN)}


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pages be of November 28, 2026."""
    monkeypatch.setattr(timezone, "localdate", lambda *_: date(2026, 11, 28))


def abroad(**music: Any) -> Json:
    """Return a card with amounts abroad; the bank may convert the first one later."""
    music = {"currencyCode": "USD", "status": "PENDING"} | music
    converted: Json = {"currencyCode": "USD", "amountInAccountCurrency": 108.4}
    argentina: Json = {"currencyCode": "ARS", "amountInAccountCurrency": None}
    transactions = [
        entry("2026-11-06", 13.53, "STREAM MUSIC US", "08010000", id=BILL % 61, **music),
        entry("2026-11-07", 20, "CLOUD US", "08010000", id=BILL % 62, **converted),
        entry("2026-11-08", 15000, "RESTO BA", id=BILL % 63, **argentina),
        entry("2026-11-09", 50, "PADARIA", id=BILL % 64),
    ]
    account = card(158.4, *transactions, number="4006") | {"id": BILL % 65}
    return {"id": BILL % 60, "connectorId": 9002, "accounts": [account]}


def test_c6_foreign_amounts_stand_beside_until_the_bank_converts_them(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    load_world(pluggy, alice, abroad())
    expected = brl("0.00", "158.40") | {
        "USD": {"income": "0.00", "spending": "13.53"},
        "ARS": {"income": "0.00", "spending": "15000.00"},
    }
    assert month(as_alice, "2026-11") == expected
    (listed,) = cards(as_alice)
    assert listed["open"]["total"] == "158.40"
    assert listed["open"]["unconverted"] == {"USD": "13.53", "ARS": "15000.00"}
    for name in ("overview", "cards", "transactions"):
        shown = re.sub(r"<[^>]+>|\s+", " ", page(as_alice, name, month="2026-11"))
        assert "US$ 13,53" in shown and "15.171,93" not in shown, name
    assert "not yet converted by the bank" in page(as_alice, "transactions", month="2026-11")

    load_world(pluggy, alice, abroad(amountInAccountCurrency=73.06, status="POSTED"))
    assert month(as_alice, "2026-11") == brl("0.00", "231.46") | {"ARS": expected["ARS"]}
    assert cards(as_alice)[0]["open"]["unconverted"] == {"ARS": "15000.00"}


def test_c8_a_purchase_on_the_closing_day_is_on_the_bill_that_the_card_shows(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    october, november = (
        closed_bill(number, f"2026-{number}-05", closing, total)
        for number, closing, total in ((10, "2026-09-28", 300), (11, "2026-10-28", 460))
    )
    transactions = [
        entry("2026-09-10", 300, "LOJA A", creditCardMetadata={"billId": october["id"]}),
        entry("2026-09-28", 160, "ESCOLA 6/12", creditCardMetadata={"billId": november["id"]}),
        entry("2026-10-12", 300, "LOJA B", creditCardMetadata={"billId": november["id"]}),
        entry("2026-10-28", 161, "ESCOLA 7/12"),
        entry("2026-11-20", 50, "PADARIA"),
        entry("2026-11-28", 162, "ESCOLA 8/12"),
    ]
    days = {"balanceCloseDate": "2026-11-28", "balanceDueDate": "2026-12-05"}
    account = card(211, *transactions, **days) | {"bills": [october, november]}
    load_world(pluggy, alice, {"connectorId": 9003, "accounts": [account]})
    (listed,) = cards(as_alice)
    totals = {name: total for name, (total, _) in bills(listed).items()}
    assert totals == {"2026-10": "300.00", "2026-11": "460.00", "2026-12": "211.00", "2027-01": "162.00"}
    assert listed["closed"][0]["owed"] == "460.00"


def test_c12_the_last_position_and_the_last_loan_end_with_the_second_empty_list(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    cdb = {
        "id": BILL % 81, "date": "2026-11-27", "type": "FIXED_INCOME", "subtype": "CDB", "name": "CDB A",
        "balance": 1000, "amount": 1000, "currencyCode": "BRL", "status": "ACTIVE",
    }  # fmt: skip
    loan = {
        "id": BILL % 82, "productName": "Emprestimo", "currencyCode": "BRL", "contractAmount": 6000,
        "payments": {"contractOutstandingBalance": 4000},
    }  # fmt: skip
    account = checking(100) | {"id": BILL % 83}
    item = {
        "id": BILL % 80,
        "connectorId": 9001,
        "accounts": [account],
        "investments": [cdb],
        "loans": [loan],
    }
    (connected,) = load_world(pluggy, alice, item)
    shown = []
    for _ in range(2):
        replace_world(pluggy, alice, {"items": [item | {"investments": [], "loans": []}]})
        sync_again(connected)
        shown.append(as_alice.get(reverse("net_worth_json")).json()["currencies"][0]["net_worth"])
    assert shown == ["-2900.00", "100.00"]
    assert "CDB A" in page(as_alice, "investments")  # kept as history
    load_world(pluggy, alice, item)
    assert as_alice.get(reverse("net_worth_json")).json()["currencies"][0]["net_worth"] == "-2900.00"


def test_c18_installments_of_one_day_are_a_month_apart(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    parts = [
        entry("2026-09-15", 150, f"Loja Movel Parcela {number}/6", "08010000", creditCardMetadata={
            "installmentNumber": number, "totalInstallments": 6, "totalAmount": 900, "purchaseDate": "2026-09-15",
        })
        for number in (1, 2, 3)
    ]  # fmt: skip
    load_world(pluggy, alice, {"connectorId": 9002, "accounts": [card(450, *parts)]})
    (listed,) = cards(as_alice)
    totals = {name: total for name, (total, _) in bills(listed).items()}
    assert {name: totals[name] for name in ("2026-10", "2026-11", "2026-12")} == dict.fromkeys(
        ("2026-10", "2026-11", "2026-12"), "150.00"
    )
    (purchase,) = as_alice.get(reverse("installments_json")).json()["purchases"]
    assert purchase["expected"] == "450.00"
    assert "450.00" in page(as_alice, "installments")


def test_c19_installments_in_the_text_are_one_purchase(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    parts = [
        entry(
            f"2026-{8 + number:02}-10",
            100,
            f"Compra Xpto {number}/5",
            "08010000",
            creditCardMetadata={"cardNumber": "4116"},
        )
        for number in (1, 2, 3)
    ]
    load_world(pluggy, alice, {"connectorId": 9002, "accounts": [card(300, *parts)]})
    (purchase,) = as_alice.get(reverse("installments_json")).json()["purchases"]
    assert purchase["expected"] == "200.00"
    assert "200.00" in page(as_alice, "installments")


def test_c23_a_pix_to_oneself_elsewhere_is_a_transfer(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    other = {"paymentData": payment(OWN, "11144477735")}
    own = [
        entry("2026-11-03", -5000, "PIX ENVIADO", PIX, **OWN_BOTH),
        entry("2026-11-05", 700, "PIX RECEBIDO", PIX, **OWN_BOTH),
    ]
    household(pluggy, alice, X1=[*own, entry("2026-11-06", -80, "PIX ENVIADO", PIX, **other)])
    assert month(as_alice, "2026-11") == brl("0.00", "80.00")


def test_c27_odd_details_hide_no_bill(alice: User, pluggy: LocalPluggy, as_alice: Client) -> None:
    odd = [
        {"dueDate": "2026-11-10", "totalAmount": 600, "payments": [],
         "financeCharges": [{"type": None, "amount": 1.5}]},
        {"dueDate": "2026-10-10", "totalAmount": 500, "financeCharges": None,
         "payments": [{"paymentDate": None, "amount": 500, "valueType": "FULL_PAYMENT"}]},
        {"dueDate": "2026-09-10", "totalAmount": 400, "financeCharges": None, "payments": None},
    ]  # fmt: skip
    raw = [
        bill | {"raw": True, "id": BILL % (71 + number), "totalAmountCurrencyCode": "BRL"}
        for number, bill in enumerate(odd)
    ]
    load_world(pluggy, alice, {"connectorId": 9002, "accounts": [card(600, number="4014") | {"bills": raw}]})
    (listed,) = cards(as_alice)
    assert [(bill["name"], bill["total"], bill["state"]) for bill in listed["closed"]] == [
        ("2026-11", "600.00", "overdue"),
        ("2026-10", "500.00", "paid"),
        ("2026-09", "400.00", "unseen"),
    ]
