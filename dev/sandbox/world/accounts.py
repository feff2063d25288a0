"""Accounts and closed bills as the API gives them."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from dev.sandbox.clock import SAO_PAULO, iso
from dev.sandbox.world.calendar import closing_of, due_of
from dev.sandbox.world.people import Person
from dev.sandbox.world.rows import CARD, CHECKING, ClosedBill
from dev.sandbox.world.voice import NAMESPACE, Speaker, card_number, identity, money

Json = dict[str, Any]
CREDIT_LIMIT = 2500000


@dataclass(frozen=True)
class Book:
    """What an account comes to at a moment, in the API's sign."""

    cents: int
    account_id: str
    now: dt.datetime


def describe(item_id: str, kind: str, owner: Person, book: Book, story: str) -> Json:
    """The account JSON."""
    number = _number(story, kind)
    names = {
        CHECKING: ("Conta Corrente", "Conta Corrente Essencial", "CHECKING_ACCOUNT"),
        CARD: ("Cartão Platinum", "Mastercard Platinum", "CREDIT_CARD"),
    }
    name, marketing, subtype = names.get(kind, ("Poupança", "Poupança", "SAVINGS_ACCOUNT"))
    return {
        "id": book.account_id,
        "itemId": item_id,
        "type": "CREDIT" if kind == CARD else "BANK",
        "subtype": subtype,
        "number": card_number(story) if kind == CARD else number,
        "name": name,
        "marketingName": marketing,
        "balance": money(book.cents),
        "currencyCode": "BRL",
        "taxNumber": owner.cpf,
        "owner": owner.name,
        "bankData": None if kind == CARD else bank_data(book, number),
        "creditData": credit_data(book) if kind == CARD else None,
        "createdAt": iso(book.now),
        "updatedAt": iso(book.now),
    }


def bank_data(book: Book, number: str) -> Json:
    """The part only bank accounts have."""
    return {
        "transferNumber": f"290/{number}",
        "closingBalance": money(book.cents),
        "automaticallyInvestedBalance": 0,
        "overdraftContractedLimit": 2000,
        "overdraftUsedLimit": money(max(0, -book.cents)),
        "unarrangedOverdraftAmount": 0,
        "hasReservedBalance": False,
        "reservedBalances": [],
    }


def credit_data(book: Book) -> Json:
    """The part only cards have."""
    closing = closing_of(book.now.astimezone(SAO_PAULO).date())
    owed = abs(book.cents)
    return {
        "level": "PLATINUM",
        "brand": "MASTERCARD",
        "brandAdditionalInfo": None,
        "balanceCloseDate": f"{closing}T00:00:00.000Z",
        "balanceDueDate": f"{due_of(closing)}T00:00:00.000Z",
        "availableCreditLimit": money(CREDIT_LIMIT - owed),
        "balanceForeignCurrency": 0,
        "minimumPayment": money(owed * 15 // 100),
        "creditLimit": money(CREDIT_LIMIT),
        "isLimitFlexible": False,
        "status": "ACTIVE",
        "holderType": "MAIN",
        "disaggregatedCreditLimits": [],
        "additionalCards": [],
    }


def bill(speaker: Speaker, closed: ClosedBill) -> Json:
    """A closed bill; its payment appears once it has been made."""
    bill_id = speaker.bill_id(closed.closing)
    paid = closed.due <= speaker.now.astimezone(SAO_PAULO).date() and closed.cents > 0
    payment = {
        "id": identity(bill_id, "payment"),
        "valueType": "FULL_PAYMENT",
        "paymentDate": f"{closed.due}T00:00:00.000Z",
        "paymentMode": "DEBIT_ACCOUNT",
        "amount": money(closed.cents),
        "currencyCode": "BRL",
    }
    return {
        "id": bill_id,
        "accountId": speaker.account_id,
        "dueDate": f"{closed.due}T00:00:00.000Z",
        "billClosingDate": f"{closed.closing}T00:00:00.000Z",
        "totalAmount": money(closed.cents),
        "totalAmountCurrencyCode": "BRL",
        "minimumPaymentAmount": money(max(0, closed.cents) * 15 // 100),
        "allowsInstallments": True,
        "financeCharges": [],
        "payments": [payment] if paid else [],
    }


def is_billed(day: dt.date, today: dt.date) -> bool:
    """Whether the bill that carries a day has closed."""
    return closing_of(day) < today


def _number(story: str, kind: str) -> str:
    digits = uuid.uuid5(NAMESPACE, f"{story}/{kind}").int
    return f"0001/{digits % 10**5:05d}-{digits % 10}"
