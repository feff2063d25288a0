"""The settings of each bank (data/banks.json): what customers do there, and how the bank reports it."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pluggy_sandbox.world.calendar import BillingCycle

BANKS = Path(__file__).parents[1] / "data" / "banks.json"


@dataclass(frozen=True)
class BankSettings:
    """The settings of one institution."""

    connector_id: int = 0
    same_as: int | None = None  # another connector to the same bank: settings not given here are its own
    activities: tuple[str, ...] = ()  # names in world/activities.py
    accounts: tuple[str, ...] = ("checking", "savings", "card")
    investments: tuple[str, ...] = ()  # names in data/assets.json
    is_company: bool = False  # the owner is a company
    is_shared: bool = False  # the person also has the other shared banks; else another employer pays here
    closing_day: int = 10
    due_day: int = 17
    card_activity_percent: int = 100  # purchases compared with an ordinary card
    checking_reserve_cents: int = 150000  # stays in checking when money is saved
    partial_payments: bool = False  # every third bill is paid in part, and the rest late
    date_style: str = "midnight"  # of São Paulo, or "instant" (true times), "utc-midnight" (plain dates)
    inverted_card: bool = False  # Pluggy Bank quirk: a card purchase is CREDIT and negative
    installment_style: str = "one-per-month"  # or "all-at-once", "only-current" (dated when its bill opens)
    pending_days: int = 0  # how long a debit purchase is pending
    late_days: int = 0  # some purchases are shown up to this many days late
    changes_ids_on_posting: bool = False  # a transaction gets a new id when it is posted
    reports_merchants: bool = True
    card_status: str = "ACTIVE"
    reduced_limit_cents: int | None = None  # the customer has reduced the card's limit to this
    additional_cards: tuple[str, ...] = ()  # their last digits
    open_finance: bool = False  # operationType, providerId and consents are filled

    @property
    def bank_id(self) -> int:
        """Return the id of the bank, which is the same for all connectors to it."""
        return self.connector_id if self.same_as is None else self.same_as

    @property
    def cycle(self) -> BillingCycle:
        """Return the billing cycle of its card."""
        return BillingCycle(self.closing_day, self.due_day)


def settings_of(connector_id: int) -> BankSettings:
    """Return the settings of an institution."""
    return _all_settings()[connector_id]


@cache
def _all_settings() -> dict[int, BankSettings]:
    banks: dict[str, dict[str, Any]] = json.loads(BANKS.read_text(encoding="utf-8"))
    return {
        int(connector_id): _read(int(connector_id), banks.get(str(entry.get("same_as")), {}) | entry)
        for connector_id, entry in banks.items()
    }


def _read(connector_id: int, entry: dict[str, Any]) -> BankSettings:
    tuples = {name: tuple(value) for name, value in entry.items() if isinstance(value, list)}
    return BankSettings(connector_id=connector_id, **(entry | tuples))
