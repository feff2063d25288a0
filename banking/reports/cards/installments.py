"""Purchases in installments: on which bill each installment is, and what is still to come.

Example: of a purchase "LOJA 3/10" of 50.00 per month, the bank has sent installments 1 to 3; the third is on the
open bill. Installments 4 to 10 are expected on the next seven bills. Expected installments are shown as such, and are
in no sum of transactions.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Q

from accounts.models import User
from banking.ledger.installment_numbers import NUMBER, plain_title
from banking.ledger.models import (
    Account,
    Basis,
    Kind,
    Transaction,
    TransactionMatch,
)
from banking.money.periods import Month, Period
from banking.money.text import folded
from banking.reports.cards.installment_texts import (
    WORD,
    first_month,
    may_tell,
    plans_in_texts,
)
from banking.reports.cards.statements import CENT, ZERO, Card, Statement
from banking.reports.transaction_filter import TransactionFilter

MAX_COUNT = 120  # installments of a purchase; a larger number is an error of the bank


class Installment(NamedTuple):
    number: int
    month: Month  # in which it is due
    amount: Decimal  # money out positive
    transaction_id: UUID | None  # None: the bank has not sent it yet

    @property
    def is_expected(self) -> bool:
        return self.transaction_id is None


@dataclass(frozen=True)
class InstallmentPurchase:
    """A purchase with its installments since the last closed bill."""

    account: Account
    title: str
    category_id: str
    count: int  # of all its installments
    installments: tuple[Installment, ...]
    open_month: Month  # of the card's open bill

    @property
    def coming(self) -> tuple[Installment, ...]:
        """Return the installments on the open bill and later ones."""
        return tuple(part for part in self.installments if part.month >= self.open_month)

    @property
    def current(self) -> Installment:
        """Return the installment on the open bill, else the last one before it."""
        return self.coming[0] if self.coming else self.installments[-1]

    @property
    def last_month(self) -> Month:
        return self.installments[-1].month

    @property
    def done_count(self) -> int:
        """Return how many installments are on closed bills."""
        return self.coming[0].number - 1 if self.coming else self.count

    @property
    def done_share(self) -> Decimal:
        """Return how many installments are on closed bills, in percent."""
        return Decimal(self.done_count * 100) / self.count

    @property
    def remaining(self) -> Decimal:
        return sum((part.amount for part in self.coming), ZERO)

    @property
    def expected(self) -> Decimal:
        """Return the sum of the installments that the bank has not sent yet."""
        return sum((part.amount for part in self.installments if part.is_expected), ZERO)

    @property
    def has_expected(self) -> bool:
        return any(part.is_expected for part in self.installments)


class _Sent(NamedTuple):
    """An installment that the bank has sent. `amount` is that of the transaction with its splits."""

    transaction: Transaction
    number: int
    amount: Decimal


_Key = tuple[UUID, int, str, Month]  # account, count, title, month of the first installment


@dataclass(frozen=True)
class MonthlyInstallments:
    """The installments on one bill of one card."""

    account: Account
    month: Month
    known: Decimal  # sum of transactions, money out positive
    expected: Decimal  # the bank has not sent them yet

    @property
    def total(self) -> Decimal:
        return self.known + self.expected

    @property
    def filters(self) -> TransactionFilter:
        """Return the filter of the known transactions."""
        return TransactionFilter(
            self.account.user,
            Period.of_month(self.month),
            account=self.account,
            measure="billed",
            currency=self.account.currency,
            installments=True,
            basis=Basis.CASH,
        )


@dataclass(frozen=True)
class InstallmentReport:
    """The amounts that are committed already, by purchase and by month."""

    purchases: tuple[InstallmentPurchase, ...]  # with the most installments to come first
    months: tuple[MonthlyInstallments, ...]  # soonest first

    @property
    def has_several_cards(self) -> bool:
        return len({month.account.id for month in self.months}) > 1

    @property
    def totals(self) -> dict[str, Decimal]:
        """Return the totals by currency."""
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for month in self.months:
            totals[month.account.currency] += month.total
        return dict(totals)


def installment_report(user: User, cards: Iterable[Card]) -> InstallmentReport:
    """Return the installments of these cards. Two queries."""
    open_bills = {card.account.id: card.open for card in cards}
    if not open_bills:
        return InstallmentReport((), ())
    since = min(statement.month for statement in open_bills.values()) + -1
    listed, refunded = _transactions(user, open_bills, since), _refunded(user, open_bills)
    transactions = [
        transaction
        for transaction in listed
        if (transaction.total_installments or 0) > 1 and Month.of(transaction.cash_month) >= since
    ]
    refunds = [transaction for transaction in listed if transaction.kind == Kind.REFUND]
    told_by_text = [part for part in plans_in_texts(listed) if Month.of(part.cash_month) >= since]
    purchases = [
        purchase
        for key, sent in _group_by_purchase([*transactions, *told_by_text]).items()
        for purchase in _purchases(sent, open_bills[key[0]].month, refunded[key])
    ]
    purchases = _without_cancelled(purchases, refunds)
    return InstallmentReport(
        tuple(sorted(purchases, key=lambda purchase: (purchase.done_count - purchase.count, purchase.title))),
        tuple(_by_month(transactions, purchases, open_bills)),
    )


def _transactions(user: User, open_bills: Mapping[UUID, Statement], since: Month) -> list[Transaction]:
    """Return the installments since the last closed bill, and what may tell of installments (see may_tell).

    Older installments say nothing about those to come. One query, because the conditions have an index each.
    """
    is_installment = Q(total_installments__gt=1, cash_month__gte=since.first)
    installments = (
        Transaction.objects.of(user)
        .live()
        .filter(is_installment | may_tell(since), account__in=open_bills)
        .filter(signed_amount_currency=F("account__currency"))
    )
    transactions = list(installments.exclude(kind=Kind.CARD_PAYMENT).order_by("id"))
    for transaction in transactions:
        transaction.account = open_bills[transaction.account_id].account
    return transactions


def _refunded(user: User, open_bills: Mapping[UUID, Statement]) -> dict[_Key, Decimal]:
    """Return what was refunded of each purchase."""
    matches = (
        TransactionMatch.objects.of(user)
        .active()
        .filter(
            kind=TransactionMatch.Kind.REFUND,
            outflow__total_installments__gt=1,
            outflow__account__in=open_bills,
            inflow__deleted_at=None,
            inflow__signed_amount_currency=F("inflow__account__currency"),
        )
    )
    refunded: dict[_Key, Decimal] = defaultdict(Decimal)
    for match in matches.select_related("outflow", "inflow"):
        refunded[_purchase_key(match.outflow)] += match.inflow.signed_amount
    return refunded


# --- From transactions to purchases ------------------------------------------------------------------------


def _purchase_key(transaction: Transaction) -> _Key:
    """Return a key that is equal for all installments of a purchase.

    Number 3, due in May, belongs to a purchase whose first installment was due in March, as does number 4,
    due in June.
    """
    count, title = transaction.total_installments or 0, plain_title(transaction)
    return transaction.account_id, count, title, first_month(transaction)


def _group_by_purchase(transactions: list[Transaction]) -> dict[_Key, list[_Sent]]:
    """Group the installments by purchase; splits are added to their parents again."""
    amounts: dict[UUID, Decimal] = defaultdict(Decimal)
    for transaction in transactions:
        amounts[transaction.parent_transaction_id or transaction.id] -= transaction.signed_amount
    groups: dict[_Key, list[_Sent]] = defaultdict(list)
    for transaction in transactions:
        number, count = transaction.installment_number or 0, transaction.total_installments or 0
        if transaction.parent_transaction_id is None and 0 < number <= count <= MAX_COUNT:
            sent = _Sent(transaction, number, amounts[transaction.id])
            groups[_purchase_key(transaction)].append(sent)
    return groups


def _purchases(group: list[_Sent], open_month: Month, refunded: Decimal) -> list[InstallmentPurchase]:
    """Return the purchases of a group that have installments to come: usually one.

    If a number occurs twice, there are two purchases that look the same; each takes one installment of each
    number.
    """
    bought = [sent for sent in group if sent.amount > 0]
    refunded -= sum(sent.amount for sent in group if sent.amount < 0)
    by_number: dict[int, list[_Sent]] = defaultdict(list)
    for sent in sorted(bought, key=lambda sent: (sent.transaction.purchased_on or date.min, sent.amount)):
        by_number[sent.number].append(sent)
    purchase_count = max(map(len, by_number.values()), default=0)
    purchases = [
        _purchase(
            [of_number[index] for of_number in by_number.values() if index < len(of_number)],
            open_month,
            refunded if purchase_count == 1 else ZERO,
        )
        for index in range(purchase_count)
    ]
    return [purchase for purchase in purchases if purchase.coming]


def _purchase(group: list[_Sent], open_month: Month, refunded: Decimal) -> InstallmentPurchase:
    ordered = sorted(group, key=lambda sent: sent.number)
    last = ordered[-1].transaction
    count = last.total_installments or 0
    known = [
        Installment(sent.number, Month.of(sent.transaction.cash_month), sent.amount, sent.transaction.id)
        for sent in ordered
    ]
    expected = _expected(known[-1], count, open_month)
    if refunded and refunded >= sum(part.amount for part in expected):
        expected = []  # the refund covers everything to come: the bank will send no more
    return InstallmentPurchase(
        last.account,
        NUMBER.sub(" ", last.title).strip(),
        last.category_id,
        count,
        (*known, *expected),
        open_month,
    )


def _expected(last: Installment, count: int, open_month: Month) -> list[Installment]:
    """Return the installments after the last one sent; none if it missed a bill, as the purchase then ended."""
    if last.month < open_month + -1:
        return []
    remaining = range(1, count - last.number + 1)
    return [Installment(last.number + step, last.month + step, last.amount, None) for step in remaining]


def _without_cancelled(
    purchases: list[InstallmentPurchase], refunds: list[Transaction]
) -> list[InstallmentPurchase]:
    """End the purchases of which a credit gave back all that remained; each credit ends one of them.

    Example: after installments 1 and 2 of 6 of 50.00 each at MOVEIS SUL, a credit "ESTORNO MOVEIS SUL" of 200.00 ends
    the purchase.
    """
    unused = list(refunds)
    result = []
    for purchase in purchases:
        credit = next((credit for credit in unused if _cancels(credit, purchase)), None)
        if credit:
            unused.remove(credit)
            known = tuple(part for part in purchase.installments if not part.is_expected)
            purchase = replace(purchase, installments=known)
        if purchase.coming:
            result.append(purchase)
    return result


def _cancels(credit: Transaction, purchase: InstallmentPurchase) -> bool:
    """Tell whether the credit is of the shop, and equals the purchase or all installments from some number on."""
    if credit.account_id != purchase.account.id or not purchase.has_expected:
        return False
    shop = set(WORD.findall(folded(purchase.title)))
    if not shop or not shop <= set(WORD.findall(folded(credit.title))):
        return False
    amount, remaining = purchase.installments[-1].amount, purchase.expected
    earlier = purchase.count - sum(part.is_expected for part in purchase.installments)
    sums = (remaining + amount * more for more in range(earlier + 1))
    rounding = CENT * purchase.count  # the parts of 100.00 are 33.34, 33.33 and 33.33
    return any(abs(credit.signed_amount - total) < rounding for total in sums)


def _by_month(
    transactions: list[Transaction],
    purchases: list[InstallmentPurchase],
    open_bills: Mapping[UUID, Statement],
) -> Iterable[MonthlyInstallments]:
    known: dict[tuple[Month, UUID], Decimal] = defaultdict(Decimal)
    expected: dict[tuple[Month, UUID], Decimal] = defaultdict(Decimal)
    for transaction in transactions:
        known[Month.of(transaction.cash_month), transaction.account_id] -= transaction.signed_amount
    for purchase in purchases:
        for part in purchase.coming:
            if part.is_expected:
                expected[part.month, purchase.account.id] += part.amount
    for month, account_id in sorted({*known, *expected}):
        if month >= open_bills[account_id].month:
            key = (month, account_id)
            account = open_bills[account_id].account
            yield MonthlyInstallments(account, month, known[key], expected[key])
