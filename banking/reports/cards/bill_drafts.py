"""Draft the bills of a card: when each closes and is due, and the estimated total from its transactions."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Sum

from accounts.models import User
from banking.ledger.bill_months import due_month
from banking.ledger.models import (
    Account,
    Basis,
    Bill,
    CategoryTree,
    Kind,
    MonthlyTotal,
)
from banking.money.periods import Month, Period
from banking.reports.cards.statements import CENT, ZERO, UnconvertedTotal
from banking.reports.transaction_filter import TransactionFilter

DAYS_FROM_CLOSING_TO_DUE = timedelta(days=7)  # if the bank sends no closing date
EARLY_CLOSING = timedelta(days=5)  # by which a bill may close before the card's usual day
ZERO_DAYS = timedelta(0)
MAX_DAYS_TO_DUE = timedelta(days=20)  # from closing, on a card without known days


class Owed(NamedTuple):
    """The sums of the transactions of a card, money out positive."""

    total: Decimal = ZERO
    transaction_count: int = 0
    unconverted: tuple[UnconvertedTotal, ...] = ()  # in foreign currencies, not in the total


class CurrencySum(NamedTuple):
    """The sum of signed amounts in one currency."""

    currency: str
    total: Decimal
    transaction_count: int


class BillDraft(NamedTuple):
    """A bill without its payments. The fields are the first ones of a Statement."""

    account: Account
    month: Month
    bill: Bill | None
    owed: Decimal
    transaction_count: int
    unconverted: tuple[UnconvertedTotal, ...] = ()
    shares_month: bool = False

    @property
    def total(self) -> Decimal:
        """Return what is to pay by the bank's bill, else the sum of the transactions."""
        return self.bill.total.quantize(CENT) if self.bill else self.owed

    @property
    def is_in_account_currency(self) -> bool:
        return self.bill is None or self.bill.currency == self.account.currency

    @property
    def has_closing_day(self) -> bool:
        """Tell whether the bank says on which day the bill closes."""
        return bool((self.bill and self.bill.closes_on) or (self.account.closes_on and self.account.due_on))

    @property
    def due_on(self) -> date | None:
        """Return the due date of the bank's bill, else the one by the card's due day."""
        if self.bill:
            return self.bill.due_on
        due_on = self.account.bill_due_on
        if due_on is None or Month.of(due_on) == self.month:
            return due_on
        return self.month.day(due_on.day)

    @property
    def closes_on(self) -> date | None:
        if self.bill and self.bill.closes_on:
            return self.bill.closes_on
        closes_on, due_on = self.account.bill_closes_on, self.account.bill_due_on
        if closes_on is None or due_on is None:
            return self.due_on and self.due_on - DAYS_FROM_CLOSING_TO_DUE
        month = self.month if due_on.day > closes_on.day else self.month + -1
        return closes_on if Month.of(closes_on) == month else month.day(closes_on.day)


def draft_bills(
    user: User, accounts: list[Account], *, today: date, since: Month | None = None
) -> dict[UUID, list[BillDraft]]:
    """Return the bills of each card, by account id and in the order of due dates, the open one included."""
    bills: dict[UUID, list[Bill]] = defaultdict(list)
    stored = Bill.objects.of(user).filter(account__in=accounts).order_by("due_on", "id")
    for bill in stored.filter(due_on__gte=since.first) if since else stored:
        bills[bill.account_id].append(bill)
    owed = _owed_by_month(user, accounts, since)
    return {
        account.id: _drafts_of_card(account, bills[account.id], owed[account.id], today)
        for account in accounts
    }


def _owed_by_month(
    user: User, accounts: Collection[Account], since: Month | None
) -> dict[UUID, dict[Month, Owed]]:
    monthly = MonthlyTotal.objects.of(user).filter(account__in=accounts, basis=Basis.CASH)
    billed = monthly.exclude(kind=Kind.CARD_PAYMENT)
    if since:
        billed = billed.filter(month__gte=since.first)
    sums: dict[UUID, dict[Month, list[CurrencySum]]] = defaultdict(lambda: defaultdict(list))
    by_currency = billed.order_by().values_list("account", "month", "currency")
    for account_id, month, *values in by_currency.annotate(sum=Sum("total"), n=Sum("transaction_count")):
        sums[account_id][Month.of(month)].append(CurrencySum(*values))
    return {
        account.id: {month: _owed(account, of_month) for month, of_month in sums[account.id].items()}
        for account in accounts
    }


