"""The bills of a person's cards: closed ones as the bank drew them up, the open one from its rows."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum

from accounts.models import User
from banking.models import Account, Bill, CategoryTree, Kind, Link, Transaction
from banking.periods import Month, Period
from banking.reports.cards.drafts import Draft, drafts, open_month
from banking.reports.cards.statement import ZERO, Card, Detail, Payment, State, Statement
from banking.reports.scope import NotFound, Scope
from banking.upsert.values import day

SATURDAY = 5
SHOWN = 13  # months of closed bills on the page of all cards


def cards(scope: Scope, *, today: date) -> tuple[Card, ...]:
    """Of the scope's places. Four queries, whatever the history, and one for each month with two bills."""
    accounts = list(_accounts(scope))
    since = Month.of(today) + -SHOWN
    found = drafts(scope.user, accounts, today=today, since=since)
    payments = _payments(scope.user, accounts, since=(since + -1).first)
    return tuple(_card(one, _statements(found[one.id], payments[one.id], today)) for one in accounts)


def due(found: Iterable[Card]) -> list[Statement]:
    """The bills that have to be paid next, soonest first."""
    return sorted((one for card in found for one in card.due), key=lambda one: one.due_on or date.max)


def detail(user: User, account_id: UUID, name: str, *, today: date) -> Detail:
    """The bill of this name (a month, or the bank's id)."""
    account = _accounts(Scope(user, Period(today, today))).filter(id=account_id).first()
    if account is None:
        raise NotFound("account")
    found = drafts(user, [account], today=today)[account.id]
    blank = _statements(found, [], today)
    place = next((place for place, one in enumerate(blank) if one.name == name), None)
    if place is None:
        raise NotFound("bill")
    since = blank[place].closes_on or blank[place].month.first
    statement = _statements(found, _payments(user, [account], since=since)[account.id], today)[place]
    unbilled, n = _unbilled(statement) if statement.bill and statement.difference else (ZERO, 0)
    return Detail(
        statement,
        previous=blank[place - 1] if place else None,
        next=blank[place + 1] if place + 1 < len(blank) else None,
        unbilled=unbilled,
        unbilled_rows=n,
    )


def _accounts(scope: Scope) -> QuerySet[Account]:
    mine = Account.objects.of(scope.user).shown().filter(type=Account.Type.CREDIT)
    if scope.account is not None:
        mine = mine.filter(id=scope.account.id)
    elif scope.item is not None:
        mine = mine.filter(item=scope.item)
    return mine.select_related("item__connector", "user")


def _card(account: Account, statements: list[Statement]) -> Card:
    return Card(
        account,
        open=next(one for one in statements if one.state == State.OPEN),
        closed=tuple(one for one in reversed(statements) if one.state not in (State.OPEN, State.FUTURE)),
        coming=tuple(one for one in statements if one.state == State.FUTURE),
    )


def _statements(found: list[Draft], payments: list[Payment], today: date) -> list[Statement]:
    opens = open_month(found[0].account, [one.bill for one in found if one.bill], today)
    newest = max((one.bill.due_on for one in found if one.bill), default=today)
    untils = [*(one.closes_on for one in found[1:]), None]
    return [
        _statement(draft, _towards(draft, until, payments), opens=opens, newest=newest, today=today)
        for draft, until in zip(found, untils, strict=True)
    ]


def _statement(
    draft: Draft, payments: tuple[Payment, ...], *, opens: Month, newest: date, today: date
) -> Statement:
    statement = Statement(
        *draft,
        closes_on=draft.closes_on,
        due_on=draft.due_on,
        days_left=(draft.due_on - today).days if draft.due_on else None,
        payments=payments,
        state=State.UNLISTED,
    )
    return replace(statement, state=_state(statement, opens=opens, newest=newest, today=today))


def _state(statement: Statement, *, opens: Month, newest: date, today: date) -> State:
    if statement.bill is None:
        by_place = {True: State.FUTURE, False: State.UNLISTED}
        return State.OPEN if statement.month == opens else by_place[statement.month > opens]
    if statement.total <= 0:
        return State.NOTHING
    if statement.paid:
        return State.PARTLY if statement.rest else State.PAID
    if today <= _last_day(statement.bill.due_on):
        return State.UNPAID
    return State.OVERDUE if statement.bill.due_on == newest else State.UNSEEN


def _last_day(due_on: date) -> date:
    """What is due at a weekend may be paid on Monday."""
    return due_on + timedelta(days=7 - due_on.weekday() if due_on.weekday() >= SATURDAY else 0)


# --- What was paid -----------------------------------------------------------------------------------


def _payments(user: User, accounts: list[Account], *, since: date) -> dict[UUID, list[Payment]]:
    """The payments that the cards have received; a doubled one counts once."""
    doubled = Link.objects.filter(into=OuterRef("pk"), kind=Link.Kind.DUPLICATE)
    rows = Transaction.objects.of(user).live().filter(kind=Kind.CARD_PAYMENT, flow__gt=0)
    mine = rows.filter(account__in=accounts, local_date__gte=since).order_by("local_date", "id")
    found: dict[UUID, list[Payment]] = defaultdict(list)
    once = mine.exclude(Exists(doubled.exclude(state=Link.State.REJECTED)))
    for account, on, flow, row_id in once.values_list("account", "local_date", "flow", "id"):
        found[account].append(Payment(on, flow, row_id))
    return found


def _towards(draft: Draft, until: date | None, payments: list[Payment]) -> tuple[Payment, ...]:
    """What the bank says was paid, or what the card received until the next closing: whichever is more.

    They tell of the same money, and either may know less than the other.
    """
    start = draft.closes_on
    received = [one for one in payments if one.on and start and start < one.on <= (until or date.max)]
    told = _told(draft.bill) if draft.bill else []
    return tuple(max(received, told, key=lambda some: sum(one.amount for one in some)))


def _told(bill: Bill) -> list[Payment]:
    """By the bank's bill. The same day, amount and way twice is one payment that is listed twice."""
    found = (
        Payment(day(one.get("paymentDate")), Decimal(one["amount"]), mode=one.get("paymentMode") or "")
        for one in bill.payments
    )
    return list(dict.fromkeys(found))


def _unbilled(statement: Statement) -> tuple[Decimal, int]:
    rows = replace(statement.scope, bill=None, unbilled=True).rows(CategoryTree([]))
    known = rows.aggregate(sum=Sum("flow"), n=Count("id"))
    return -(known["sum"] or ZERO), known["n"]
