"""Collect: compare what a bank shows now with what is stored, and report the changes of each account."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pluggy_sandbox.clock import SAO_PAULO, Clock, iso, parse
from pluggy_sandbox.delivery.changes import AccountChanges
from pluggy_sandbox.ids import stable_uuid
from pluggy_sandbox.institutions import connectors
from pluggy_sandbox.runs import balances, copied_history, documents, manual_entries, reading_rates
from pluggy_sandbox.runs.bulk_import import is_bulk, unannounced_changes, write_batch
from pluggy_sandbox.store import category_rules, ledger
from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.items import Item
from pluggy_sandbox.store.ledger import LedgerEntry
from pluggy_sandbox.world import accounts, history
from pluggy_sandbox.world.accounts import Plan
from pluggy_sandbox.world.bank_view import BankView
from pluggy_sandbox.world.calendar import first_of_month
from pluggy_sandbox.world.customers import Customer, customer_at
from pluggy_sandbox.world.history import History
from pluggy_sandbox.world.movements import CARD, ClosedBill, Movement

Json = dict[str, Any]
TRANSACTION_PRODUCTS = frozenset({"ACCOUNTS", "CREDIT_CARDS", "TRANSACTIONS"})
OTHER_PRODUCTS = frozenset({"PAYMENT_DATA", "INVESTMENTS", "INVESTMENTS_TRANSACTIONS", "IDENTITY", "LOANS"})
PRODUCTS = TRANSACTION_PRODUCTS | OTHER_PRODUCTS


@dataclass(frozen=True)
class Collector:
    """Collects the data of items."""

    database: Database
    clock: Clock
    seed: str
    history_months: int = 13

    def history_start(self) -> dt.date:
        """Return the first day of a new item's history."""
        return first_of_month(self.clock.today(), -self.history_months)

    def collect(self, item: Item, *, without: frozenset[str] = frozenset()) -> list[AccountChanges]:
        """Write all changes but those of products left out or not requested. The caller saves the item."""
        if item.from_file:
            return [] if item.ever_collected else copied_history.changes(self.database, item)
        item.person = item.person or item.client_user_id or item.id
        without |= PRODUCTS - frozenset(item.products or PRODUCTS)
        due = self._due(item)
        without |= OTHER_PRODUCTS & reading_rates.RATES.keys() - due
        plans = [plan for plan in self.plans(item) if _product(plan) not in without]
        with self.database.write_transaction():
            changes: list[AccountChanges] = []
            if "TRANSACTIONS" not in without:
                changes = [self._account(item, plan, without, due) for plan in plans]
            self.rebalance(item, tuple(plan.kind for plan in plans))
            customer = self.main_customer(item)
            documents.write(self.database, item, customer, now=self.clock.now(), without=without)
        reading_rates.record(item, due - without, self.clock.now())
        if not without & TRANSACTION_PRODUCTS:
            item.collected_at = iso(self.clock.now())
        return changes

    def _due(self, item: Item) -> frozenset[str]:
        """Return what this run reads: everything, unless Open Finance reads some of it less often."""
        is_open_finance = connectors.settings(item.connector_id).open_finance
        if is_open_finance and reading_rates.is_on(self.database):
            return reading_rates.due(item, self.clock.now())
        return frozenset(reading_rates.RATES)

    def import_batch(self, item: Item, *, without: frozenset[str] = frozenset()) -> bool:
        """Write one batch of a bulk item; return whether there are more to write before collecting."""
        if item.from_file or not is_bulk(item) or TRANSACTION_PRODUCTS & without:
            return False
        (plan,) = self.plans(item)
        with self.database.write_transaction():
            if not item.last_bulk_number:
                self.rebalance(item, (plan.kind,))  # deleting the item finds its transactions by the account
            return write_batch(self.database, item, self.view(item, plan.kind, self.clock.now()))

    def customer(self, item: Item) -> Customer:
        """Return the customer of the item's bank; every item of this person at this bank has the same."""
        person = item.person or item.client_user_id or item.id
        return customer_at(self.seed, person, connectors.settings(item.connector_id))

    def main_customer(self, item: Item) -> Customer:
        """Return the customer of the first account.

        For a login with several companies it is the first company.
        """
        return next((plan.customer for plan in self.plans(item)), self.customer(item))

    def plans(self, item: Item) -> list[Plan]:
        """Return the accounts of an item in their order."""
        return accounts.plans(self.customer(item), item.variant)

    def view(self, item: Item, kind: str, now: dt.datetime) -> BankView:
        """Return the bank's view of one account of an item."""
        customers = (plan.customer for plan in self.plans(item) if plan.kind == kind)
        customer = next(customers, self.customer(item))
        return BankView(customer.bank, account_id(item, kind), customer.seed, now)

    def rebalance(self, item: Item, collected: tuple[str, ...] = ()) -> None:
        """Recompute the accounts from their transactions: those just collected and those already stored."""
        if item.from_file:
            return
        with self.database.write_transaction():
            for position, plan in enumerate(self.plans(item)):
                stored = ledger.account(self.database, account_id(item, plan.kind))
                if not stored and plan.kind not in collected:
                    continue
                view = self.view(item, plan.kind, self.clock.now())
                start = item.history_start
                opening = stored["opening_cents"] if stored else balances.opening(plan, view, start)
                balance = balances.current(self.database, plan, view, opening)
                data = accounts.account_json(item.id, plan, balance)
                if stored:
                    data["createdAt"] = json.loads(stored["data"])["createdAt"]
                ledger.save_account(
                    self.database, data, kind=plan.kind, position=position, opening_cents=opening
                )

    def _account(
        self, item: Item, plan: Plan, without: frozenset[str], due: frozenset[str]
    ) -> AccountChanges:
        view = self.view(item, plan.kind, self.clock.now())
        if is_bulk(item):
            while write_batch(self.database, item, view):
                pass
            return unannounced_changes(self.database, item, view)
        manual_movements = manual_entries.movements(self.database, view) if plan.account_type == CARD else []
        since = _since(item, [day for day, _ in manual_movements])
        generated = history.build(plan.customer, since, view.today)
        complete = history.with_manual_movements(plan.customer, generated, manual_movements)
        movements = [movement for movement in complete.movements if movement.account == plan.account_type]
        if plan.account_type == CARD:
            movements = _shown_on_card(movements, inverted=view.bank.inverted_card)
            if "BILLS" in due:
                closed = self._closed_bills(item, plan, complete, view.today)
                bills = (accounts.bill_json(view, bill) for bill in closed)
                ledger.save_bills(self.database, view.account_id, bills)
        if "PAYMENT_DATA" in without:
            movements = [replace(movement, counterparty=None) for movement in movements]
        return self._compare(view, movements, since)

    def _compare(self, view: BankView, movements: list[Movement], since: dt.date) -> AccountChanges:
        """Write transactions that are new, have been posted, or continue under another id."""
        # Some movements of a month are dated before it, so look one month further back.
        earlier = f"{first_of_month(since, -1)}T00:00:00.000Z"
        known_statuses = ledger.known_statuses(self.database, view.account_id, since=earlier)
        changes, entries = AccountChanges(view.account_id), []
        for movement in filter(view.shows, movements):
            entry_id, pending_id = view.current_id(movement), view.pending_id(movement)
            status = known_statuses.get(entry_id)
            if status in ("POSTED", "GONE") or (status is None and known_statuses.get(pending_id) == "GONE"):
                continue
            if status == "PENDING" and not view.is_posted(movement):
                continue
            entry = view.entry(movement)
            if status is None:
                changes.created.append(entry.data)
                entries.append(entry)
                if pending_id in known_statuses:
                    self._delete_pending(pending_id)
                    changes.deleted.append(pending_id)
            else:
                changes.updated.append(entry_id)
                entries.append(self._posted(entry))
        category_rules.apply(self.database, changes.created)
        ledger.save_transactions(self.database, entries)
        changes.updated += manual_entries.post_closed(self.database, view)
        return changes

    def _delete_pending(self, pending_id: str) -> None:
        """Delete a pending transaction that was posted under a new id."""
        stored = ledger.transaction(self.database, pending_id)
        if stored:
            ledger.delete_transaction(self.database, stored)

    def _posted(self, entry: LedgerEntry) -> LedgerEntry:
        """Return the stored transaction as posted.

        Changes made in the control panel (text, category) stay.
        """
        stored = ledger.transaction(self.database, entry.data["id"])
        assert stored is not None
        fresh = {name: entry.data[name] for name in ("status", "creditCardMetadata", "updatedAt")}
        return LedgerEntry(stored.data | fresh, stored.cents)

    def _closed_bills(
        self, item: Item, plan: Plan, complete: History, today: dt.date
    ) -> Iterator[ClosedBill]:
        """Return the closed bills whose transactions are all in the history of the item."""
        opened, cycle = dt.date.fromisoformat(item.history_start), plan.customer.bank.cycle
        return (
            bill for bill in complete.bills if cycle.opening(bill.closing) >= opened and bill.closing < today
        )


def account_id(item: Item, kind: str) -> str:
    """Return the id of an item's account."""
    return stable_uuid(item.id, kind)


def _since(item: Item, manual_days: list[dt.date]) -> dt.date:
    """Return the first day whose transactions may have changed.

    Bills before it had closed at the last full run.
    """
    opened = dt.date.fromisoformat(item.history_start)
    if not item.collected_at:
        return opened
    collected = parse(item.collected_at).astimezone(SAO_PAULO).date()
    return max(opened, first_of_month(min([collected, *manual_days]), -1))


def _product(plan: Plan) -> str:
    """Return the product under which the API collects an account."""
    return "CREDIT_CARDS" if plan.account_type == CARD else "ACCOUNTS"


def _shown_on_card(movements: list[Movement], *, inverted: bool) -> list[Movement]:
    """Leave out payments and refunds on the card of Pluggy Bank, which shows only purchases and fees."""
    return [movement for movement in movements if movement.cents < 0] if inverted else movements
