"""The bills of cards: closed ones as the bank sends them, the open one from its transactions."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from accounts.models import User
from banking.ledger.models import Account, CategoryTree
from banking.money.business_days import payable_until
from banking.money.periods import Month, Period
from banking.reports.cards.bill_drafts import BillDraft, draft_bills, open_month
from banking.reports.cards.payments import ReceivedPayments, payments_by_bill, received_payments
from banking.reports.cards.statements import (
    ZERO,
    BillDetail,
    BillState,
    Card,
    CardPayment,
    Statement,
)
from banking.reports.transaction_filter import NotFound, TransactionFilter

SHOWN_MONTHS = 13  # of closed bills on the page of all cards


def cards_of(filters: TransactionFilter, *, today: date) -> tuple[Card, ...]:
    """Return the cards that the filter selects, with their bills.

    Four queries, and one for each month with two bills.
    """
    accounts = list(_accounts(filters))
    since = Month.of(today) + -SHOWN_MONTHS
    drafts = draft_bills(filters.user, accounts, today=today, since=since)
    payments = received_payments(filters.user, accounts, since=(since + -1).first)
    return tuple(
        _card(account, _statements(drafts[account.id], payments[account.id], today)) for account in accounts
    )


def bills_due(cards: Iterable[Card]) -> list[Statement]:
    """Return the next bills to pay, soonest first."""
    statements = (statement for card in cards for statement in card.due)
    return sorted(statements, key=lambda statement: statement.due_on or date.max)


def bill_detail(user: User, account_id: UUID, name: str, *, today: date) -> BillDetail:
    """Return the bill with this name (see Statement.name). Raises NotFound."""
    account = _accounts(TransactionFilter(user, Period(today, today))).filter(id=account_id).first()
    if account is None:
        raise NotFound("account")
    drafts = draft_bills(user, [account], today=today)[account.id]
    statements = _statements(drafts, received_payments(user, [account])[account.id], today)
    names = [statement.name for statement in statements]
    if name not in names:
        raise NotFound("bill")
    index = names.index(name)
    statement = statements[index]
    unbilled, count = _unbilled(statement) if statement.bill and statement.difference else (ZERO, 0)
    return BillDetail(
        statement,
        previous=statements[index - 1] if index else None,
        next=statements[index + 1] if index + 1 < len(statements) else None,
        unbilled=unbilled,
        unbilled_count=count,
    )


def _accounts(filters: TransactionFilter) -> QuerySet[Account]:
    cards = Account.objects.of(filters.user).shown().filter(type=Account.Type.CREDIT, is_superseded=False)
    if filters.account is not None:
        cards = cards.filter(id=filters.account.id)
    elif filters.item is not None:
        cards = cards.filter(item=filters.item)
    return cards.select_related("item__connector", "user")


def _card(account: Account, statements: list[Statement]) -> Card:
    not_closed = (BillState.OPEN, BillState.FUTURE)
    return Card(
        account,
        open=next(statement for statement in statements if statement.state == BillState.OPEN),
        closed=tuple(statement for statement in reversed(statements) if statement.state not in not_closed),
        coming=tuple(statement for statement in statements if statement.state == BillState.FUTURE),
    )


def _statements(drafts: list[BillDraft], received: ReceivedPayments, today: date) -> list[Statement]:
    bills = [draft.bill for draft in drafts if draft.bill]
    opens = open_month(drafts[0].account, bills, today)
    newest_due_on = max((bill.due_on for bill in bills), default=today)
    payments = payments_by_bill(drafts, received, opens=opens)
    return [
        _statement(draft, of_bill, opens=opens, newest_due_on=newest_due_on, today=today)
        for draft, of_bill in zip(drafts, payments, strict=True)
    ]


def _statement(
    draft: BillDraft,
    payments: tuple[CardPayment, ...],
    *,
    opens: Month,
    newest_due_on: date,
    today: date,
) -> Statement:
    statement = Statement(
        *draft,
        closes_on=draft.closes_on,
        due_on=draft.due_on,
        days_left=(draft.due_on - today).days if draft.due_on else None,
        payments=payments,
        state=BillState.UNLISTED,
    )
    state = _state(statement, opens=opens, newest_due_on=newest_due_on, today=today)
    return replace(statement, state=state)


def _state(statement: Statement, *, opens: Month, newest_due_on: date, today: date) -> BillState:
    if statement.bill is None:
        if statement.month == opens:
            return BillState.OPEN
        return BillState.FUTURE if statement.month > opens else BillState.UNLISTED
    if statement.total <= 0:
        return BillState.NOTHING
    if statement.paid:
        return BillState.PARTLY if statement.unpaid else BillState.PAID
    if today <= payable_until(statement.bill.due_on):
        return BillState.UNPAID
    return BillState.OVERDUE if statement.bill.due_on == newest_due_on else BillState.UNSEEN


def _unbilled(statement: Statement) -> tuple[Decimal, int]:
    unbilled = statement.filters.replace(bill=None, unbilled=True).transactions(CategoryTree([]))
    sums = unbilled.aggregate(sum=Sum("signed_amount"), n=Count("id"))
    return -(sums["sum"] or ZERO), sums["n"]