def _owed(account: Account, sums: Iterable[CurrencySum]) -> Owed:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    counts: dict[str, int] = defaultdict(int)
    for currency, total, count in sums:
        totals[currency] -= total
        counts[currency] += count
    foreign = sorted(totals.keys() - {account.currency})
    unconverted = tuple(UnconvertedTotal(currency, totals[currency]) for currency in foreign)
    return Owed(totals[account.currency], counts[account.currency], unconverted)


def _drafts_of_card(
    account: Account, bills: list[Bill], owed: Mapping[Month, Owed], today: date
) -> list[BillDraft]:
    bills = _closed(account, bills, today)
    by_month: dict[Month, list[Bill]] = defaultdict(list)
    for bill in bills:
        by_month[Month.of(bill.due_on)].append(bill)
    months = sorted({*by_month, *owed, open_month(account, bills, today)})
    return [draft for month in months for draft in _drafts_of_month(account, month, by_month[month], owed)]


def _closed(account: Account, bills: Iterable[Bill], today: date) -> list[Bill]:
    """Return the bills that are closed: some banks also list open and future ones, with what is known so far.

    A bill without a closing day is listed some days before the card's closing day if it closed early; not so at a
    bank that lists bills before they close.
    """
    closings = [(bill, _closing(account, bill)) for bill in bills]
    lists_open_bills = any(closing - EARLY_CLOSING > today for _, closing in closings)
    return [
        bill
        for bill, closing in closings
        if bill.due_on <= today
        or closing - (ZERO_DAYS if bill.closes_on or lists_open_bills else EARLY_CLOSING) <= today
    ]


def _closing(account: Account, bill: Bill) -> date:
    """Return when a bill closes, by the bank or by the days of the card."""
    if bill.closes_on:
        return bill.closes_on
    if account.bill_closes_on and account.bill_due_on:
        closes_on = BillDraft(account, Month.of(bill.due_on), bill, ZERO, 0).closes_on
        return closes_on or bill.due_on
    return bill.due_on - MAX_DAYS_TO_DUE + EARLY_CLOSING


def _drafts_of_month(
    account: Account, month: Month, bills: list[Bill], owed: Mapping[Month, Owed]
) -> list[BillDraft]:
    """Return the bills due in a month: usually one.

    If the due day was moved, a month has two. Then a transaction belongs to the bill whose id it has, and the
    others belong to none of them.
    """
    by_bill = _sums_by_bill(account, month) if len(bills) > 1 else {}
    bills = _without_copies(bills, by_bill)
    if len(bills) < 2:
        return [BillDraft(account, month, bills[0] if bills else None, *owed.get(month, Owed()))]
    drafts = [
        BillDraft(account, month, bill, *_owed(account, by_bill.pop(bill.id, ())), shares_month=True)
        for bill in bills
    ]
    if by_bill:
        rest = _owed(account, chain.from_iterable(by_bill.values()))
        drafts.append(BillDraft(account, month, None, *rest, shares_month=True))
    return drafts


def _sums_by_bill(account: Account, month: Month) -> dict[UUID | None, list[CurrencySum]]:
    """Return the sums of a month's transactions by the id of the bill that the bank assigned."""
    of_month = TransactionFilter(
        account.user, Period.of_month(month), account=account, measure="billed", basis=Basis.CASH
    )
    by_bill: dict[UUID | None, list[CurrencySum]] = defaultdict(list)
    grouped = (
        of_month.transactions(CategoryTree([])).order_by().values_list("bill_id", "signed_amount_currency")
    )
    for bill_id, *values in grouped.annotate(sum=Sum("signed_amount"), n=Count("id")):
        by_bill[bill_id].append(CurrencySum(*values))
    return by_bill


def _without_copies(bills: list[Bill], by_bill: Mapping[UUID | None, object]) -> list[Bill]:
    """Leave out copies: Pluggy may list a bill twice, and then one of them has no transactions."""
    known = {(bill.due_on, bill.total) for bill in bills if bill.id in by_bill}
    return [bill for bill in bills if bill.id in by_bill or (bill.due_on, bill.total) not in known]


def open_month(account: Account, bills: Iterable[Bill], today: date) -> Month:
    """Return the due month of the bill that takes today's purchases; it is after every closed bill."""
    after_closed = max((Month.of(bill.due_on) + 1 for bill in bills), default=Month.of(today))
    closes_on, due_on = account.bill_closes_on, account.bill_due_on
    if closes_on is None or due_on is None:
        return after_closed
    return max(after_closed, due_month(today, closes_on, due_on))
