"""Income from work: the monthly salary and both halves of the 13th salary."""

import datetime as dt
from collections.abc import Iterator
from random import Random

from pluggy_sandbox.world.calendar import at
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.movements import CHECKING, Counterparty, Movement
from pluggy_sandbox.world.people import cnpj

# The employer who pays at the shared banks (0), and those of the other banks, by connector id.
EMPLOYERS = {0: "Horizonte Sistemas", 1: "Serra Azul Logistica", 2: "Boa Vista Comercial"}
MORE_EMPLOYERS = {5: "Colegio Aprender", 600: "Editora Farol"}


def salary(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield the salary on the 5th, and the 13th salary on 30 November and 20 December."""
    cents = monthly_salary(customer)
    yield _paid(customer, month.replace(day=5), "salary", "SALARIO", cents)
    if month.month == 11:
        yield _paid(customer, month.replace(day=30), "13th-1", "13 SALARIO 1A PARCELA", cents // 2)
    if month.month == 12:
        yield _paid(customer, month.replace(day=20), "13th-2", "13 SALARIO 2A PARCELA", cents * 2 // 5)


def monthly_salary(customer: Customer) -> int:
    """Return the net salary in cents."""
    base = 1540000 if customer.bank.is_shared else 1150000
    return base + 5000 * Random(f"wage/{customer.seed}").randrange(40)


def employer(customer: Customer) -> Counterparty:
    """Return the employer as counterparty."""
    names = EMPLOYERS | MORE_EMPLOYERS
    name = names[0 if customer.bank.is_shared else customer.bank.bank_id]
    return Counterparty(f"{name} Ltda", cnpj(Random(f"employer/{name}")), "TED")


def _paid(customer: Customer, day: dt.date, key: str, text: str, cents: int) -> Movement:
    payer = employer(customer)
    description = f"{text} {payer.name.removesuffix(' Ltda').upper()}"
    return Movement(CHECKING, f"{day}/{key}", at(day, 7), description, cents, "01010000", "TED", payer)
