"""Movements of the checking account: debit card, cash, and scheduled payments."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from pluggy_sandbox.world.calendar import at, days_of
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.merchants import choose, merchant
from pluggy_sandbox.world.movements import CHECKING, Movement
from pluggy_sandbox.world.people import person
from pluggy_sandbox.world.personal_payments import pix

SCHEDULED_DAY, DAYS_KNOWN_BEFORE = 24, 40  # the day of the month; days before it on which it is scheduled
DEBIT_CARD = "CARTAO"


def debit_card(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield purchases by debit card, about two a week."""
    rng = customer.rng(month, "debit")
    for day in days_of(month):
        if rng.random() < 0.27:
            text, kind, price = choose(rng)
            yield Movement(
                CHECKING, f"{day}/debit", at(day, rng.randrange(8, 23), 5), f"COMPRA DEBITO {text}",
                -price // 2, kind.category, operation_type=DEBIT_CARD, merchant=merchant(text),
            )  # fmt: skip


def cash(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield a cash withdrawal in some months."""
    if customer.rng(month, "cash").random() < 0.5:
        day = month.replace(day=22)
        yield Movement(
            CHECKING, f"{day}/cash", at(day, 12), "SAQUE 24H", -20000, "05020000", operation_type="SAQUE"
        )


def scheduled_payments(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield a PIX scheduled for a later day. The bank shows it as pending with its future date."""
    day = month.replace(day=SCHEDULED_DAY)
    teacher = person(f"{customer.person_seed}/teacher")
    movement = pix(day, "lessons", teacher, -26000, 6, minute=0, message="aulas de violão")
    known_at = movement.at - dt.timedelta(days=DAYS_KNOWN_BEFORE)
    yield replace(movement, description=f"PIX AGENDADO {teacher.name.upper()}", known_at=known_at)
