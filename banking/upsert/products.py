"""Bills, investments, loans and balances: from Pluggy's payloads to rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial, reduce
from operator import or_
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Q

from banking.classify import local_date
from banking.models import Account, Item, UnreadableRow
from banking.models.products import BalanceOnDay, Bill, Investment, InvestmentTransaction, Loan
from banking.models.rollups import Delta
from banking.pluggy import payloads
from banking.upsert import records, unreadable
from banking.upsert.changes import Changes
from banking.upsert.conclusions import conclude
from banking.upsert.records import Place
from banking.upsert.values import day, text


def bills(
    account: Account, listed: Iterable[payloads.Bill], *, roots: Mapping[str, str], now: datetime
) -> Changes:
    """Closed bills stay when the bank lists them no longer: they are history.

    Rows of a bill that is new, or due on another day, are paid in the month in which it is due.
    """
    place = Place(account.item, UnreadableRow.What.BILL, account)
    rows, _ = records.sound(listed, partial(_bill, account), place=place, now=now)
    due = dict(account.bills.order_by().values_list("id", "due_on"))
    written = records.store(rows, parent="account")
    moved = [row for row in rows if due.get(row.id) != row.due_on]
    return Changes(written, _follow(account, moved, roots))


def _follow(account: Account, moved: Sequence[Bill], roots: Mapping[str, str]) -> list[Delta]:
    elsewhere = [Q(bill_id=bill.id) & ~Q(month_cash=bill.due_on.replace(day=1)) for bill in moved]
    if not elsewhere:
        return []
    return conclude(account, account.transactions.filter(reduce(or_, elsewhere)), roots=roots).deltas


def _bill(account: Account, payload: payloads.Bill) -> Bill:
    due_on = day(payload.due_date)
    if due_on is None:
        raise ValueError("dueDate: not a day")
    return Bill(
        id=payload.id,
        user_id=account.user_id,
        account=account,
        due_on=due_on,
        closes_on=day(payload.bill_closing_date),
        total=payload.total_amount,
        currency=payload.total_amount_currency_code,
        minimum_payment=payload.minimum_payment_amount,
        allows_instalments=payload.allows_installments,
        finance_charges=_plain(payload.finance_charges or []),
        payments=_plain(payload.payments or []),
    )


def investments(item: Item, listed: Sequence[payloads.Investment], *, now: datetime) -> int:
    place = Place(item, UnreadableRow.What.INVESTMENT)
    rows, aside = records.sound(listed, partial(_investment, item), place=place, now=now)
    missing = records.mark_missing(item.investments.all(), rows, aside=aside, now=now)
    return records.store(rows, parent="item") + missing


def _investment(item: Item, payload: payloads.Investment) -> Investment:
    _refuse_stranger(item, payload.item_id)
    return Investment(
        id=payload.id,
        user_id=item.user_id,
        item=item,
        type=text(payload.type, 30),
        subtype=text(payload.subtype, 30),
        name=text(payload.name, 200),
        code=text(payload.code, 40),
        isin=text(payload.isin, 20),
        issuer=text(payload.issuer, 200),
        currency=payload.currency_code,
        balance=payload.balance,
        gross=payload.amount,
        invested=payload.amount_original,
        profit=payload.amount_profit,
        income_tax=payload.taxes,
        iof=payload.taxes2,
        unit_value=payload.value,
        quantity=payload.quantity,
        rate=payload.rate,
        rate_type=text(payload.rate_type, 30),
        fixed_annual_rate=payload.fixed_annual_rate,
        priced_on=day(payload.date),
        purchased_on=day(payload.purchase_date),
        due_on=day(payload.due_date),
        status=text(payload.status, 20),
    )


def _refuse_stranger(item: Item, item_id: UUID | None) -> None:
    if item_id not in (None, item.id):
        raise ValueError("itemId: it says that it belongs to another connection")


def investment_transactions(
    investment: Investment, listed: Iterable[payloads.InvestmentTransaction], *, now: datetime
) -> int:
    item, what = investment.item, UnreadableRow.What.INVESTMENT_TRANSACTION
    rows, refused = records.judged(listed, partial(_investment_transaction, investment))
    unreadable.forget(item, what, [row.id for row in rows])
    unreadable.remember(item, what, refused, now=now)
    return records.store(rows, parent="investment")


def _investment_transaction(
    investment: Investment, payload: payloads.InvestmentTransaction
) -> InvestmentTransaction:
    on = day(payload.date)
    if on is None:
        raise ValueError("date: not a day")
    return InvestmentTransaction(
        id=payload.id,
        user_id=investment.user_id,
        investment=investment,
        type=text(payload.type, 20),
        movement=text(payload.movement_type, 10),
        description=text(payload.description, 500),
        local_date=on,
        traded_on=day(payload.trade_date),
        amount=payload.amount,
        net_amount=payload.net_amount,
        unit_value=payload.value,
        quantity=payload.quantity,
        expenses=_plain(payload.expenses or {}),
    )


def loans(item: Item, listed: Sequence[payloads.Loan], *, now: datetime) -> int:
    place = Place(item, UnreadableRow.What.LOAN)
    rows, aside = records.sound(listed, partial(_loan, item), place=place, now=now)
    missing = records.mark_missing(item.loans.all(), rows, aside=aside, now=now)
    return records.store(rows, parent="item") + missing


def _loan(item: Item, payload: payloads.Loan) -> Loan:
    _refuse_stranger(item, payload.item_id)
    parts = payload.installments or payloads.LoanInstallments()
    paid = payload.payments or payloads.LoanPayments()
    return Loan(
        id=payload.id,
        user_id=item.user_id,
        item=item,
        name=text(payload.product_name, 200),
        kind=text(payload.kind, 40),
        type=text(payload.type, 80),
        currency=payload.currency_code,
        contracted=payload.contract_amount,
        outstanding=paid.contract_outstanding_balance,
        contracted_on=day(payload.contract_date),
        due_on=day(payload.due_date),
        first_due_on=day(payload.first_installment_due_date),
        periodicity=text(payload.installment_periodicity, 40),
        total_cost_rate=payload.cet,
        instalments=_whole(parts.total_number_of_installments),
        instalments_paid=_whole(parts.paid_installments),
        instalments_due=_whole(parts.due_installments),
        instalments_past_due=_whole(parts.past_due_installments),
    )


def balances(item: Item, *, now: datetime) -> int:
    """What everything of the item comes to today; the last reading of a day is what the day came to."""
    today = local_date(now)
    of_accounts = [
        _on_day(one.user_id, today, one.currency, one.balance, account=one)
        for one in item.accounts.filter(missing_since=None)
    ]
    of_investments = [
        _on_day(one.user_id, today, one.currency, one.standing, investment=one)
        for one in item.investments.filter(missing_since=None)
    ]
    of_loans = [
        _on_day(one.user_id, today, one.currency, one.outstanding, loan=one)
        for one in item.loans.filter(missing_since=None).exclude(outstanding=None)
    ]
    found = {"account": of_accounts, "investment": of_investments, "loan": of_loans}
    return sum(_store_days(rows, of=of, today=today) for of, rows in found.items())


def _store_days(rows: list[BalanceOnDay], *, of: str, today: date) -> int:
    owners = [getattr(row, f"{of}_id") for row in rows]
    stored = BalanceOnDay.objects.filter(day=today, **{f"{of}__in": owners})
    known = dict(stored.values_list(of, "balance"))
    changed = [row for row in rows if known.get(getattr(row, f"{of}_id")) != round(row.balance, 8)]
    BalanceOnDay.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=[of, "day"], update_fields=["balance", "currency"]
    )
    return len(changed)


def _on_day(user_id: int, today: date, currency: str, balance: Decimal, **of: Any) -> BalanceOnDay:
    return BalanceOnDay(user_id=user_id, day=today, currency=currency, balance=balance, **of)


def _plain(values: Any) -> Any:
    """For a JSON column: amounts as text, so that no float comes near them."""
    return msgspec.to_builtins(values, str_keys=True)


def _whole(value: Decimal | None) -> int | None:
    return None if value is None else int(value)
