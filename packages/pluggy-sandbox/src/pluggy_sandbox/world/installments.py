"""Purchases in installments (parcelas), as banks show them: monthly, all at once, or only the current one."""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from random import Random

from pluggy_sandbox.world.calendar import add_months, at, first_of_month
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.merchants import INSTALLMENT_PURCHASES, merchant
from pluggy_sandbox.world.movements import CARD, Installment, Movement

BUYING_DAYS = (4, 14, 24)
DAILY_CHANCE = 0.22
MAX_INSTALLMENTS = 12


@lru_cache(maxsize=10_000)
def purchase(day: dt.date, seed: str, activity_percent: int) -> tuple[str, str, int, int, int] | None:
    """Return what was bought in installments that day, or None.

    The tuple has text, category, total, count and MCC.
    """
    rng = Random(f"{seed}/{day}/parts")
    return rng.choice(INSTALLMENT_PURCHASES) if rng.random() * 100 < DAILY_CHANCE * activity_percent else None


def installments(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield the installments that are due in a month."""
    for number in BUYING_DAYS:
        for months in range(MAX_INSTALLMENTS):
            movement = installment(customer, add_months(month.replace(day=number), -months), months)
            if movement:
                yield movement


def upcoming(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield the installments due after a month, of purchases made in it or before."""
    for ahead in range(1, MAX_INSTALLMENTS):
        for movement in installments(customer, first_of_month(month, ahead)):
            if movement.installment and movement.installment.purchased_on < first_of_month(month, 1):
                yield movement


def installment(customer: Customer, purchased_on: dt.date, months: int) -> Movement | None:
    """Return the installment that is due `months` after a purchase, or None.

    The first one has the odd cents.
    """
    purchase_data = purchase(purchased_on, customer.seed, customer.bank.card_activity_percent)
    if not purchase_data or months >= purchase_data[3]:
        return None
    text, category, total, count, mcc = purchase_data
    cents = total // count + (total % count if months == 0 else 0)
    due = at(_due(customer, purchased_on, months), 15, 20)
    return Movement(
        CARD, f"{purchased_on}/part/{months}", due, text, -cents, category,
        operation_type="PAGAMENTO", mcc=mcc, merchant=merchant(text),
        installment=Installment(months + 1, count, purchased_on, total),
        known_at=at(purchased_on, 15, 20) if customer.bank.installment_style == "all-at-once" else None,
    )  # fmt: skip


def _due(customer: Customer, purchased_on: dt.date, months: int) -> dt.date:
    """Return the same day of a later month.

    A bank that shows only the current installment dates it when its bill opens.
    """
    day = add_months(purchased_on, months)
    if months and customer.bank.installment_style == "only-current":
        return customer.bank.cycle.opening(customer.bank.cycle.closing(day))
    return day
