"""Transfers between the user's own banks. Each bank generates its own side."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from pluggy_sandbox.world.calendar import at
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.movements import CHECKING, Counterparty, Movement

AURORA, IPE, CERRADO, PAMPA, JATOBA = 9001, 9002, 9003, 9004, 9005


@dataclass(frozen=True)
class Transfer:
    """A monthly transfer; the incoming side may be a little later."""

    key: str
    from_connector: int
    to_connector: int
    day: int
    hour: int
    minute: int
    cents: int
    method: str = "PIX"
    minutes_later: int = 0


TRANSFERS = (
    Transfer("to-ipe", AURORA, IPE, 7, 11, 42, 335000),
    Transfer("to-cerrado", AURORA, CERRADO, 6, 10, 15, 190000),
    Transfer("to-jatoba", AURORA, JATOBA, 9, 18, 20, 45000, minutes_later=1),
    Transfer("ipe-to-cerrado", IPE, CERRADO, 14, 22, 50, 25000, "TED", minutes_later=9 * 60),  # next morning
    Transfer("to-pampa", AURORA, PAMPA, 8, 9, 30, 60000, "TED"),  # a broker shows no account
    Transfer("ipe-back", IPE, AURORA, 19, 13, 5, 15000, minutes_later=1),
)


def own_transfers(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield this bank's sides of the month's transfers.

    Amount and owner do not depend on which banks are connected.
    """
    for transfer in TRANSFERS:
        cents = transfer.cents + 5000 * Random(f"{customer.person_seed}/{month}/{transfer.key}").randrange(4)
        sent = at(month.replace(day=transfer.day), transfer.hour, transfer.minute)
        if customer.bank.bank_id == transfer.from_connector:
            yield _leg(customer, transfer, sent, -cents)
        if customer.bank.bank_id == transfer.to_connector:
            yield _leg(customer, transfer, sent + dt.timedelta(minutes=transfer.minutes_later), cents)


def _leg(customer: Customer, transfer: Transfer, moment: dt.datetime, cents: int) -> Movement:
    owner = customer.owner
    sent = "ENVIAD" if cents < 0 else "RECEBID"
    text = f"{transfer.method} {sent}{'A' if transfer.method == 'TED' else 'O'} {owner.name.upper()}"
    category = "04030000" if transfer.method == "TED" else "04020000"
    counterparty = Counterparty(owner.name, owner.document, transfer.method)
    key = f"{moment.date()}/{transfer.key}"
    return Movement(CHECKING, key, moment, text, cents, category, transfer.method, counterparty)
