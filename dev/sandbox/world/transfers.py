"""The person's own money on its way between banks: both legs, each told by its own bank."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from dev.sandbox.world.calendar import at
from dev.sandbox.world.life import Life
from dev.sandbox.world.rows import CHECKING, Party, Row

AURORA, IPE, CERRADO, PAMPA, JATOBA = 9001, 9002, 9003, 9004, 9005


@dataclass(frozen=True)
class Transfer:
    """A monthly transfer; the leg that comes in may be a little later."""

    key: str
    out: int
    into: int
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


def own_transfers(life: Life, month: dt.date) -> Iterator[Row]:
    """This bank's legs of the month's transfers: same amount, same owner, whichever bank is connected."""
    for transfer in TRANSFERS:
        cents = transfer.cents + 5000 * Random(f"{life.who}/{month}/{transfer.key}").randrange(4)
        sent = at(month.replace(day=transfer.day), transfer.hour, transfer.minute)
        if life.bank.number == transfer.out:
            yield _leg(life, transfer, sent, -cents)
        if life.bank.number == transfer.into:
            yield _leg(life, transfer, sent + dt.timedelta(minutes=transfer.minutes_later), cents)


def _leg(life: Life, transfer: Transfer, moment: dt.datetime, cents: int) -> Row:
    owner = life.owner
    sent = "ENVIAD" if cents < 0 else "RECEBID"
    text = f"{transfer.method} {sent}{'A' if transfer.method == 'TED' else 'O'} {owner.name.upper()}"
    category = "04030000" if transfer.method == "TED" else "04020000"
    party = Party(owner.name, owner.document, transfer.method)
    key = f"{moment.date()}/{transfer.key}"
    return Row(CHECKING, key, moment, text, cents, category, transfer.method, party)
