"""Collecting: tell the world up to now and write what is new or has changed, one report per account."""

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import Any

from dev.sandbox.bank import connectors
from dev.sandbox.clock import SAO_PAULO, Clock, iso, parse
from dev.sandbox.store import ledger, rules
from dev.sandbox.store.database import Database
from dev.sandbox.store.items import Item
from dev.sandbox.store.ledger import Entry
from dev.sandbox.world import accounts
from dev.sandbox.world.calendar import first_of_month
from dev.sandbox.world.checking import Household, household
from dev.sandbox.world.rows import CARD, CHECKING, SAVINGS, Row
from dev.sandbox.world.story import OPENING, Telling, future_parts, tell
from dev.sandbox.world.voice import Speaker, identity

Json = dict[str, Any]
MONTHS_OF_HISTORY = 13
KINDS = (CHECKING, SAVINGS, CARD)


@dataclass
class Report:
    """What changed in one account."""

    account_id: str
    created: list[Json] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Collector:
    """Collects for one item."""

    database: Database
    clock: Clock
    seed: str

    def opened_on(self) -> dt.date:
        """The first day of a new item's history."""
        return first_of_month(self.clock.today(), -MONTHS_OF_HISTORY)

    def collect(self, item: Item, *, without: frozenset[str] = frozenset()) -> list[Report]:
        """Tell, compare, write; `without` names the products that stay as they were."""
        kinds = tuple(
            kind for kind in KINDS if ("CREDIT_CARDS" if kind == CARD else "ACCOUNTS") not in without
        )
        now = self.clock.now()
        telling, future = self._tell(item, now)
        with self.database.writing():
            reports = [self._account(item, kind, telling, future, now) for kind in kinds]
            self.rebalance(item, kinds)
        return reports

    def speaker(self, item: Item, kind: str, now: dt.datetime) -> Speaker:
        """The bank's voice for one account of an item."""
        return Speaker(connectors.habits(item.connector_id), account_id(item, kind), self.story(item), now)

    def story(self, item: Item) -> str:
        """The seed of the item's life: the same person at the same bank lives the same life again."""
        return f"{self.seed}/{item.client_user_id or item.id}/{item.connector_id}"

    def rebalance(self, item: Item, collected: tuple[str, ...] = ()) -> None:
        """Make the accounts agree with their rows: those just collected and those already there."""
        now = self.clock.now()
        owner = self._household(item).owner
        with self.database.writing():
            for position, kind in enumerate(KINDS):
                book = self._book(item, kind, now)
                data = accounts.describe(item.id, kind, owner, book, self.story(item))
                found = ledger.account(self.database, data["id"])
                if not found and kind not in collected:
                    continue
                if found:
                    data["createdAt"] = json.loads(found["data"])["createdAt"]
                ledger.save_account(
                    self.database, data, kind=kind, position=position, opening_cents=OPENING[kind]
                )  # fmt: skip

    def _household(self, item: Item) -> Household:
        who = f"{self.seed}/{item.client_user_id or item.id}"
        return household(who, connectors.habits(item.connector_id).own_pix)

    def _tell(self, item: Item, now: dt.datetime) -> tuple[Telling, list[Row]]:
        seed, start = self.story(item), dt.date.fromisoformat(item.opened_on)
        telling = tell(
            seed=seed, home=self._household(item), start=start,
            until=now.astimezone(SAO_PAULO).replace(tzinfo=None),
            extra_card=self._by_hand(item, CARD), extra_checking=self._by_hand(item, CHECKING),
        )  # fmt: skip
        if not connectors.habits(item.connector_id).future_parts:
            return telling, []
        return telling, future_parts(seed=seed, start=start, today=self.clock.today())

    def _by_hand(self, item: Item, kind: str) -> list[tuple[dt.date, int]]:
        speaker = self.speaker(item, kind, self.clock.now())
        rows = ledger.added_by_hand(self.database, speaker.account_id)
        return [(local_day(row.data["date"]), speaker.sign(kind, row.cents)) for row in rows]

    def _account(
        self, item: Item, kind: str, telling: Telling, future: list[Row], now: dt.datetime
    ) -> Report:
        speaker = self.speaker(item, kind, now)
        rows = [row for row in telling.rows if row.account == kind]
        if kind == CARD:
            rows = _card_rows(rows + future, inverted=speaker.habits.inverted_card)
            bills = [accounts.bill(speaker, bill) for bill in telling.bills]
            ledger.save_bills(self.database, speaker.account_id, bills)
        return self._compare(speaker, rows)

    def _compare(self, speaker: Speaker, rows: list[Row]) -> Report:
        known = ledger.known_ids(self.database, speaker.account_id)
        report, writing = Report(speaker.account_id), []
        for row in rows:
            was = known.get(identity(speaker.account_id, row.key))
            if was in ("POSTED", "GONE"):
                continue
            entry = speaker.entry(row)
            if was is None:
                report.created.append(entry.data)
                writing.append(entry)
            elif entry.data["status"] != was:
                report.updated.append(entry.data["id"])
                writing.append(self._settled(entry))
        rules.apply(self.database, report.created)
        ledger.save_transactions(self.database, writing)
        report.updated += self._settle_by_hand(speaker)
        return report

    def _settled(self, entry: Entry) -> Entry:
        """A row that has left the open bill: what was set by hand (text, category) stays."""
        found = ledger.transaction(self.database, entry.data["id"])
        assert found is not None
        fresh = {name: entry.data[name] for name in ("status", "creditCardMetadata", "updatedAt")}
        return Entry(found.data | fresh, found.cents)

    def _settle_by_hand(self, speaker: Speaker) -> list[str]:
        """Rows of the control room leave the open bill like the others."""
        settled = []
        for row in ledger.added_by_hand(self.database, speaker.account_id):
            data, day = row.data, local_day(row.data["date"])
            waits = data["status"] == "PENDING" and data["creditCardMetadata"]
            if waits and accounts.is_billed(day, self.clock.today()):
                data["creditCardMetadata"]["billId"] = speaker.bill_id(day)
                data |= {"status": "POSTED", "updatedAt": iso(speaker.now)}
                settled.append(Entry(data, row.cents, told=False))
        ledger.save_transactions(self.database, settled)
        return [entry.data["id"] for entry in settled]

    def _book(self, item: Item, kind: str, now: dt.datetime) -> accounts.Book:
        """What the rows of an account add up to."""
        habits, until = connectors.habits(item.connector_id), iso(now)
        open_only = kind == CARD and habits.inverted_card  # such a bank never shows payments
        total = ledger.total_cents(
            self.database, account_id(item, kind), until=until,
            only="PENDING" if open_only else None if kind == CARD else "POSTED",
        )  # fmt: skip
        return accounts.Book(OPENING[kind] + total, account_id(item, kind), now)


def account_id(item: Item, kind: str) -> str:
    """The id of an item's account."""
    return identity(item.id, kind)


def local_day(date: str) -> dt.date:
    """The calendar day of a stored date: plain at midnight UTC, else São Paulo's."""
    moment = parse(date)
    return moment.date() if date.endswith("T00:00:00.000Z") else moment.astimezone(SAO_PAULO).date()


def _card_rows(rows: list[Row], *, inverted: bool) -> list[Row]:
    """Pluggy Bank's card knows only purchases and fees."""
    return [row for row in rows if row.cents < 0] if inverted else rows
