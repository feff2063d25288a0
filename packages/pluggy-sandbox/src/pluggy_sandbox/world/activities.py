"""All activities by the names that data/banks.json uses."""

import datetime as dt
from collections.abc import Callable, Iterator

from pluggy_sandbox.world import (
    business,
    card_purchases,
    debit_purchases,
    household,
    installments,
    loans,
    personal_payments,
    salary,
    savings,
    transfers,
)
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.movements import Movement

Activity = Callable[[Customer, dt.date], Iterator[Movement]]

ACTIVITIES: dict[str, Activity] = {
    "salary": salary.salary,
    "direct-debits": household.direct_debits,
    "boletos": household.boletos,
    "yearly-taxes": household.yearly_taxes,
    "monthly-fee": household.monthly_fee,
    "personal-payments": personal_payments.personal_payments,
    "dinner": personal_payments.dinner,
    "repeated-payments": personal_payments.repeated_payments,
    "reversals": personal_payments.reversals,
    "debit-card": debit_purchases.debit_card,
    "cash": debit_purchases.cash,
    "scheduled-payments": debit_purchases.scheduled_payments,
    "own-transfers": transfers.own_transfers,
    "daily-purchases": card_purchases.daily_purchases,
    "subscriptions": card_purchases.subscriptions,
    "duplicate-coffees": card_purchases.duplicate_coffees,
    "refunds": card_purchases.refunds,
    "foreign-purchase": card_purchases.foreign_purchase,
    "cashback": card_purchases.cashback,
    "installments": installments.installments,
    "loan": loans.payments,
    "monthly-investment": savings.monthly_investment,
    "invoices": business.invoices,
    "suppliers": business.suppliers,
    "payroll": business.payroll,
    "taxes": business.taxes,
}
# These depend on the other movements of the month: see savings.py.
MONTH_END_ACTIVITIES = ("savings", "caixinhas")


def movements_of(customer: Customer, month: dt.date) -> list[Movement]:
    """Return the movements of a month that depend on no earlier month."""
    return [
        movement
        for name in customer.bank.activities
        if name in ACTIVITIES
        for movement in ACTIVITIES[name](customer, month)
    ]
