"""Which bills a card has, when each closes and is due, and what its rows come to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, F, Sum

from accounts.models import User
from banking.classify import due_month
from banking.models import Account, Basis, Bill, CategoryTree, Kind, MonthTotal
from banking.periods import Month, Period
from banking.reports.cards.statement import ZERO
from banking.reports.scope import Scope

FROM_CLOSING_TO_DUE = timedelta(days=7)  # where nothing better is known
NOTHING = (ZERO, 0)
Sums = Mapping[Month, tuple[Decimal, int]]


class Draft(NamedTuple):
    """A bill before it is known what was paid."""

    account: Account
    month: Month
    bill: Bill | None
    owed: Decimal
    rows: int
    shares_month: bool = False

    @property
    def due_on(self) -> date | None:
        """By the bank's bill, else by the card's days."""
        if self.bill:
            return self.bill.due_on
        known = self.account.due_on
        if known is None or Month.of(known) == self.month:
            return known
        return self.month.day(known.day)

    @property
    def closes_on(self) -> date | None:
        if self.bill and self.bill.closes_on:
            return self.bill.closes_on
        closes_on, due_on = self.account.closes_on, self.account.due_on
        if closes_on is None or due_on is None:
            return self.due_on and self.due_on - FROM_CLOSING_TO_DUE
        month = self.month if due_on.day > closes_on.day else self.month + -1
        return closes_on if Month.of(closes_on) == month else month.day(closes_on.day)


def drafts(
    user: User, accounts: list[Account], *, today: date, since: Month | None = None
) -> dict[UUID, list[Draft]]:
    """Of each card, in the order in which they are due; the open one is always there."""
    bills: dict[UUID, list[Bill]] = defaultdict(list)
    found = Bill.objects.of(user).filter(account__in=accounts).order_by("due_on", "id")
    for bill in found.filter(due_on__gte=since.first) if since else found:
        bills[bill.account_id].append(bill)
    sums = _sums(user, accounts, since)
    return {one.id: _drafts_of(one, bills[one.id], sums[one.id], today) for one in accounts}


def _sums(
    user: User, accounts: Iterable[Account], since: Month | None
) -> dict[UUID, dict[Month, tuple[Decimal, int]]]:
    months = MonthTotal.objects.of(user).filter(account__in=accounts, basis=Basis.CASH)
    billed = months.filter(currency=F("account__currency")).exclude(kind=Kind.CARD_PAYMENT)
    if since:
        billed = billed.filter(month__gte=since.first)
    found: dict[UUID, dict[Month, tuple[Decimal, int]]] = defaultdict(dict)
    by_month = billed.order_by().values_list("account", "month")
    for account, month, total, rows in by_month.annotate(sum=Sum("total"), n=Sum("rows")):
        found[account][Month.of(month)] = (-total, rows)
    return found


def _drafts_of(account: Account, bills: list[Bill], sums: Sums, today: date) -> list[Draft]:
    by_month: dict[Month, list[Bill]] = defaultdict(list)
    for bill in bills:
        by_month[Month.of(bill.due_on)].append(bill)
    months = sorted({*by_month, *sums, open_month(account, bills, today)})
    return [draft for month in months for draft in _in_month(account, month, by_month[month], sums)]


def _in_month(account: Account, month: Month, bills: list[Bill], sums: Sums) -> list[Draft]:
    """Rows of a month with two bills (its due day moved) belong to each by its id; the rest, to none."""
    marked = _marked(account, month) if len(bills) > 1 else {}
    bills = _distinct(bills, marked)
    if len(bills) < 2:
        return [Draft(account, month, bills[0] if bills else None, *sums.get(month, NOTHING))]
    found = [Draft(account, month, bill, *marked.pop(bill.id, NOTHING), True) for bill in bills]
    if marked:
        owed, rows = sum((one for one, _ in marked.values()), ZERO), sum(n for _, n in marked.values())
        found.append(Draft(account, month, None, owed, rows, True))
    return found


def _marked(account: Account, month: Month) -> dict[UUID | None, tuple[Decimal, int]]:
    """What the rows of a month come to, by the id of the bill that the bank has marked them with."""
    of_month = Scope(
        account.user, Period.of_month(month), account=account, counts="billed",
        currency=account.currency, basis=Basis.CASH,
    )  # fmt: skip
    by_bill = of_month.rows(CategoryTree([])).order_by().values_list("bill_id")
    return {bill_id: (-total, n) for bill_id, total, n in by_bill.annotate(sum=Sum("flow"), n=Count("id"))}


def _distinct(bills: list[Bill], marked: Mapping[UUID | None, object]) -> list[Bill]:
    """Pluggy may list a bill twice; the copy has no rows."""
    known = {(one.due_on, one.total) for one in bills if one.id in marked}
    return [one for one in bills if one.id in marked or (one.due_on, one.total) not in known]


def open_month(account: Account, bills: Iterable[Bill], today: date) -> Month:
    """In which the bill is due that takes today's purchases: by the card's days, behind every closed bill."""
    behind = max((Month.of(one.due_on) + 1 for one in bills), default=Month.of(today))
    if account.closes_on is None or account.due_on is None:
        return behind
    return max(behind, due_month(today, account.closes_on, account.due_on))
