"""A loan in equal instalments (PRICE): the contract, its debits in checking, and what is still owed."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from dev.sandbox.world.calendar import add_months, at
from dev.sandbox.world.life import Life
from dev.sandbox.world.rows import CHECKING, Row

DAY = 15
RATE = 19  # per thousand a month


@dataclass(frozen=True)
class Contract:
    """What was lent: cents, number of instalments, the first of which is due a month after signing."""

    signed: dt.date
    cents: int
    count: int

    @property
    def instalment(self) -> int:
        """The equal payment, in cents."""
        growth = (1 + RATE / 1000) ** self.count
        return round(self.cents * (RATE / 1000) * growth / (growth - 1))

    def due(self, number: int) -> dt.date:
        """When an instalment (from 1) is due."""
        return add_months(self.signed, number)

    def paid(self, today: dt.date) -> int:
        """How many instalments have been paid."""
        return sum(self.due(number) <= today for number in range(1, self.count + 1))

    def outstanding(self, today: dt.date) -> int:
        """The capital still owed, in cents."""
        owed = self.cents
        for _ in range(self.paid(today)):
            owed -= self.instalment - owed * RATE // 1000
        return max(0, owed) if self.paid(today) < self.count else 0


def contract(life: Life) -> Contract:
    """The loan of a life."""
    dice = Random(f"{life.story}/loan")
    return Contract(
        dt.date(2025, dice.randrange(2, 9), DAY), dice.randrange(1_200_000, 2_600_000, 50_000), 48
    )


def loan(life: Life, month: dt.date) -> Iterator[Row]:
    """The money that arrives when the contract is signed, then one instalment a month."""
    lent = contract(life)
    day = month.replace(day=DAY)
    if day == lent.signed:
        text = "CREDITO EMPRESTIMO PESSOAL"
        yield Row(CHECKING, f"{day}/loan", at(day, 9), text, lent.cents, "02040000", operation="OUTROS")
    number = (month.year - lent.signed.year) * 12 + month.month - lent.signed.month
    if 1 <= number <= lent.count:
        text = f"PARCELA EMPRESTIMO {number:02d}/{lent.count}"
        yield Row(
            CHECKING, f"{day}/instalment", at(day, 6), text, -lent.instalment, "02040000",
            operation="OPERACAO_CREDITO",
        )  # fmt: skip
