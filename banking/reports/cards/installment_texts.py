"""Installments that only the words of a transaction tell, as in "COMPRA XPTO 2/5".

A single "2/5" may be a date or a size. Three transactions of one amount and one shop, a month apart, whose numbers
count up over the same total, are a purchase in installments.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Q

from banking.ledger.installment_numbers import NUMBER_SQL, number_in, plain_title
from banking.ledger.models import Kind, Transaction
from banking.money.periods import Month

WORD = re.compile(r"[a-z0-9]{2,}")
PROOF = 3  # transactions that are a purchase in installments
_Plan = tuple[UUID, int, str, Month, Decimal]  # account, count, title, month of the first, amount


def may_tell(since: Month) -> Q:
    """Return the condition of refunds, and of transactions with a number such as 2/5 in their text only.

    They are from the months before, too: a purchase is proved by three months. Those that are dated at an older
    purchase are paid since then.
    """
    has_number = Q(description__iregex=NUMBER_SQL, signed_amount__lt=0) & ~Q(total_installments__gt=1)
    first = (since + -(PROOF + 1)).first
    is_paid_later = Q(cash_month__gte=since.first) & ~Q(cash_month=F("accrual_month"))
    is_near = Q(local_date__gte=first) | is_paid_later
    return is_near & Q(parent_transaction=None) & (Q(kind=Kind.REFUND) | has_number)


def plans_in_texts(transactions: Iterable[Transaction]) -> list[Transaction]:
    """Return those that are installments by their texts, with the numbers set on the instances."""
    groups: dict[_Plan, dict[int, Transaction]] = defaultdict(dict)
    for transaction in transactions:
        number, count = number_in(transaction.description)
        is_told = (transaction.total_installments or 0) < 2 and transaction.parent_transaction_id is None
        if is_told and transaction.signed_amount < 0 and 0 < number <= count and count > 1:
            transaction.installment_number, transaction.total_installments = number, count
            title, first = plain_title(transaction), first_month(transaction)
            plan = (transaction.account_id, count, title, first, transaction.signed_amount)
            groups[plan][number] = transaction
    return [
        transaction
        for by_number in groups.values()
        if _are_a_month_apart(by_number)
        for transaction in by_number.values()
    ]


def _are_a_month_apart(by_number: dict[int, Transaction]) -> bool:
    """Tell whether there are enough, each next number about a month after the one before.

    Numbers of one day are a month apart if their bills are (ledger/bill_evidence.py).
    """
    ordered = [by_number[number] for number in sorted(by_number)]
    days = [transaction.local_date for transaction in ordered]
    months = [Month.of(transaction.cash_month) for transaction in ordered]
    numbers = sorted(by_number)
    is_consecutive = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    is_dated_at_purchase = len(set(days)) == 1 and months == [months[0] + step for step in range(len(months))]
    are_apart = is_dated_at_purchase or all(map(_is_a_month, days, days[1:]))
    return len(ordered) >= PROOF and is_consecutive and are_apart


def _is_a_month(earlier: date, later: date) -> bool:
    return 25 <= (later - earlier).days <= 36


def first_month(transaction: Transaction) -> Month:
    """Return the month in which the first installment of the purchase is due."""
    return Month.of(transaction.cash_month) + -((transaction.installment_number or 1) - 1)
