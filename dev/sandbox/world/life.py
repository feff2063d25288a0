"""A life at one bank: whose it is, which bank tells it, and the dice it is told by."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from random import Random

from dev.sandbox.world.habits import Habits
from dev.sandbox.world.people import Company, Person, company, person


@dataclass(frozen=True)
class Life:
    """The part of somebody's money that one bank sees; equal lives are told in equal words."""

    who: str  # the person, the same at every bank
    story: str  # the person at this bank
    bank: Habits

    @cached_property
    def owner(self) -> Person | Company:
        """Whose name and document are on the accounts."""
        return company(self.story) if self.bank.company else person(self.who)

    def dice(self, month: dt.date, episode: str) -> Random:
        """The chance of one episode in one month: the same whenever it is asked for."""
        return Random(f"{self.story}/{month}/{episode}")

    def tells(self, episode: str) -> bool:
        """Whether the bank sees this part of a life."""
        return episode in self.bank.tells


def life(seed: str, client_user_id: str, bank: Habits, suffix: str = "") -> Life:
    """The life of a person at a bank; a suffix makes another account of the same person."""
    who = f"{seed}/{client_user_id}"
    return Life(who, f"{who}/{bank.number}{suffix}", bank)
