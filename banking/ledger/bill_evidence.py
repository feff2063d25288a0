"""Learn from a card's own bills on which of them its unassigned transactions are.

Example: the bill that closes on September 28 does not have the purchase of that day; the next bill has it. So a
purchase of a closing day belongs to the next bill on this card. And a closed bill whose transactions already make up
its total has no room for another one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations, pairwise
from typing import NamedTuple
from uuid import UUID

from django.db.models import Max, Min, Q, Sum

from banking.ledger.bill_months import MAX_INSTALLMENTS, REACH
from banking.ledger.derived_fields import recompute
from banking.ledger.installment_numbers import NUMBER_SQL, number_in, plain_title
from banking.ledger.models import Account, Bill, Kind, Transaction
from banking.ledger.models.monthly_totals import MonthlyTotalDelta
from banking.money.periods import Month

DAYS_FROM_CLOSING_TO_DUE = timedelta(days=7)  # if neither the bank nor the card's bills tell
INSTALLMENT_HISTORY = timedelta(days=400)
PROOF_IN_NUMBERS, PROOF_IN_TEXTS = 2, 3  # installments of one day and purchase
MAX_DAYS_TO_DUE = 20
IS_OF_ITS_DAY = Q(installment_number=None) | Q(installment_number__lte=1)  # not a later installment


class BilledTransaction(NamedTuple):
    """A transaction to which the bank has assigned a bill."""

    local_date: date
    bill_id: UUID


class BilledSum(NamedTuple):
    """The sum of the transactions of a bill, money out positive, and the days that they are from."""

    total: Decimal
    first_day: date | None
    last_day: date | None


def update_bill_evidence(
    account: Account, *, roots: Mapping[str, str], today: date
) -> list[MonthlyTotalDelta]:
    """Store what the card's bills show, and recompute the transactions without a bill if it has changed.

    The caller holds the lock of the connection.
    """
    bills = list(account.bills.order_by("due_on", "id"))
    evidence = _evidence(account, bills, today)
    if evidence == account.bill_evidence:
        return []
    account.bill_evidence = evidence
    Account.objects.filter(id=account.id).update(bill_evidence=evidence)
    of_no_bill = Q(bill_id=None) | ~Q(bill_id__in=[bill.id for bill in bills])
    return recompute(account, account.transactions.filter(of_no_bill), roots=roots).deltas


def update_evidence_of_cards(
    user_id: int, *, roots: Mapping[str, str], today: date
) -> list[MonthlyTotalDelta]:
    """Update the evidence of all cards of a user. The caller holds the locks of all of their connections."""
    cards = Account.objects.filter(user_id=user_id, type=Account.Type.CREDIT, item__disconnected_at=None)
    return [
        delta
        for card in cards.select_related("item__connector")
        for delta in update_bill_evidence(card, roots=roots, today=today)
    ]


def _evidence(account: Account, bills: Sequence[Bill], today: date) -> dict[str, object]:
    """Return the evidence as JSON; keys without a value are left out."""
    evidence: dict[str, object] = {"dated_at_purchase": _dated_at_purchase(account, bills, today)}
    if bills:
        sums = _sums(account, bills)
        due_on = account.due_on or bills[-1].due_on
        gap = timedelta(days=days_to_due(bills, sums))
        closes_on = account.closes_on or bills[-1].closes_on or due_on - gap
        evidence |= {
            "closes_on": None if account.closes_on else closes_on.isoformat(),
            "due_on": None if account.due_on else due_on.isoformat(),
            "moved_days": moved_days(bills, _billed_around_closings(account, bills)),
            "full_months": full_months(bills, sums, today=today),
            "closings": {
                str(Month.of(bill.due_on)): (bill.closes_on or bill.due_on).isoformat() for bill in bills
            },
            "assigns_bills": bool(sums),
        }
    return {key: value for key, value in evidence.items() if value}


def days_to_due(bills: Sequence[Bill], sums: Mapping[UUID, BilledSum]) -> int:
    """Return the days from the closing to the due day of a card whose bank sends no closing days.

    The last purchase of a bill is from before its closing, the first of the next bill from after it. Example:
    bills are due on the 10th. Their last purchases are from the 31st to the 2nd, the first ones of the next
    bills from the 4th on: a bill closes on the 2nd or 3rd, so 7 days before it is due.
    """
    spans = [(bill, sums.get(bill.id)) for bill in bills]
    before = [(bill.due_on - span.last_day).days for bill, span in spans if span and span.last_day]
    after = [
        (bill.due_on - span.first_day).days + 1
        for (bill, _), (_, span) in pairwise(spans)
        if span and span.first_day
    ]
    most = max(min(before, default=MAX_DAYS_TO_DUE), 1)
    least = max((days for days in after if 0 < days <= most), default=1)
    return min(max(DAYS_FROM_CLOSING_TO_DUE.days, least), most)


def _billed_around_closings(account: Account, bills: Iterable[Bill]) -> list[BilledTransaction]:
    """Return the transactions near closing days that have a bill.

    Later installments that are dated at the purchase are left out: their day says nothing about their bill.
    """
    days = [
        bill.closes_on + timedelta(days=offset)
        for bill in bills
        if bill.closes_on
        for offset in range(-REACH, REACH + 1)
    ]
    billed = account.transactions.live().from_bank().filter(local_date__in=days, bill_id__isnull=False)
    of_their_day = billed.exclude(kind=Kind.CARD_PAYMENT).exclude(installment_number__gt=1)
    return [
        BilledTransaction(day, bill_id)
        for day, bill_id in of_their_day.values_list("local_date", "bill_id")
        if bill_id
    ]


def _sums(account: Account, bills: Iterable[Bill]) -> dict[UUID, BilledSum]:
    """Return the sum and the days of the transactions of each bill to which the bank has assigned any."""
    billed = account.transactions.live().filter(bill_id__in=[bill.id for bill in bills])
    by_bill = billed.exclude(kind=Kind.CARD_PAYMENT).order_by().values_list("bill_id")
    annotated = by_bill.annotate(
        sum=Sum("signed_amount"),
        first=Min("local_date", filter=IS_OF_ITS_DAY),
        last=Max("local_date", filter=IS_OF_ITS_DAY),
    )
    return {bill_id: BilledSum(-total, first, last) for bill_id, total, first, last in annotated if bill_id}


def _dated_at_purchase(account: Account, bills: Iterable[Bill], today: date) -> dict[str, int]:
    """Return the installments without a bill that are dated at their purchase, by id, with their numbers.

    Some banks date all installments at the purchase, and say so neither by `purchaseDate` nor by a forecast:
    then several numbers of one purchase have the same day.
    """
    in_numbers = Q(total_installments__gt=1, purchased_on=None)
    in_text = Q(description__iregex=NUMBER_SQL) & (Q(total_installments=None) | Q(total_installments__lte=1))
    recent = account.transactions.live().from_bank().filter(local_date__gte=today - INSTALLMENT_HISTORY)
    groups: dict[tuple[object, ...], list[tuple[int, Transaction]]] = defaultdict(list)
    for transaction in recent.filter(in_numbers | in_text, signed_amount__lt=0).order_by("id"):
        is_in_text = (transaction.total_installments or 0) <= 1
        number, count = (
            number_in(transaction.description)
            if is_in_text
            else (transaction.installment_number or 0, transaction.total_installments or 0)
        )
        if 0 < number <= count <= MAX_INSTALLMENTS and count > 1:
            purchase = (transaction.local_date, transaction.signed_amount, plain_title(transaction))
            groups[is_in_text, count, *purchase].append((number, transaction))
    due_months = {bill.id: Month.of(bill.due_on) for bill in bills}
    return {
        str(transaction.id): number
        for (is_in_text, *_), group in groups.items()
        if _are_dated_at_purchase(group, due_months, proof=PROOF_IN_TEXTS if is_in_text else PROOF_IN_NUMBERS)
        for number, transaction in group
        if number > 1 and transaction.bill_id not in due_months
    }


def _are_dated_at_purchase(
    group: Sequence[tuple[int, Transaction]], due_months: Mapping[UUID, Month], *, proof: int
) -> bool:
    """Tell whether transactions of one day, shop and amount are the installments of one purchase.

    They count up from the first one; without it, installments are paid in advance, on one bill. Those that have a
    bill are on bills that are as far apart as their numbers.
    """
    numbers = sorted({number for number, _ in group})
    if len(numbers) < proof or numbers != list(range(1, len(numbers) + 1)):
        return False
    billed = [
        (number, due_months[transaction.bill_id])
        for number, transaction in group
        if transaction.bill_id and transaction.bill_id in due_months
    ]
    return all(
        month + (other - number) == other_month
        for (number, month), (other, other_month) in combinations(billed, 2)
        if number != other
    )


def moved_days(bills: Sequence[Bill], transactions: Iterable[BilledTransaction]) -> list[int]:
    """Return the days, counted from the closing day, that this card puts on the other side than usual.

    Usually the closing day (0) belongs to the bill that closes and the day after (1) to the next one.
    """
    closings = {bill.closes_on: index for index, bill in enumerate(bills) if bill.closes_on}
    indexes = {bill.id: index for index, bill in enumerate(bills)}
    votes: Counter[int] = Counter()
    for transaction in transactions:
        for closing, index in closings.items():
            offset = (transaction.local_date - closing).days
            bills_later = indexes.get(transaction.bill_id, -1) - index
            if abs(offset) <= REACH and bills_later in (0, 1):
                is_usual = bills_later == (1 if offset > 0 else 0)
                votes[offset] += -1 if is_usual else 1
    return sorted(offset for offset, count in votes.items() if count > 0)


def full_months(bills: Iterable[Bill], sums: Mapping[UUID, BilledSum], *, today: date) -> list[str]:
    """Return the due months of closed bills whose transactions make up their totals, as `2026-11`."""
    by_month: dict[str, list[bool]] = {}
    for bill in bills:
        charges = sum((Decimal(charge["amount"]) for charge in bill.finance_charges), Decimal(0))
        is_closed = (bill.closes_on or bill.due_on - DAYS_FROM_CLOSING_TO_DUE) <= today
        is_full = is_closed and bill.id in sums and sums[bill.id].total in (bill.total, bill.total - charges)
        by_month.setdefault(f"{bill.due_on:%Y-%m}", []).append(is_full)
    return sorted(month for month, are_full in by_month.items() if are_full == [True])
