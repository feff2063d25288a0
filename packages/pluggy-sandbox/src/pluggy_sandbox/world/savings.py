"""Money that is saved at the end of the month or taken back: savings account, caixinhas, a monthly CDB."""

import datetime as dt
from collections.abc import Iterator

from pluggy_sandbox.world.calendar import at
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.movements import CHECKING, SAVINGS, Counterparty, Movement

DAY = 28
STEP = 5000  # amounts are multiples of this
OWN_TRANSFER = "TRANSFERENCIA_MESMA_INSTITUICAO"
INTEREST_PER_MILLION = 5750  # of the balance, each month
CAIXINHAS = TRIP, EMERGENCY = ("Viagem", "Reserva de emergência")
TRIP_MONTH = 12  # the trip is paid for in December
MONTHLY_INVESTMENT_CENTS = 30000


def reserve_movements(
    customer: Customer, month: dt.date, checking: int, reserves: dict[str, int]
) -> Iterator[Movement]:
    """Yield the transfers to and from the reserves on the 28th.

    They depend on the cents in checking and in each reserve.
    """
    day, surplus = month.replace(day=DAY), checking - customer.bank.checking_reserve_cents
    cents = -(surplus // 2 // STEP * STEP) if surplus > 0 else 0
    if checking < customer.bank.checking_reserve_cents // 2:
        reserve = EMERGENCY if customer.has_activity("caixinhas") else SAVINGS
        cents = min(reserves.get(reserve, 0), -surplus // STEP * STEP)
    if cents and customer.has_activity("savings"):
        yield from _savings(customer, day, cents)
    if cents and customer.has_activity("caixinhas"):
        yield _caixinha(day, CAIXINHAS[day.month % 2] if cents < 0 else EMERGENCY, cents)
    if customer.has_activity("caixinhas") and day.month == TRIP_MONTH and reserves.get(TRIP, 0) > 0:
        yield _caixinha(month.replace(day=20), TRIP, reserves[TRIP])


def interest(month: dt.date, savings: int) -> Iterator[Movement]:
    """Yield the interest of a savings account on the first."""
    cents = savings * INTEREST_PER_MILLION // 1_000_000
    if cents > 0:
        yield Movement(SAVINGS, f"{month}/interest", at(month, 2), "REND POUPANCA", cents, "03060000")


def monthly_investment(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield the monthly purchase of a CDB; investments.py has its position."""
    day, cents = month.replace(day=9), -MONTHLY_INVESTMENT_CENTS
    text = "APLICACAO CDB 110% CDI"
    yield Movement(CHECKING, f"{day}/cdb", at(day, 10), text, cents, "03020000", operation_type="OUTROS")


def _savings(customer: Customer, day: dt.date, cents: int) -> Iterator[Movement]:
    """Yield both sides of a transfer; positive cents go to checking."""
    texts = ("RESGATE POUPANCA", "TRANSFERENCIA PARA CONTA CORRENTE")
    if cents < 0:
        texts = ("APLICACAO POUPANCA", "CREDITO DE CONTA CORRENTE")
    counterparty = Counterparty(customer.owner.name, customer.owner.document, "TEV")
    for account, text, signed in ((CHECKING, texts[0], cents), (SAVINGS, texts[1], -cents)):
        key, when = f"{day}/savings", at(day, 20, 30)
        yield Movement(account, key, when, text, signed, "04000000", OWN_TRANSFER, counterparty)


def _caixinha(day: dt.date, name: str, cents: int) -> Movement:
    """Return a transfer; positive cents come out of the caixinha."""
    text = f"{'GUARDADO NA' if cents < 0 else 'RESGATE DA'} CAIXINHA {name.upper()}"
    key = f"{day}/caixinha"
    return Movement(CHECKING, key, at(day, 20, 30), text, cents, "03010000", "OUTROS", pocket=name)
