"""Collecting: what the banks show now is compared with what is stored, one report per account."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from dev.sandbox.bank import connectors
from dev.sandbox.clock import SAO_PAULO, Clock, iso, parse
from dev.sandbox.runs import books, by_hand, papers
from dev.sandbox.runs.pouring import is_bulk, pour, report
from dev.sandbox.runs.report import Report
from dev.sandbox.store import ledger, rules
from dev.sandbox.store.database import Database
from dev.sandbox.store.items import Item
from dev.sandbox.store.ledger import Entry
from dev.sandbox.world import accounts, story
from dev.sandbox.world.accounts import Plan
from dev.sandbox.world.calendar import first_of_month
from dev.sandbox.world.life import Life, life
from dev.sandbox.world.rows import CARD, ClosedBill, Row
from dev.sandbox.world.story import Telling
from dev.sandbox.world.voice import Speaker, identity

Json = dict[str, Any]
ROWS = frozenset({"ACCOUNTS", "CREDIT_CARDS", "TRANSACTIONS"})
MORE = frozenset({"PAYMENT_DATA", "INVESTMENTS", "INVESTMENTS_TRANSACTIONS", "IDENTITY", "LOANS"})
PRODUCTS = ROWS | MORE


@dataclass(frozen=True)
class Collector:
    """Collects for one item."""

    database: Database
    clock: Clock
    seed: str
    history_months: int = 13

    def opened_on(self) -> dt.date:
        """The first day of a new item's history."""
        return first_of_month(self.clock.today(), -self.history_months)

    def collect(self, item: Item, *, without: frozenset[str] = frozenset()) -> list[Report]:
        """Compare and write, but for the products left out or not asked for; the caller saves the item."""
        if item.loaded:
            return []
        item.person = item.person or item.client_user_id or item.id
        without |= PRODUCTS - frozenset(item.products or PRODUCTS)
        plans = [plan for plan in self.plans(item) if _product(plan) not in without]
        with self.database.writing():
            reports = []
            if "TRANSACTIONS" not in without:
                reports = [self._account(item, plan, without) for plan in plans]
            self.rebalance(item, tuple(plan.kind for plan in plans))
            papers.write(self.database, item, self.main_life(item), now=self.clock.now(), without=without)
        if not without & ROWS:
            item.collected_at = iso(self.clock.now())
        return reports

    def pour(self, item: Item, *, without: frozenset[str] = frozenset()) -> bool:
        """Write a piece of what is too much for one write; whether to come again before collecting."""
        if item.loaded or not is_bulk(item) or ROWS & without:
            return False
        (plan,) = self.plans(item)
        with self.database.writing():
            if not item.bulk_rows:
                self.rebalance(item, (plan.kind,))  # whoever deletes the item finds the rows by the account
            return pour(self.database, item, self.speaker(item, plan.kind, self.clock.now()))

    def life(self, item: Item) -> Life:
        """What the item's bank knows of its person: the same again for every item of the two."""
        person = item.person or item.client_user_id or item.id
        return life(self.seed, person, connectors.habits(item.connector_id))

    def main_life(self, item: Item) -> Life:
        """The life of the item's first account: of a login with several companies, the first company's."""
        return next((plan.life for plan in self.plans(item)), self.life(item))

    def plans(self, item: Item) -> list[Plan]:
        """The accounts of an item, in their order."""
        return accounts.plans(self.life(item), item.special)

    def speaker(self, item: Item, kind: str, now: dt.datetime) -> Speaker:
        """The bank's voice for one account of an item."""
        found = next((plan.life for plan in self.plans(item) if plan.kind == kind), self.life(item))
        return Speaker(found.bank, account_id(item, kind), found.story, now)

    def rebalance(self, item: Item, collected: tuple[str, ...] = ()) -> None:
        """Make the accounts agree with their rows: those just collected and those already there."""
        if item.loaded:
            return
        with self.database.writing():
            for position, plan in enumerate(self.plans(item)):
                found = ledger.account(self.database, account_id(item, plan.kind))
                if not found and plan.kind not in collected:
                    continue
                speaker = self.speaker(item, plan.kind, self.clock.now())
                opening = found["opening_cents"] if found else books.opening(plan, speaker, item.opened_on)
                data = accounts.describe(item.id, plan, books.book(self.database, plan, speaker, opening))
                if found:
                    data["createdAt"] = json.loads(found["data"])["createdAt"]
                ledger.save_account(
                    self.database, data, kind=plan.kind, position=position, opening_cents=opening
                )

    def _account(self, item: Item, plan: Plan, without: frozenset[str]) -> Report:
        speaker = self.speaker(item, plan.kind, self.clock.now())
        if is_bulk(item):
            while pour(self.database, item, speaker):
                pass
            return report(self.database, item, speaker)
        extras = by_hand.movements(self.database, speaker) if plan.sort == CARD else []
        since = _since(item, [day for day, _ in extras])
        telling = story.with_extras(plan.life, story.tell(plan.life, since, speaker.today), extras)
        rows = [row for row in telling.rows if row.account == plan.sort]
        if plan.sort == CARD:
            rows = _card_rows(rows, inverted=speaker.habits.inverted_card)
            closed = self._closed(item, plan, telling, speaker.today)
            ledger.save_bills(
                self.database, speaker.account_id, (accounts.bill(speaker, one) for one in closed)
            )
        if "PAYMENT_DATA" in without:
            rows = [replace(row, party=None) for row in rows]
        return self._compare(speaker, rows, since)

    def _compare(self, speaker: Speaker, rows: list[Row], since: dt.date) -> Report:
        """Write what is new, has settled, or goes on under another id."""
        earlier = f"{first_of_month(since, -1)}T00:00:00.000Z"  # some rows of a month are dated before it
        known = ledger.known_ids(self.database, speaker.account_id, since=earlier)
        report, writing = Report(speaker.account_id), []
        for row in filter(speaker.sees, rows):
            entry_id, former_id = speaker.id_of(row), speaker.pending_id(row)
            was = known.get(entry_id)
            if was in ("POSTED", "GONE") or (was is None and known.get(former_id) == "GONE"):
                continue
            if was == "PENDING" and not speaker.is_posted(row):
                continue
            entry = speaker.entry(row)
            if was is None:
                report.created.append(entry.data)
                writing.append(entry)
                report.deleted += self._drop(former_id) if former_id in known else []
            else:
                report.updated.append(entry_id)
                writing.append(self._settled(entry))
        rules.apply(self.database, report.created)
        ledger.save_transactions(self.database, writing)
        report.updated += by_hand.settle(self.database, speaker)
        return report

    def _drop(self, former_id: str) -> list[str]:
        """A pending row whose posted form came under a new id, as if it were another one."""
        found = ledger.transaction(self.database, former_id)
        if found:
            ledger.delete_transaction(self.database, found)
        return [former_id]

    def _settled(self, entry: Entry) -> Entry:
        """A row that is posted now: what was set by hand (text, category) stays."""
        found = ledger.transaction(self.database, entry.data["id"])
        assert found is not None
        fresh = {name: entry.data[name] for name in ("status", "creditCardMetadata", "updatedAt")}
        return Entry(found.data | fresh, found.cents)

    def _closed(self, item: Item, plan: Plan, telling: Telling, today: dt.date) -> Iterator[ClosedBill]:
        """The bills that have closed and all of whose rows are in the item's history."""
        opened, cycle = dt.date.fromisoformat(item.opened_on), plan.life.bank.cycle
        return (one for one in telling.bills if cycle.opening(one.closing) >= opened and one.closing < today)


def account_id(item: Item, kind: str) -> str:
    """The id of an item's account."""
    return identity(item.id, kind)


def _since(item: Item, by_hand: list[dt.date]) -> dt.date:
    """Rows before this day cannot have changed: their bills had closed when all was last collected."""
    opened = dt.date.fromisoformat(item.opened_on)
    if not item.collected_at:
        return opened
    collected = parse(item.collected_at).astimezone(SAO_PAULO).date()
    return max(opened, first_of_month(min([collected, *by_hand]), -1))


def _product(plan: Plan) -> str:
    """The product under which the API collects an account."""
    return "CREDIT_CARDS" if plan.sort == CARD else "ACCOUNTS"


def _card_rows(rows: list[Row], *, inverted: bool) -> list[Row]:
    """Pluggy Bank's card knows only purchases and fees."""
    return [row for row in rows if row.cents < 0] if inverted else rows
