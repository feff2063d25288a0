"""The accounts of an item and closed bills, in the format of the API."""

import datetime as dt
import uuid
from dataclasses import dataclass, replace
from typing import Any

from pluggy_sandbox.clock import SAO_PAULO, iso
from pluggy_sandbox.ids import NAMESPACE, stable_uuid
from pluggy_sandbox.world.bank_view import BankView, card_number, json_amount
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.movements import CARD, CHECKING, SAVINGS, BillPayment, ClosedBill, FinanceCharge

Json = dict[str, Any]
CREDIT_LIMIT = 2500000
NAMES = {
    CHECKING: ("Conta Corrente", "Conta Corrente Essencial", "CHECKING_ACCOUNT"),
    SAVINGS: ("Poupança", "Poupança", "SAVINGS_ACCOUNT"),
    CARD: ("Cartão Platinum", "Mastercard Platinum", "CREDIT_CARD"),
}
REMUNERATION = {  # the interest of a caixinha
    "preFixedRate": None,
    "postFixedIndexerPercentage": 1,
    "rateType": "LINEAR",
    "indexer": "CDI",
    "calculation": "DIAS_UTEIS",
    "ratePeriodicity": "ANUAL",
    "indexerAdditionalInfo": None,
}
SECOND_SUFFIX = "-2"  # the suffix of `kind` for a second account of the same type


@dataclass(frozen=True)
class Plan:
    """One account of an item, and the customer whose movements it shows."""

    kind: str
    customer: Customer

    @property
    def account_type(self) -> str:
        """Return checking, savings or card."""
        return self.kind.removesuffix(SECOND_SUFFIX)


@dataclass(frozen=True)
class AccountBalance:
    """The balance of an account at a moment, with the API's sign."""

    cents: int
    account_id: str
    now: dt.datetime
    closing_cents: int | None = None  # including pending transactions
    pockets: tuple[tuple[str, int], ...] = ()


def plans(customer: Customer, variant: str) -> list[Plan]:
    """Return the accounts of an ordinary item, or of a test user with more or other accounts."""
    if variant.startswith("perf-"):
        return [Plan(CHECKING, customer)]
    if variant == "multi-company":
        firms = [_company_customer(customer, suffix) for suffix in ("", SECOND_SUFFIX)]
        return [Plan(CHECKING, firms[0]), Plan(CARD, firms[0]), Plan(CHECKING + SECOND_SUFFIX, firms[1])]
    account_plans = [Plan(kind, customer) for kind in customer.bank.accounts]
    if variant == "two-checking-accounts":
        bank = replace(customer.bank, activities=("personal-payments", "debit-card", "monthly-fee"))
        second = Customer(customer.person_seed, customer.seed + SECOND_SUFFIX, bank)
        account_plans.insert(1, Plan(CHECKING + SECOND_SUFFIX, second))
    return account_plans


def _company_customer(customer: Customer, suffix: str) -> Customer:
    activities = ("invoices", "suppliers", "payroll", "taxes", "monthly-fee", "daily-purchases")
    return Customer(
        customer.person_seed,
        f"{customer.seed}/firm{suffix}",
        replace(customer.bank, is_company=True, activities=activities),
    )


def account_json(item_id: str, plan: Plan, balance: AccountBalance) -> Json:
    """Return the account in the format of the API."""
    owner, is_card = plan.customer.owner, plan.account_type == CARD
    number = _number(plan)
    name, marketing, subtype = NAMES[plan.account_type]
    return {
        "id": balance.account_id,
        "itemId": item_id,
        "type": "CREDIT" if is_card else "BANK",
        "subtype": subtype,
        "number": card_number(plan.customer.seed) if is_card else number,
        "name": name,
        "marketingName": marketing,
        "balance": json_amount(balance.cents),
        "currencyCode": "BRL",
        "taxNumber": owner.document,
        "owner": owner.name,
        "bankData": None if is_card else bank_data(balance, number),
        "creditData": credit_data(balance, plan.customer) if is_card else None,
        "createdAt": iso(balance.now),
        "updatedAt": iso(balance.now),
    }


def bank_data(balance: AccountBalance, number: str) -> Json:
    """Return the fields that only bank accounts have."""
    closing_cents = balance.cents if balance.closing_cents is None else balance.closing_cents
    non_empty = [(name, cents) for name, cents in balance.pockets if cents]
    return {
        "transferNumber": f"290/{number}",
        "closingBalance": json_amount(closing_cents),
        "automaticallyInvestedBalance": 0,
        "overdraftContractedLimit": 2000,
        "overdraftUsedLimit": json_amount(min(200000, max(0, -balance.cents))),
        "unarrangedOverdraftAmount": json_amount(max(0, -balance.cents - 200000)),
        "hasReservedBalance": bool(non_empty),
        "reservedBalances": [_caixinha(balance, name, cents) for name, cents in non_empty],
    }


