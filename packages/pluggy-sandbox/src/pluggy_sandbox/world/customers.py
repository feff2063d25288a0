"""A customer: one person at one bank, and the seeds of everything generated for them."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from random import Random

from pluggy_sandbox.world.bank_settings import BankSettings
from pluggy_sandbox.world.people import Company, Person, company, person


@dataclass(frozen=True)
class Customer:
    """One person at one bank. Equal customers have equal movements."""

    person_seed: str  # identifies the person, the same at every bank
    seed: str  # identifies the person at this bank
    bank: BankSettings

    @cached_property
    def owner(self) -> Person | Company:
        """Return the person or company whose name and document are on the accounts."""
        return company(self.seed) if self.bank.is_company else person(self.person_seed)

    def rng(self, month: dt.date, activity: str) -> Random:
        """Return the random generator of one activity in one month, always in the same state."""
        return Random(f"{self.seed}/{month}/{activity}")

    def has_activity(self, activity: str) -> bool:
        """Return whether this activity happens at the bank."""
        return activity in self.bank.activities


def customer_at(seed: str, client_user_id: str, bank: BankSettings, suffix: str = "") -> Customer:
    """Return a person as a customer of a bank; a suffix makes another customer of the same person."""
    person_seed = f"{seed}/{client_user_id}"
    return Customer(person_seed, f"{person_seed}/{bank.bank_id}{suffix}", bank)
