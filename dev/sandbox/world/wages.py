"""Income from work: the monthly wage and the two halves of the thirteenth."""

import datetime as dt
from collections.abc import Iterator
from random import Random

from dev.sandbox.world.calendar import at
from dev.sandbox.world.life import Life
from dev.sandbox.world.people import cnpj
from dev.sandbox.world.rows import CHECKING, Party, Row

# The employer of the person's one life, and those of the banks that stand alone.
EMPLOYERS = {0: "Horizonte Sistemas", 1: "Serra Azul Logistica", 2: "Boa Vista Comercial"}
MORE_EMPLOYERS = {5: "Colegio Aprender", 600: "Editora Farol"}


def wage(life: Life, month: dt.date) -> Iterator[Row]:
    """Paid on the 5th; the thirteenth comes on 30 November and 20 December."""
    cents = monthly_wage(life)
    yield _paid(life, month.replace(day=5), "salary", "SALARIO", cents)
    if month.month == 11:
        yield _paid(life, month.replace(day=30), "13th-1", "13 SALARIO 1A PARCELA", cents // 2)
    if month.month == 12:
        yield _paid(life, month.replace(day=20), "13th-2", "13 SALARIO 2A PARCELA", cents * 2 // 5)


def monthly_wage(life: Life) -> int:
    """Net, in cents."""
    usual = 1540000 if life.bank.shared else 1150000
    return usual + 5000 * Random(f"wage/{life.story}").randrange(40)


def employer(life: Life) -> Party:
    """Who pays the wage."""
    names = EMPLOYERS | MORE_EMPLOYERS
    name = names[0 if life.bank.shared else life.bank.number]
    return Party(f"{name} Ltda", cnpj(Random(f"employer/{name}")), "TED")


def _paid(life: Life, day: dt.date, key: str, text: str, cents: int) -> Row:
    payer = employer(life)
    words = f"{text} {payer.name.removesuffix(' Ltda').upper()}"
    return Row(CHECKING, f"{day}/{key}", at(day, 7), words, cents, "01010000", "TED", payer)