def _caixinha(balance: AccountBalance, name: str, cents: int) -> Json:
    interest = {"remuneration": REMUNERATION}
    return {
        "name": name,
        "identification": stable_uuid(balance.account_id, name),
        "availableAmounts": [{"amount": json_amount(cents), "currencyCode": "BRL"} | interest],
    }


def credit_data(balance: AccountBalance, customer: Customer) -> Json:
    """Return the fields that only cards have."""
    cycle = customer.bank.cycle
    closing = cycle.closing(balance.now.astimezone(SAO_PAULO).date())
    owed, bank = abs(balance.cents), customer.bank
    limit = CREDIT_LIMIT if bank.reduced_limit_cents is None else bank.reduced_limit_cents
    return {
        "level": "PLATINUM",
        "brand": "MASTERCARD",
        "brandAdditionalInfo": None,
        "balanceCloseDate": f"{closing}T00:00:00.000Z",
        "balanceDueDate": f"{cycle.due(closing)}T00:00:00.000Z",
        "availableCreditLimit": json_amount(limit - owed),
        "balanceForeignCurrency": 0,
        "minimumPayment": json_amount(owed * 15 // 100),
        "creditLimit": json_amount(CREDIT_LIMIT),
        "isLimitFlexible": bank.open_finance,
        "status": bank.card_status,
        "holderType": "MAIN",
        "disaggregatedCreditLimits": _credit_lines(limit, owed, customer) if bank.open_finance else [],
        "additionalCards": [{"number": number} for number in bank.additional_cards],
    }


def _credit_lines(limit: int, owed: int, customer: Customer) -> list[Json]:
    """Return the limit by use, as Open Finance has it: in total, and of that for cash withdrawals."""
    customized = customer.bank.reduced_limit_cents
    shared: Json = {
        "consolidationType": "INDIVIDUAL",
        "identificationNumber": card_number(customer.seed),
        "isLimitFlexible": customer.bank.open_finance,
        "usedAmountCurrencyCode": "BRL",
        "lineNameAdditionalInfo": None,
        "limitAmountCurrencyCode": "BRL",
        "limitAmountReason": None,
        "customizedLimitAmountCurrencyCode": "BRL",
        "availableAmountCurrencyCode": "BRL",
    }
    total: Json = {
        "creditLineLimitType": "LIMITE_CREDITO_TOTAL",
        "lineName": None,
        "limitAmount": json_amount(CREDIT_LIMIT),
        "customizedLimitAmount": None if customized is None else json_amount(customized),
        "usedAmount": json_amount(owed),
        "availableAmount": json_amount(limit - owed),
    }
    cash: Json = {
        "creditLineLimitType": "LIMITE_CREDITO_MODALIDADE_OPERACAO",
        "lineName": "SAQUE_CREDITO_BRASIL",
        "limitAmount": json_amount(CREDIT_LIMIT // 10),
        "customizedLimitAmount": None,
        "usedAmount": 0,
        "availableAmount": json_amount(CREDIT_LIMIT // 10),
    }
    return [shared | total, shared | cash]


def bill_json(view: BankView, closed: ClosedBill) -> Json:
    """Return a closed bill in the format of the API. Its payments appear once they have been made."""
    bill_id = view.bill_id(closed.closing)
    payments_made = [payment for payment in closed.payments if payment.day <= view.today]
    value_type = "FULL_PAYMENT" if len(closed.payments) == 1 else "OTHER_PAYMENT"
    return {
        "id": bill_id,
        "accountId": view.account_id,
        "dueDate": f"{closed.due}T00:00:00.000Z",
        "billClosingDate": f"{closed.closing}T00:00:00.000Z",
        "totalAmount": json_amount(closed.cents),
        "totalAmountCurrencyCode": "BRL",
        "minimumPaymentAmount": json_amount(max(0, closed.cents) * 15 // 100),
        "allowsInstallments": True,
        "financeCharges": [_charge(bill_id, charge) for charge in closed.charges],
        "payments": [
            _payment(bill_id, number, payment, value_type) for number, payment in enumerate(payments_made)
        ],
    }


def _charge(bill_id: str, charge: FinanceCharge) -> Json:
    return {
        "id": stable_uuid(bill_id, charge.kind),
        "type": charge.kind,
        "amount": json_amount(charge.cents),
        "currencyCode": "BRL",
        "additionalInfo": charge.text,
    }


def _payment(bill_id: str, number: int, payment: BillPayment, how: str) -> Json:
    return {
        "id": stable_uuid(bill_id, f"payment/{number}"),
        "valueType": how,
        "paymentDate": f"{payment.day}T00:00:00.000Z",
        "paymentMode": "DEBIT_ACCOUNT",
        "amount": json_amount(payment.cents),
        "currencyCode": "BRL",
    }


def _number(plan: Plan) -> str:
    digits = uuid.uuid5(NAMESPACE, f"{plan.customer.seed}/{plan.kind}").int
    return f"0001/{digits % 10**5:05d}-{digits % 10}"
