"""An item that is collected at chosen moments, without the program, to test what a bank shows over time."""

import datetime as dt
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pluggy_sandbox.clock import SAO_PAULO, iso
from pluggy_sandbox.delivery.changes import AccountChanges
from pluggy_sandbox.institutions import connectors
from pluggy_sandbox.runs.collector import Collector, account_id
from pluggy_sandbox.store import ledger, records
from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.items import Item
from pluggy_sandbox.world.movements import CHECKING

Json = dict[str, Any]
SEED, TODAY = "aurora", dt.date(2026, 11, 20)


@dataclass
class FixedClock:
    """A clock that shows a fixed moment."""

    at: dt.datetime

    def now(self) -> dt.datetime:
        return self.at

    def today(self) -> dt.date:
        return self.at.astimezone(SAO_PAULO).date()


@dataclass
class CollectedItem:
    """One item of one person at one bank."""

    folder: Path
    bank: int = 9001
    client_user_id: str = "ana"
    today: dt.date = TODAY
    months: int = 13
    variant: str = ""
    without: frozenset[str] = frozenset()
    changes: dict[str, AccountChanges] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = FixedClock(noon(self.today))
        self.database = Database(self.folder / str(uuid.uuid4()))
        self.collector = Collector(self.database, self.clock, SEED, self.months)  # type: ignore[arg-type]
        self.item = Item(
            str(uuid.uuid4()), self.bank, iso(self.clock.at), iso(self.clock.at),
            client_user_id=self.client_user_id, variant=self.variant,
            history_start=str(self.collector.history_start()),
            products=list(connectors.PRODUCTS),
        )  # fmt: skip
        self.run(self.today)

    def run(self, day: dt.date, without: frozenset[str] | None = None) -> dict[str, AccountChanges]:
        """Collect at noon of a day; return the changes of each account by its kind."""
        self.clock.at = noon(day)
        left_out = self.without if without is None else without
        kinds = {account_id(self.item, plan.kind): plan.kind for plan in self.collector.plans(self.item)}
        collected = self.collector.collect(self.item, without=left_out)
        self.changes = {kinds[changes.account_id]: changes for changes in collected}
        return self.changes

    def id(self, kind: str = CHECKING) -> str:
        return account_id(self.item, kind)

    def transactions(self, kind: str = CHECKING) -> list[Json]:
        return ledger.transactions(self.database, self.id(kind))

    def with_description(self, text: str, kind: str = CHECKING) -> list[Json]:
        """Return the transactions whose description contains the text, newest first."""
        return [transaction for transaction in self.transactions(kind) if text in transaction["description"]]

    def bills(self) -> list[Json]:
        return ledger.bills(self.database, self.id("card"))

    def accounts(self) -> list[Json]:
        return ledger.accounts(self.database, self.item.id)

    def account(self, kind: str = CHECKING) -> Json:
        return next(account for account in self.accounts() if account["id"] == self.id(kind))

    def opening(self, kind: str = CHECKING) -> int:
        account = ledger.account(self.database, self.id(kind))
        assert account is not None
        return int(account["opening_cents"])

    def records(self, kind: str) -> list[Json]:
        return records.for_item(self.database, self.item.id, kind)

    def children(self, parent_id: str, kind: str) -> list[Json]:
        return records.for_parent(self.database, parent_id, kind)

    def another(self, **changes: Any) -> "CollectedItem":
        """Return another item of the same person, created now."""
        return replace(self, changes={}, **changes)


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), SAO_PAULO).astimezone(dt.UTC)


def cents(transaction: Json) -> int:
    converted = transaction["amountInAccountCurrency"]
    amount = transaction["amount"] if converted is None else converted
    return round(amount * 100)


def local_day(transaction: Json) -> str:
    """Return the calendar day that a client of the API computes."""
    if transaction["date"].endswith("T00:00:00.000Z"):
        return str(transaction["date"][:10])
    return str(dt.datetime.fromisoformat(transaction["date"]).astimezone(SAO_PAULO).date())
