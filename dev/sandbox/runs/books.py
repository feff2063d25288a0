"""What an account comes to: the balance before its first row, and what its stored rows add to it."""

import datetime as dt

from dev.sandbox.clock import iso
from dev.sandbox.store import ledger
from dev.sandbox.store.database import Database
from dev.sandbox.world import story
from dev.sandbox.world.accounts import Book, Plan
from dev.sandbox.world.rows import CARD
from dev.sandbox.world.voice import Speaker


def opening(plan: Plan, speaker: Speaker, opened_on: str) -> int:
    """Cents, in the API's sign, before the first row that the item shows."""
    if _shows_open_bill_only(plan):
        return 0
    return speaker.sign(plan.sort, story.opening(plan.life, dt.date.fromisoformat(opened_on), plan.sort))


def book(database: Database, plan: Plan, speaker: Speaker, opening: int) -> Book:
    """What the rows of an account add up to now."""

    def total(only: str | None) -> int:
        until = iso(speaker.now)
        return opening + ledger.total_cents(database, speaker.account_id, until=until, only=only)

    if plan.sort == CARD:
        cents = total("PENDING" if _shows_open_bill_only(plan) else None)
        return Book(cents + _charged(database, speaker.account_id), speaker.account_id, speaker.now)
    pockets = story.pockets(plan.life, speaker.local)
    return Book(total("POSTED"), speaker.account_id, speaker.now, total(None), pockets)


def _charged(database: Database, account_id: str) -> int:
    """Finance charges that are in a bill without a row, in cents."""
    charges = (charge for bill in ledger.bills(database, account_id) for charge in bill["financeCharges"])
    return sum(round(charge["amount"] * 100) for charge in charges)


def _shows_open_bill_only(plan: Plan) -> bool:
    """Such a bank never shows payments: its card's balance is the open bill."""
    return plan.sort == CARD and plan.life.bank.inverted_card
