"""Purchases in parts (parcelas), as the banks show them: one per month, all at once, only the current one."""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from random import Random

from dev.sandbox.world.calendar import add_months, at, first_of_month
from dev.sandbox.world.life import Life
from dev.sandbox.world.rows import CARD, Instalment, Row
from dev.sandbox.world.shops import INSTALMENT_BUYS, merchant

BUYING_DAYS = (4, 14, 24)
CHANCE = 0.22
LONGEST = 12  # parts


@lru_cache(maxsize=10_000)
def purchase(day: dt.date, story: str, busy: int) -> tuple[str, str, int, int, int] | None:
    """What was bought in parts that day: text, category, total, number of parts, merchant code."""
    dice = Random(f"{story}/{day}/parts")
    return dice.choice(INSTALMENT_BUYS) if dice.random() * 100 < CHANCE * busy else None


def parts(life: Life, month: dt.date) -> Iterator[Row]:
    """The parts that are due in a month."""
    for number in BUYING_DAYS:
        for months in range(LONGEST):
            found = part(life, add_months(month.replace(day=number), -months), months)
            if found:
                yield found


def coming(life: Life, month: dt.date) -> Iterator[Row]:
    """The parts due after a month of what was bought in it or before."""
    for ahead in range(1, LONGEST):
        for row in parts(life, first_of_month(month, ahead)):
            if row.instalment and row.instalment.bought < first_of_month(month, 1):
                yield row


def part(life: Life, bought: dt.date, months: int) -> Row | None:
    """The part that falls due `months` after a purchase, if there is one; the first carries the odd cents."""
    found = purchase(bought, life.story, life.bank.busy)
    if not found or months >= found[3]:
        return None
    text, category, total, count, mcc = found
    cents = total // count + (total % count if months == 0 else 0)
    return Row(
        CARD, f"{bought}/part/{months}", at(_due(life, bought, months), 15, 20), text, -cents, category,
        operation="PAGAMENTO", mcc=mcc, shop=merchant(text),
        instalment=Instalment(months + 1, count, bought, total),
        known=at(bought, 15, 20) if life.bank.parts == "all-at-once" else None,
    )  # fmt: skip


def _due(life: Life, bought: dt.date, months: int) -> dt.date:
    """The same day of a later month; a bank that shows only the current part dates it when its bill opens."""
    day = add_months(bought, months)
    if months and life.bank.parts == "only-current":
        return life.bank.cycle.opening(life.bank.cycle.closing(day))
    return day
