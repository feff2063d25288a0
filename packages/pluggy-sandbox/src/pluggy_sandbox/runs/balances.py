"""Compute balances: before an account's first transaction, and now."""

import datetime as dt

from pluggy_sandbox.clock import iso
from pluggy_sandbox.store import ledger
from pluggy_sandbox.store.database import Database
from pluggy_sandbox.world import history
from pluggy_sandbox.world.accounts import AccountBalance, Plan
from pluggy_sandbox.world.bank_view import BankView
from pluggy_sandbox.world.movements import CARD


def opening(plan: Plan, view: BankView, history_start: str) -> int:
    """Return the cents, with the API's sign, before the first transaction that the item shows."""
    if _shows_only_open_bill(plan):
        return 0
    start = dt.date.fromisoformat(history_start)
    return view.sign(plan.account_type, history.opening_cents(plan.customer, start, plan.account_type))


def current(database: Database, plan: Plan, view: BankView, opening: int) -> AccountBalance:
    """Return the balance of an account from its stored transactions."""

    def total(status: str | None) -> int:
        until = iso(view.now)
        return opening + ledger.total_cents(database, view.account_id, until=until, status=status)

    if plan.account_type == CARD:
        cents = total("PENDING" if _shows_only_open_bill(plan) else None)
        return AccountBalance(cents + _charged(database, view.account_id), view.account_id, view.now)
    pockets = history.pockets(plan.customer, view.local_now)
    return AccountBalance(total("POSTED"), view.account_id, view.now, total(None), pockets)


def _charged(database: Database, account_id: str) -> int:
    """Return the finance charges that are in a bill without a transaction, in cents."""
    charges = (charge for bill in ledger.bills(database, account_id) for charge in bill["financeCharges"])
    return sum(round(charge["amount"] * 100) for charge in charges)


def _shows_only_open_bill(plan: Plan) -> bool:
    """Return whether the bank never shows payments, so that the card's balance is the open bill."""
    return plan.account_type == CARD and plan.customer.bank.inverted_card
