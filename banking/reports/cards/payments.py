"""Which payments belong to which bill of a card.

A payment is known twice: as a transaction of the card, and in the list of payments of one of the bank's bills.
Either may be incomplete, so a bill takes whichever has more.

Example: the bill due on November 10 is 192.00. The card received 192.00 on November 10 and 500.00 on November 25.
The bill is paid, and the 500.00 are paid towards the next one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Exists, F, OuterRef

from accounts.models import User
from banking.ledger.models import Account, Bill, Kind, Transaction, TransactionMatch
from banking.money.business_days import business_days_between
from banking.money.periods import Month
from banking.pluggy.values import day
from banking.reports.cards.bill_drafts import BillDraft
from banking.reports.cards.statements import ZERO, CardPayment

CYCLE = timedelta(days=31)
MAX_DAYS = 3  # business days between a payment in a bill and the same payment on the card


@dataclass
class ReceivedPayments:
    """The payments that a card received, in the order of their dates.

    `undone` are those that the card took back, each with the day of that; they are not in `payments`. What a
    card took back without a payment of the same amount is in `payments` as a negative amount.
    """

    payments: list[CardPayment] = field(default_factory=list)
    undone: list[tuple[CardPayment, date]] = field(default_factory=list)

    def add(self, payment: CardPayment) -> None:
        """Add a payment, or take one back. Call it in the order of dates."""
        if payment.amount < 0 and payment.on:
            for earlier in reversed(self.payments):
                if earlier.amount == -payment.amount:
                    self.payments.remove(earlier)
                    self.undone.append((earlier, payment.on))
                    return
        self.payments.append(payment)


def received_payments(
    user: User, accounts: list[Account], *, since: date | None = None
) -> dict[UUID, ReceivedPayments]:
    """Return the payments that each card received; duplicates count once."""
    duplicates = TransactionMatch.objects.filter(
        inflow=OuterRef("pk"), kind=TransactionMatch.Kind.DUPLICATE
    ).exclude(state=TransactionMatch.State.REJECTED)
    payments = (
        Transaction.objects.of(user)
        .live()
        .filter(kind=Kind.CARD_PAYMENT, account__in=accounts, signed_amount_currency=F("account__currency"))
    )
    if since:
        payments = payments.filter(local_date__gte=since)
    received: dict[UUID, ReceivedPayments] = defaultdict(ReceivedPayments)
    # Of two on one day the one that pays comes before the one that takes it back.
    ordered = payments.exclude(Exists(duplicates)).order_by("local_date", "-signed_amount", "id")
    columns = ("account", "local_date", "signed_amount", "id")
    for account_id, on, amount, transaction_id in ordered.values_list(*columns):
        received[account_id].add(CardPayment(on, amount, transaction_id))
    return received


def payments_by_bill(
    drafts: Sequence[BillDraft], received: ReceivedPayments, *, opens: Month
) -> list[tuple[CardPayment, ...]]:
    """Return the payments of each bill; `opens` is the month of the open bill."""
    listed = _listed_payments(drafts, received)
    ends = [*(draft.closes_on for draft in drafts[1:]), None]
    own = [
        _payments_of(draft, end, received, of_bill)
        for draft, end, of_bill in zip(drafts, ends, listed, strict=True)
    ]
    return _carry_excess(drafts, own, opens)


def _payments_of(
    draft: BillDraft, next_closing: date | None, received: ReceivedPayments, listed: list[CardPayment]
) -> list[CardPayment]:
    """Return those that the card received until the next closing, or those listed, whichever are more."""
    start, end = draft.closes_on, next_closing or date.max

    def is_in_cycle(payment: CardPayment) -> bool:
        return bool(payment.on and start and start < payment.on <= end)

    of_cycle = list(filter(is_in_cycle, received.payments))
    for undone, taken_back_on in received.undone:
        if is_in_cycle(undone):
            _remove_undone(listed, undone, taken_back_on)
    listed += [payment for payment in of_cycle if listed and payment.amount < 0]
    return max(of_cycle, listed, key=_sum)


def _remove_undone(listed: list[CardPayment], undone: CardPayment, taken_back_on: date) -> None:
    """Remove the payment that was undone from those that the bank lists, if it still lists it."""
    assert undone.on
    for payment in listed:
        is_same = payment.on is None or (
            payment.on <= taken_back_on and business_days_between(payment.on, undone.on) <= MAX_DAYS
        )
        if payment.amount == undone.amount and is_same:
            listed.remove(payment)
            return


def _sum(payments: Iterable[CardPayment]) -> Decimal:
    return sum((payment.amount for payment in payments), ZERO)


# --- Payments in the bank's bills --------------------------------------------------------------------------


def _listed_payments(drafts: Sequence[BillDraft], received: ReceivedPayments) -> list[list[CardPayment]]:
    """Return the payments that the bank's bills list, for each bill those that pay it.

    Some banks list in a bill what paid it; others what arrived in its cycle, which paid the bill before. A
    payment until the closing cannot have paid what was closed then. Where that does not decide, the bills of the
    card and the payments that it received do. If they do not decide either, the payment is taken for that of the
    bill before: an open debt must not be shown as paid.
    """
    listed = [_payments_in(draft.bill) if draft.bill else [] for draft in drafts]
    is_for_previous = _previous_votes(drafts, listed, received) >= 0
    result: list[list[CardPayment]] = [[] for _ in drafts]
    for index, draft in enumerate(drafts):
        for payment in listed[index]:
            is_early = _is_until_closing(payment, draft)
            target = index - 1 if is_early or (is_early is None and is_for_previous) else index
            if target >= 0 and (payment.on is None or payment not in result[target]):
                result[target].append(payment)
    return result


def _payments_in(bill: Bill) -> list[CardPayment]:
    """Return the payments in the bank's bill, each once.

    Two of the same day and amount are one payment if their ids are the same, and two if the ids differ. Without
    an id, one of the same day, amount and mode as another is listed twice.
    """
    listed = [
        CardPayment(
            day(payment.get("paymentDate")),
            Decimal(payment["amount"]),
            mode=payment.get("paymentMode") or "",
            bank_id=payment.get("id") or "",
        )
        for payment in bill.payments
    ]
    with_id = {(payment.on, payment.amount, payment.mode) for payment in listed if payment.bank_id}
    payments: dict[object, CardPayment] = {}
    for payment in listed:
        details = (payment.on, payment.amount, payment.mode)
        if payment.bank_id:
            payments.setdefault((payment.on, payment.amount, payment.bank_id), payment)
        elif details not in with_id:
            payments.setdefault(details, payment)
    return list(payments.values())


def _is_until_closing(payment: CardPayment, draft: BillDraft) -> bool | None:
    """Tell whether a payment is from before the closing of the bill that lists it; None if a day is unknown."""
    if payment.on is None or draft.closes_on is None or not draft.has_closing_day:
        return None
    return payment.on <= draft.closes_on


def _previous_votes(
    drafts: Sequence[BillDraft], listed: Sequence[list[CardPayment]], received: ReceivedPayments
) -> int:
    """Return by how much more the lists of payments fit the bills before than the bills themselves."""
    votes = 0
    for index, (draft, payments) in enumerate(zip(drafts, listed, strict=True)):
        bill, previous = draft.bill, drafts[index - 1] if index else None
        if bill is None or not payments:
            continue
        paid = _sum(payments)
        votes -= paid == bill.total
        if previous is not None and previous.bill is not None:
            votes += paid in (previous.bill.total, previous.bill.total + _charges(bill))
        next_closing = drafts[index + 1].closes_on if index + 1 < len(drafts) else None
        for payment in payments:
            votes += _vote_of_day(payment, bill, previous)
            votes += _vote_of_received(payment, received, draft.closes_on, next_closing)
    return votes


def _vote_of_day(payment: CardPayment, bill: Bill, previous: BillDraft | None) -> int:
    """Return 1 if a payment is nearer to the due day of the bill before, -1 if nearer to that of its bill."""
    if payment.on is None or previous is None or previous.bill is None:
        return 0
    return 1 if abs(payment.on - previous.bill.due_on) < abs(payment.on - bill.due_on) else -1


def _vote_of_received(
    payment: CardPayment, received: ReceivedPayments, closing: date | None, next_closing: date | None
) -> int:
    """Compare with the transactions of the card: 1 if it received the amount only before the closing, else -1.

    0 if it received it in both cycles, or in none.
    """
    if closing is None:
        return 0
    first = closing - CYCLE
    days = [own.on for own in received.payments if own.on and own.amount == payment.amount]
    is_before = any(first < day <= closing for day in days)
    is_after = any(closing < day <= (next_closing or closing + CYCLE) for day in days)
    return is_before - is_after


def _charges(bill: Bill) -> Decimal:
    return sum((Decimal(charge["amount"]) for charge in bill.finance_charges), ZERO)


# --- What is paid beyond a bill ----------------------------------------------------------------------------


def _carry_excess(
    drafts: Sequence[BillDraft], payments: Sequence[list[CardPayment]], opens: Month
) -> list[tuple[CardPayment, ...]]:
    """Move what is paid beyond a closed bill to the next one.

    Nothing is moved into a bill whose total the bank has reduced by it, or that lists it as finance charges:
    they were paid together with the bill before. Nor from the oldest bill if the bank does not list it: its
    transactions may begin in the middle of it.
    """
    result: list[tuple[CardPayment, ...]] = []
    carried: list[CardPayment] = []
    for index, (draft, own) in enumerate(zip(drafts, payments, strict=True)):
        if draft.shares_month and draft.bill is None:  # what the bank assigned to none of two bills
            result.append(tuple(own))
            continue
        if draft.bill and _sum(carried) in (draft.owed - draft.total, _charges(draft.bill)):
            carried = []
        of_bill, carried = [*carried, *own], []
        if draft.month < opens and (draft.bill or index) and draft.is_in_account_currency:
            of_bill, carried = _cut(of_bill, max(draft.total, ZERO))
        result.append(tuple(of_bill))
    return result


def _cut(payments: list[CardPayment], total: Decimal) -> tuple[list[CardPayment], list[CardPayment]]:
    """Cut the payments into those up to the total and those beyond it; the last ones are beyond it."""
    excess, kept, beyond = _sum(payments) - total, list(payments), []
    while excess > 0 and kept:
        payment = kept.pop()
        part = min(max(payment.amount, ZERO), excess)
        if payment.amount > part:
            kept.append(replace(payment, amount=payment.amount - part))
        if part:
            beyond.append(replace(payment, amount=part))
            excess -= part
        if payment.amount > part:
            break
    return kept, beyond[::-1]
