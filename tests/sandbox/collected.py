"""An item collected at chosen moments, without the program: for what a bank shows as the days pass."""

import datetime as dt
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dev.sandbox.bank import connectors
from dev.sandbox.clock import SAO_PAULO, iso
from dev.sandbox.runs.collect import Collector, account_id
from dev.sandbox.runs.report import Report
from dev.sandbox.store import ledger, records
from dev.sandbox.store.database import Database
from dev.sandbox.store.items import Item
from dev.sandbox.world.rows import CHECKING

Json = dict[str, Any]
SEED, TODAY = "aurora", dt.date(2026, 11, 20)


@dataclass
class Moment:
    """A clock that stands where it is put."""

    at: dt.datetime

    def now(self) -> dt.datetime:
        return self.at

    def today(self) -> dt.date:
        return self.at.astimezone(SAO_PAULO).date()


@dataclass
class Collected:
    """One item of one person at one bank."""

    folder: Path
    bank: int = 9001
    who: str = "ana"
    today: dt.date = TODAY
    months: int = 13
    special: str = ""
    without: frozenset[str] = frozenset()
    reports: dict[str, Report] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = Moment(noon(self.today))
        self.database = Database(self.folder / str(uuid.uuid4()))
        self.collector = Collector(self.database, self.clock, SEED, self.months)  # type: ignore[arg-type]
        self.item = Item(
            str(uuid.uuid4()), self.bank, iso(self.clock.at), iso(self.clock.at), client_user_id=self.who,
            opened_on=str(self.collector.opened_on()), special=self.special,
            products=list(connectors.PRODUCTS),
        )  # fmt: skip
        self.run(self.today)

    def run(self, day: dt.date, without: frozenset[str] | None = None) -> dict[str, Report]:
        """A run at noon of a day; the report of each account by its kind."""
        self.clock.at = noon(day)
        found = self.collector.collect(self.item, without=self.without if without is None else without)
        kinds = {account_id(self.item, plan.kind): plan.kind for plan in self.collector.plans(self.item)}
        self.reports = {kinds[one.account_id]: one for one in found}
        return self.reports

    def id(self, kind: str = CHECKING) -> str:
        return account_id(self.item, kind)

    def rows(self, kind: str = CHECKING) -> list[Json]:
        return ledger.transactions(self.database, self.id(kind))

    def said(self, words: str, kind: str = CHECKING) -> list[Json]:
        """The rows whose description has the words, newest first."""
        return [row for row in self.rows(kind) if words in row["description"]]

    def bills(self) -> list[Json]:
        return ledger.bills(self.database, self.id("card"))

    def accounts(self) -> list[Json]:
        return ledger.accounts(self.database, self.item.id)

    def account(self, kind: str = CHECKING) -> Json:
        return next(one for one in self.accounts() if one["id"] == self.id(kind))

    def opening(self, kind: str = CHECKING) -> int:
        row = ledger.account(self.database, self.id(kind))
        assert row is not None
        return int(row["opening_cents"])

    def records(self, kind: str) -> list[Json]:
        return records.of_item(self.database, self.item.id, kind)

    def below(self, parent_id: str, kind: str) -> list[Json]:
        return records.of_parent(self.database, parent_id, kind)

    def again(self, **changes: Any) -> "Collected":
        """Another item of the same person, connected now."""
        return replace(self, reports={}, **changes)


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), SAO_PAULO).astimezone(dt.UTC)


def cents(row: Json) -> int:
    amount = row["amount"] if row["amountInAccountCurrency"] is None else row["amountInAccountCurrency"]
    return round(amount * 100)


def local_day(row: Json) -> str:
    """The calendar day that a reader of the API comes to."""
    if row["date"].endswith("T00:00:00.000Z"):
        return str(row["date"][:10])
    return str(dt.datetime.fromisoformat(row["date"]).astimezone(SAO_PAULO).date())
