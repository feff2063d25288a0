"""The history of a customer, month by month. A longer history never changes the months of a shorter one."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import lru_cache

from pluggy_sandbox.world import activities, bills, installments, savings
from pluggy_sandbox.world.bills import BillCarryOver
from pluggy_sandbox.world.calendar import first_of_month, months
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.movements import CARD, CHECKING, SAVINGS, ClosedBill, Movement

NO_CARRY_OVER = BillCarryOver()
HISTORY_START = dt.date(2024, 1, 1)  # there are no movements before this day
FIRST_YEAR_END = first_of_month(HISTORY_START, 12)
MONTHS_AHEAD = 2  # later months in which movements may already be known


@dataclass(frozen=True)
class OpeningBalances:
    """The balances of a customer at the beginning of a month, in cents."""

    checking: int = 384210
    savings: int = 1250000
    card: int = 0  # negative: debt
    pockets: tuple[tuple[str, int], ...] = ()
    carry_over: BillCarryOver = NO_CARRY_OVER

    def of(self, account: str) -> int:
        """Return the balance of an account from the user's side."""
        return {CHECKING: self.checking, SAVINGS: self.savings, CARD: self.card}[account]


@dataclass(frozen=True)
class MonthHistory:
    """The movements of one month."""

    movements: tuple[Movement, ...]
    bill: ClosedBill
    next_opening: OpeningBalances


@dataclass
class History:
    """Movements and bills from the first of a month on, with future movements that are already known."""

    movements: list[Movement] = field(default_factory=list)
    bills: list[ClosedBill] = field(default_factory=list)


def build(customer: Customer, since: dt.date, until: dt.date) -> History:
    """Return every month with a day in the range, and what is known of later months.

    `BankView.shows` then decides what is visible at a moment.
    """
    history = History()
    for month in months(max(since, HISTORY_START), until):
        month_data = _month(customer, month, opening_balances(customer, month))
        history.movements += month_data.movements
        history.bills.append(month_data.bill)
    history.movements += _upcoming(customer, until)
    return history


@lru_cache(maxsize=4096)
def opening_balances(customer: Customer, month: dt.date) -> OpeningBalances:
    """Return the balances at the beginning of a month."""
    if month <= HISTORY_START:
        return OpeningBalances()
    before = first_of_month(month, -1)
    if before > FIRST_YEAR_END:
        # A year at a time, to limit the depth of the recursion.
        opening_balances(customer, first_of_month(month, -12))
    return _month(customer, before, opening_balances(customer, before)).next_opening


def with_manual_movements(customer: Customer, history: History, manual: list[tuple[dt.date, int]]) -> History:
    """Return the history with movements (day, user's cents) that were added to the card manually.

    Bills, payments and interest change with them.
    """
    added: dict[dt.date, int] = defaultdict(int)
    for day, cents in manual:
        added[customer.bank.cycle.closing(day)] -= cents
    new_bills = []
    for bill in history.bills:
        new_bills.append(bills.with_more(customer, bill, added[bill.closing]))
        # A larger rest costs more interest on the next bill: replace the old charges by the new ones.
        for old_or_new_bill, sign in ((bill, 1), (new_bills[-1], -1)):
            for movement in bills.payment_movements(customer, old_or_new_bill):
                if movement.account == CARD and not movement.is_card_payment:
                    added[customer.bank.cycle.closing(movement.day)] += sign * movement.cents
    paying = {
        (movement.account, movement.key): movement
        for bill in new_bills
        for movement in bills.payment_movements(customer, bill)
    }
    old_keys = {
        (movement.account, movement.key)
        for bill in history.bills
        for movement in bills.payment_movements(customer, bill)
    }
    kept = [paying.pop((movement.account, movement.key), movement) for movement in history.movements]
    missing = [movement for name, movement in paying.items() if name not in old_keys]
    return History(kept + missing, new_bills)


@lru_cache(maxsize=16)
def _month(customer: Customer, month: dt.date, start: OpeningBalances) -> MonthHistory:
    movements = activities.movements_of(customer, month)
    paying, bill, carry_over = bills.month(customer, month, movements, start.carry_over)
    movements += paying
    if customer.has_activity("savings"):
        movements += savings.interest(month, start.savings)
    before = month.replace(day=savings.DAY)
    checking = start.checking + sum(
        movement.cents for movement in movements if movement.account == CHECKING and movement.day < before
    )
    reserves = dict(start.pockets) | {SAVINGS: start.savings}
    movements += savings.reserve_movements(customer, month, checking, reserves)
    movements.sort(key=lambda movement: movement.at)
    return MonthHistory(tuple(movements), bill, _closing(start, movements, carry_over, bill))


def _closing(
    start: OpeningBalances, movements: list[Movement], carry_over: BillCarryOver, bill: ClosedBill
) -> OpeningBalances:
    moved: dict[str, int] = defaultdict(int)
    pockets = defaultdict(int, start.pockets)
    for movement in movements:
        moved[movement.account] += movement.cents
        if movement.pocket:
            pockets[movement.pocket] -= movement.cents
    return replace(
        start, checking=start.checking + moved[CHECKING], savings=start.savings + moved[SAVINGS],
        card=start.card + moved[CARD] - sum(charge.cents for charge in bill.charges),
        pockets=tuple(sorted(pockets.items())), carry_over=carry_over,
    )  # fmt: skip


def _upcoming(customer: Customer, until: dt.date) -> list[Movement]:
    """Return installments that are not yet due, and payments scheduled for later months."""
    month = first_of_month(until)
    movements: list[Movement] = []
    if customer.has_activity("installments") and customer.bank.installment_style == "all-at-once":
        movements += installments.upcoming(customer, month)
    if customer.has_activity("scheduled-payments"):
        for step in range(1, MONTHS_AHEAD):
            movements += activities.ACTIVITIES["scheduled-payments"](customer, first_of_month(month, step))
    return movements


def opening_cents(customer: Customer, start: dt.date, account: str) -> int:
    """Return the user's cents in an account before a month.

    For a card the charges of the bill then open are included.
    """
    start = max(start, HISTORY_START)
    cents = opening_balances(customer, start).of(account)
    if account != CARD:
        return cents
    bill = _month(customer, start, opening_balances(customer, start)).bill
    return cents - sum(charge.cents for charge in bill.charges)


def pockets(customer: Customer, now: dt.datetime) -> tuple[tuple[str, int], ...]:
    """Return the cents in each caixinha at a local moment."""
    month = first_of_month(max(now.date(), HISTORY_START))
    totals = defaultdict(int, opening_balances(customer, month).pockets)
    for movement in _month(customer, month, opening_balances(customer, month)).movements:
        if movement.pocket and movement.at <= now:
            totals[movement.pocket] -= movement.cents
    return tuple(sorted(totals.items()))
