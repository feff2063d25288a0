"""Money put aside at the end of the month, or taken back: a savings account, caixinhas, an investment."""

import datetime as dt
from collections.abc import Iterator

from dev.sandbox.world.calendar import at
from dev.sandbox.world.life import Life
from dev.sandbox.world.rows import CHECKING, SAVINGS, Party, Row

DAY = 28
STEP = 5000  # money is put aside in steps of so many cents
OWN_TRANSFER = "TRANSFERENCIA_MESMA_INSTITUICAO"
INTEREST_PER_MILLION = 5750  # a month
CAIXINHAS = TRIP, EMERGENCY = ("Viagem", "Reserva de emergência")
HOLIDAYS = 12  # the month in which the trip is paid for
INVESTED = 30000


def move(life: Life, month: dt.date, checking: int, kept: dict[str, int]) -> Iterator[Row]:
    """What moves on the 28th when checking and what was put aside (by name) hold so many cents."""
    day, over = month.replace(day=DAY), checking - life.bank.comfort
    cents = -(over // 2 // STEP * STEP) if over > 0 else 0
    if checking < life.bank.comfort // 2:
        cents = min(kept.get(EMERGENCY if life.tells("caixinhas") else SAVINGS, 0), -over // STEP * STEP)
    if cents and life.tells("savings"):
        yield from _savings(life, day, cents)
    if cents and life.tells("caixinhas"):
        yield _caixinha(day, CAIXINHAS[day.month % 2] if cents < 0 else EMERGENCY, cents)
    if life.tells("caixinhas") and day.month == HOLIDAYS and kept.get(TRIP, 0) > 0:
        yield _caixinha(month.replace(day=20), TRIP, kept[TRIP])


def interest(month: dt.date, savings: int) -> Iterator[Row]:
    """What a savings account earns on the first."""
    cents = savings * INTEREST_PER_MILLION // 1_000_000
    if cents > 0:
        yield Row(SAVINGS, f"{month}/interest", at(month, 2), "REND POUPANCA", cents, "03060000")


def invests(life: Life, month: dt.date) -> Iterator[Row]:
    """The monthly purchase of a CDB (world/investments.py holds it)."""
    day = month.replace(day=9)
    text = "APLICACAO CDB 110% CDI"
    yield Row(CHECKING, f"{day}/cdb", at(day, 10), text, -INVESTED, "03020000", operation="OUTROS")


def _savings(life: Life, day: dt.date, cents: int) -> Iterator[Row]:
    """Both legs; positive moves into checking."""
    words = ("RESGATE POUPANCA", "TRANSFERENCIA PARA CONTA CORRENTE")
    if cents < 0:
        words = ("APLICACAO POUPANCA", "CREDITO DE CONTA CORRENTE")
    party = Party(life.owner.name, life.owner.document, "TEV")
    for account, text, signed in ((CHECKING, words[0], cents), (SAVINGS, words[1], -cents)):
        key, when = f"{day}/savings", at(day, 20, 30)
        yield Row(account, key, when, text, signed, "04000000", OWN_TRANSFER, party)


def _caixinha(day: dt.date, name: str, cents: int) -> Row:
    """Positive comes out of the caixinha."""
    text = f"{'GUARDADO NA' if cents < 0 else 'RESGATE DA'} CAIXINHA {name.upper()}"
    key = f"{day}/caixinha"
    return Row(CHECKING, key, at(day, 20, 30), text, cents, "03010000", "OUTROS", pocket=name)
