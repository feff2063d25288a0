"""The checking account's own purchases: the debit card, cash, and payments set for a day to come."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from dev.sandbox.world.calendar import at, days_of
from dev.sandbox.world.friends import pix
from dev.sandbox.world.life import Life
from dev.sandbox.world.people import person
from dev.sandbox.world.rows import CHECKING, Row
from dev.sandbox.world.shops import choose, merchant

SCHEDULED_DAY, KNOWN_BEFORE = 24, 40  # the day of the month; days before it that the person sets it up
DEBIT_CARD = "CARTAO"


def debit(life: Life, month: dt.date) -> Iterator[Row]:
    """Purchases by debit card, about two a week."""
    dice = life.dice(month, "debit")
    for day in days_of(month):
        if dice.random() < 0.27:
            text, shop, price = choose(dice)
            yield Row(
                CHECKING, f"{day}/debit", at(day, dice.randrange(8, 23), 5), f"COMPRA DEBITO {text}",
                -price // 2, shop.category, operation=DEBIT_CARD, shop=merchant(text),
            )  # fmt: skip


def cash(life: Life, month: dt.date) -> Iterator[Row]:
    """A withdrawal, in some months."""
    if life.dice(month, "cash").random() < 0.5:
        day = month.replace(day=22)
        yield Row(CHECKING, f"{day}/cash", at(day, 12), "SAQUE 24H", -20000, "05020000", operation="SAQUE")


def scheduled(life: Life, month: dt.date) -> Iterator[Row]:
    """A PIX set for a day to come: the bank shows it, pending, with its future date."""
    day = month.replace(day=SCHEDULED_DAY)
    teacher = person(f"{life.who}/teacher")
    row = pix(day, "lessons", teacher, -26000, 6, minute=0, message="aulas de violão")
    known = row.at - dt.timedelta(days=KNOWN_BEFORE)

    yield replace(row, text=f"PIX AGENDADO {teacher.name.upper()}", known=known)
