"""Store bills, investments, loans and balance snapshots."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial, reduce
from operator import or_
from typing import Any

import msgspec
from django.db.models import Q, Sum

from banking.connections.models import Item
from banking.ingest import quarantine, records
from banking.ingest.records import RecordSource, check_item
from banking.ingest.validation import amount_or_none, currency_or, is_amount
from banking.ledger.derived_fields import recompute
from banking.ledger.models import (
    Account,
    BalanceSnapshot,
    Bill,
    Investment,
    InvestmentTransaction,
    Loan,
    QuarantinedRecord,
)
from banking.ledger.models.monthly_totals import MonthlyTotalDelta
from banking.ledger.monthly_totals import WriteResult
from banking.money.dates import local_date
from banking.money.documents import bare, ipoc_hash
from banking.pluggy import payloads, product_payloads
from banking.pluggy.values import day, text

MAX_RATES = 10  # interest rates of one loan


def store_bills(
    account: Account, listed: Iterable[payloads.Bill], *, roots: Mapping[str, str], now: datetime
) -> WriteResult:
    """Store the closed bills of a card; those that the bank no longer lists stay.

    The transactions of a bill that is new, or has another due date, move to the month in which it is due.
    """
    source = RecordSource(account.item, QuarantinedRecord.RecordType.BILL, account)
    bills, _ = records.read_list(listed, partial(_bill, account), source, now=now)
    stored_due_dates = dict(account.bills.order_by().values_list("id", "due_on"))
    count = records.store(bills, parent="account")
    moved = [bill for bill in bills if stored_due_dates.get(bill.id) != bill.due_on]
    return WriteResult(count, _recompute_transactions_of(account, moved, roots))


def _recompute_transactions_of(
    account: Account, bills: Sequence[Bill], roots: Mapping[str, str]
) -> list[MonthlyTotalDelta]:
    in_other_month = [Q(bill_id=bill.id) & ~Q(cash_month=bill.due_on.replace(day=1)) for bill in bills]
    if not in_other_month:
        return []
    transactions = account.transactions.filter(reduce(or_, in_other_month))
    return recompute(account, transactions, roots=roots).deltas


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
        currency=currency_or(payload.total_amount_currency_code, account.currency),
        minimum_payment=payload.minimum_payment_amount,
        allows_installments=payload.allows_installments,
        finance_charges=_to_json(
            [charge for charge in payload.finance_charges or [] if is_amount(charge.amount)]
        ),
        payments=_to_json([payment for payment in payload.payments or [] if is_amount(payment.amount)]),
    )


def store_investments(
    item: Item,
    listed: Sequence[product_payloads.Investment],
    *,
    missing_since: datetime | None = None,
    now: datetime,
) -> int:
    """Store the investments of a connection; return how many.

    Those that are not listed count nothing from `missing_since`; without it, the list proves nothing.
    """
    source = RecordSource(item, QuarantinedRecord.RecordType.INVESTMENT)
    valid, unreadable_ids = records.read_list(listed, partial(_investment, item), source, now=now)
    missing = records.mark_missing(
        item.investments.all(), valid, unreadable_ids=unreadable_ids, since=missing_since
    )
    return records.store(valid, parent="item") + missing


def _investment(item: Item, payload: product_payloads.Investment) -> Investment:
    check_item(item, payload.item_id)
    return Investment(
        id=payload.id,
        user_id=item.user_id,
        item=item,
        type=text(payload.type, 30),
        subtype=text(payload.subtype, 30),
        name=text(payload.name or payload.code or payload.subtype or payload.type, 200),
        number=_number(payload.number),
        code=text(payload.code, 40),
        isin=text(payload.isin, 20),
        issuer=text(payload.issuer, 200),
        issuer_cnpj=text(bare(payload.issuer_cnpj), 14),
        institution=text(payload.institution.name if payload.institution else None, 200),
        currency=currency_or(payload.currency_code, "BRL"),
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
        annual_rate=payload.annual_rate,
        last_month_rate=payload.last_month_rate,
        last_year_rate=payload.last_twelve_months_rate,
        is_tax_exempt=payload.tax_exempt,
        withdrawable=payload.amount_withdrawal,
        withdrawable_from=day(payload.grace_period_date),
        priced_on=day(payload.date),
        purchased_on=day(payload.purchase_date),
        due_on=day(payload.due_date),
        status=text(payload.status, 20),
    )


def store_investment_transactions(
    investment: Investment, listed: Iterable[product_payloads.InvestmentTransaction], *, now: datetime
) -> int:
    """Store the listed movements of an investment; return how many were written."""
    item, record_type = investment.item, QuarantinedRecord.RecordType.INVESTMENT_TRANSACTION
    valid, unreadable = records.build_valid(listed, partial(_investment_transaction, investment))
    quarantine.release(item, record_type, [movement.id for movement in valid])
    quarantine.add(item, record_type, unreadable, now=now)
    return records.store(valid, parent="investment")


def _investment_transaction(
    investment: Investment, payload: product_payloads.InvestmentTransaction
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
        expenses=_to_json(
            {
                name: value
                for name, value in (payload.expenses or {}).items()
                if amount_or_none(value) is not None
            }
        ),
        brokerage_note=_number(payload.brokerage_number),
    )


def store_loans(
    item: Item,
    listed: Sequence[product_payloads.Loan],
    *,
    missing_since: datetime | None = None,
    now: datetime,
) -> int:
    """Store the loans of a connection; return how many.

    Those that are not listed count nothing from `missing_since`; without it, the list proves nothing.
    """
    source = RecordSource(item, QuarantinedRecord.RecordType.LOAN)
    valid, unreadable_ids = records.read_list(listed, partial(_loan, item), source, now=now)
    missing = records.mark_missing(
        item.loans.all(), valid, unreadable_ids=unreadable_ids, since=missing_since
    )
    return records.store(valid, parent="item") + missing


def _loan(item: Item, payload: product_payloads.Loan) -> Loan:
    check_item(item, payload.item_id)
    installments = payload.installments or product_payloads.LoanInstallments()
    payments = payload.payments or product_payloads.LoanPayments()
    return Loan(
        id=payload.id,
        user_id=item.user_id,
        item=item,
        name=text(payload.product_name or payload.type or payload.kind, 200),
        kind=text(payload.kind, 40),
        type=text(payload.type, 80),
        currency=currency_or(payload.currency_code, "BRL"),
        contracted=payload.contract_amount,
        outstanding=payments.contract_outstanding_balance,
        contracted_on=day(payload.contract_date),
        due_on=day(payload.due_date),
        first_due_on=day(payload.first_installment_due_date),
        periodicity=text(payload.installment_periodicity, 40),
        total_cost_rate=payload.cet,
        contract_number=text(payload.contract_number, 100),
        ipoc_hash=ipoc_hash(payload.ipoc_code),
        amortization=text(payload.amortization_scheduled, 40),
        interest_rates=[_rate(rate) for rate in (payload.interest_rates or [])[:MAX_RATES]],
        releases=[_release(release) for release in payments.releases or [] if is_amount(release.paid_amount)],
        installments=_to_int(installments.total_number_of_installments),
        installments_paid=_to_int(installments.paid_installments),
        installments_due=_to_int(installments.due_installments),
        installments_past_due=_to_int(installments.past_due_installments),
        portability=payload.portability if isinstance(payload.portability, dict) else None,
    )


def _rate(payload: product_payloads.InterestRate) -> dict[str, str]:
    """Return an interest rate for a JSON column. Rates are fractions, as text."""
    rates = {"fixed": payload.pre_fixed_rate, "overIndex": payload.post_fixed_rate}
    return {
        "type": text(payload.tax_type, 40),
        "period": text(payload.tax_periodicity, 40),
        "index": text(payload.referential_rate_indexer_type, 40),
    } | {name: str(rate) for name, rate in rates.items() if amount_or_none(rate) is not None}


def _release(payload: product_payloads.LoanRelease) -> dict[str, Any]:
    paid_on = day(payload.paid_date)
    return {
        "date": paid_on.isoformat() if paid_on else None,
        "amount": str(payload.paid_amount),
        "isExtra": payload.is_over_parcel_payment is True,
    }


def store_balances(item: Item, *, now: datetime) -> int:
    """Store today's balances of everything in a connection; return how many were written.

    Later syncs of a day overwrite earlier ones, so the snapshot of a day is its last balance.
    """
    today = local_date(now)
    accounts = list(item.accounts.filter(missing_since=None))
    _update_overpaid_cards(item, accounts)
    snapshots = {
        "account": [
            _snapshot(account, account.stated_balance, today, account=account) for account in accounts
        ],
        "investment": [
            _snapshot(investment, investment.current_value, today, investment=investment)
            for investment in item.investments.filter(missing_since=None)
        ],
        "loan": [
            _snapshot(loan, loan.outstanding, today, loan=loan)
            for loan in item.loans.filter(missing_since=None).exclude(outstanding=None)
        ],
    }
    return sum(_store_snapshots(listed, owner=owner, today=today) for owner, listed in snapshots.items())


def _update_overpaid_cards(item: Item, accounts: Iterable[Account]) -> None:
    """Record which cards with a negative balance received more payments than purchases.

    Pluggy's sandbox sends what is owed as a negative balance, so it is no evidence there.
    """
    for card in accounts:
        is_overpaid = False
        if card.is_card and card.balance < 0 and not item.connector.is_sandbox:
            total = card.transactions.live().aggregate(total=Sum("signed_amount"))["total"] or Decimal(0)
            is_overpaid = total >= -card.balance
        if is_overpaid != card.is_overpaid:
            card.is_overpaid = is_overpaid
            card.save(update_fields=["is_overpaid"])


def _snapshot(
    record: Account | Investment | Loan, balance: Decimal, today: date, **owner: Any
) -> BalanceSnapshot:
    return BalanceSnapshot(
        user_id=record.user_id, day=today, currency=record.currency, balance=balance, **owner
    )


def _store_snapshots(snapshots: list[BalanceSnapshot], *, owner: str, today: date) -> int:
    owner_ids = [getattr(snapshot, f"{owner}_id") for snapshot in snapshots]
    stored = BalanceSnapshot.objects.filter(day=today, **{f"{owner}__in": owner_ids})
    balances = dict(stored.values_list(owner, "balance"))
    changed = [
        snapshot
        for snapshot in snapshots
        if balances.get(getattr(snapshot, f"{owner}_id")) != round(snapshot.balance, 8)
    ]
    BalanceSnapshot.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=[owner, "day"],
        update_fields=["balance", "currency"],
    )
    return len(changed)


def _to_json(values: Any) -> Any:
    """Convert payloads for a JSON column; amounts become text, so that they never become floats."""
    return msgspec.to_builtins(values, str_keys=True)


def _number(value: object) -> str:
    """Return a number of a document as text, which banks send as text or as a number; empty for anything else."""
    is_number = isinstance(value, str | int) and not isinstance(value, bool)
    return text(str(value), 60) if is_number else ""


def _to_int(value: Decimal | None) -> int | None:
    """Return a whole number; None for one that no column can hold."""
    return int(value) if value is not None and is_amount(value) else None
