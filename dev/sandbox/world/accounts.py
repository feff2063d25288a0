"""The accounts of an item and closed bills, as the API gives them."""

import datetime as dt
import uuid
from dataclasses import dataclass, replace
from typing import Any

from dev.sandbox.clock import SAO_PAULO, iso
from dev.sandbox.world.life import Life
from dev.sandbox.world.rows import CARD, CHECKING, SAVINGS, Charge, ClosedBill, Payment
from dev.sandbox.world.voice import NAMESPACE, Speaker, card_number, identity, money

Json = dict[str, Any]
CREDIT_LIMIT = 2500000
NAMES = {
    CHECKING: ("Conta Corrente", "Conta Corrente Essencial", "CHECKING_ACCOUNT"),
    SAVINGS: ("Poupança", "Poupança", "SAVINGS_ACCOUNT"),
    CARD: ("Cartão Platinum", "Mastercard Platinum", "CREDIT_CARD"),
}
REMUNERATION = {  # of a caixinha
    "preFixedRate": None,
    "postFixedIndexerPercentage": 1,
    "rateType": "LINEAR",
    "indexer": "CDI",
    "calculation": "DIAS_UTEIS",
    "ratePeriodicity": "ANUAL",
    "indexerAdditionalInfo": None,
}
SECOND = "-2"  # what the kind of a second account of its sort ends with


@dataclass(frozen=True)
class Plan:
    """One account of an item: what it is called inside, and whose life fills it."""

    kind: str
    life: Life

    @property
    def sort(self) -> str:
        """Checking, savings or card."""
        return self.kind.removesuffix(SECOND)


@dataclass(frozen=True)
class Book:
    """What an account comes to at a moment, in the API's sign."""

    cents: int
    account_id: str
    now: dt.datetime
    closing_cents: int | None = None  # with what is not posted yet
    pockets: tuple[tuple[str, int], ...] = ()


def plans(life: Life, special: str) -> list[Plan]:
    """The accounts of an ordinary item, or of one whose login asks for more."""
    if special.startswith("perf-"):
        return [Plan(CHECKING, life)]
    if special == "multi-company":
        firms = [_firm(life, suffix) for suffix in ("", SECOND)]
        return [Plan(CHECKING, firms[0]), Plan(CARD, firms[0]), Plan(CHECKING + SECOND, firms[1])]
    found = [Plan(kind, life) for kind in life.bank.accounts]
    if special == "two-checking-accounts":
        bank = replace(life.bank, tells=("friends", "debit", "fees"))
        found.insert(1, Plan(CHECKING + SECOND, Life(life.who, life.story + SECOND, bank)))
    return found


def _firm(life: Life, suffix: str) -> Life:
    tells = ("invoices", "suppliers", "payroll", "taxes", "fees", "everyday")
    return Life(life.who, f"{life.story}/firm{suffix}", replace(life.bank, company=True, tells=tells))


def describe(item_id: str, plan: Plan, book: Book) -> Json:
    """The account JSON."""
    owner, is_card = plan.life.owner, plan.sort == CARD
    number = _number(plan)
    name, marketing, subtype = NAMES[plan.sort]
    return {
        "id": book.account_id,
        "itemId": item_id,
        "type": "CREDIT" if is_card else "BANK",
        "subtype": subtype,
        "number": card_number(plan.life.story) if is_card else number,
        "name": name,
        "marketingName": marketing,
        "balance": money(book.cents),
        "currencyCode": "BRL",
        "taxNumber": owner.document,
        "owner": owner.name,
        "bankData": None if is_card else bank_data(book, number),
        "creditData": credit_data(book, plan.life) if is_card else None,
        "createdAt": iso(book.now),
        "updatedAt": iso(book.now),
    }


def bank_data(book: Book, number: str) -> Json:
    """The part only bank accounts have."""
    kept = [(name, cents) for name, cents in book.pockets if cents]
    return {
        "transferNumber": f"290/{number}",
        "closingBalance": money(book.cents if book.closing_cents is None else book.closing_cents),
        "automaticallyInvestedBalance": 0,
        "overdraftContractedLimit": 2000,
        "overdraftUsedLimit": money(min(200000, max(0, -book.cents))),
        "unarrangedOverdraftAmount": money(max(0, -book.cents - 200000)),
        "hasReservedBalance": bool(kept),
        "reservedBalances": [_caixinha(book, name, cents) for name, cents in kept],
    }


def _caixinha(book: Book, name: str, cents: int) -> Json:
    return {
        "name": name,
        "identification": identity(book.account_id, name),
        "availableAmounts": [{"amount": money(cents), "currencyCode": "BRL", "remuneration": REMUNERATION}],
    }


def credit_data(book: Book, life: Life) -> Json:
    """The part only cards have."""
    cycle = life.bank.cycle
    closing = cycle.closing(book.now.astimezone(SAO_PAULO).date())
    owed = abs(book.cents)
    return {
        "level": "PLATINUM",
        "brand": "MASTERCARD",
        "brandAdditionalInfo": None,
        "balanceCloseDate": f"{closing}T00:00:00.000Z",
        "balanceDueDate": f"{cycle.due(closing)}T00:00:00.000Z",
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
    """A closed bill; its payments appear once they have been made."""
    bill_id = speaker.bill_id(closed.closing)
    made = [payment for payment in closed.payments if payment.day <= speaker.today]
    how = "FULL_PAYMENT" if len(closed.payments) == 1 else "OTHER_PAYMENT"
    return {
        "id": bill_id,
        "accountId": speaker.account_id,
        "dueDate": f"{closed.due}T00:00:00.000Z",
        "billClosingDate": f"{closed.closing}T00:00:00.000Z",
        "totalAmount": money(closed.cents),
        "totalAmountCurrencyCode": "BRL",
        "minimumPaymentAmount": money(max(0, closed.cents) * 15 // 100),
        "allowsInstallments": True,
        "financeCharges": [_charge(bill_id, charge) for charge in closed.charges],
        "payments": [_payment(bill_id, number, payment, how) for number, payment in enumerate(made)],
    }


def _charge(bill_id: str, charge: Charge) -> Json:
    return {
        "id": identity(bill_id, charge.kind),
        "type": charge.kind,
        "amount": money(charge.cents),
        "currencyCode": "BRL",
        "additionalInfo": charge.text,
    }


def _payment(bill_id: str, number: int, payment: Payment, how: str) -> Json:
    return {
        "id": identity(bill_id, f"payment/{number}"),
        "valueType": how,
        "paymentDate": f"{payment.day}T00:00:00.000Z",
        "paymentMode": "DEBIT_ACCOUNT",
        "amount": money(payment.cents),
        "currencyCode": "BRL",
    }


def _number(plan: Plan) -> str:
    digits = uuid.uuid5(NAMESPACE, f"{plan.life.story}/{plan.kind}").int
    return f"0001/{digits % 10**5:05d}-{digits % 10}"
