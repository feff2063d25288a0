"""What the banks are like (data/banks.json): which part of a life happens there and how they report it."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dev.sandbox.world.calendar import Cycle

BANKS = Path(__file__).parents[1] / "data" / "banks.json"


@dataclass(frozen=True)
class Habits:
    """One institution: what it tells of a life, and its way of reporting."""

    number: int = 0  # the connector id
    tells: tuple[str, ...] = ()  # names of episodes (world/episodes.py)
    accounts: tuple[str, ...] = ("checking", "savings", "card")
    holds: tuple[str, ...] = ()  # names of investments (world/investments.py)
    company: bool = False  # the owner is a firm
    shared: bool = (
        False  # part of the person's one life; else the bank stands alone, with an employer of its own
    )
    closing_day: int = 10
    due_day: int = 17
    busy: int = 100  # percent of an ordinary card's purchases
    comfort: int = 150000  # cents that stay in checking when money is put aside
    in_part: bool = False  # every third bill is paid in part, and late for the rest
    dates: str = "midnight"  # "midnight" (São Paulo), "instant" (true times) or "utc-midnight" (plain dates)
    inverted_card: bool = False  # Pluggy Bank quirk: a card purchase is CREDIT and negative
    parts: str = "one-per-month"  # or "all-at-once", "only-current" (dated when its bill opens)
    pending_days: int = 0  # how long a debit purchase stays pending in checking
    late_days: int = 0  # up to so many days pass before some rows are seen
    reidentifies: bool = False  # a row that posts gets a new id
    merchants: bool = True
    open_finance: bool = False  # fills operationType, providerId and the consent

    @property
    def cycle(self) -> Cycle:
        """The days of its card."""
        return Cycle(self.closing_day, self.due_day)


def of(connector_id: int) -> Habits:
    """The habits of an institution."""
    return _all()[connector_id]


@cache
def _all() -> dict[int, Habits]:
    banks: dict[str, dict[str, Any]] = json.loads(BANKS.read_text(encoding="utf-8"))
    return {int(number): _read(int(number), entry) for number, entry in banks.items()}


def _read(number: int, entry: dict[str, Any]) -> Habits:
    listed = {name: tuple(value) for name, value in entry.items() if isinstance(value, list)}
    return Habits(number=number, **(entry | listed))
