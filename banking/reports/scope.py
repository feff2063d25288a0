"""Whose rows, of which days, accounts, categories and meaning: the one filter behind every figure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Max, Q, Value
from django.db.models.lookups import Exact

from accounts.models import User
from banking import amounts
from banking.folding import folded
from banking.merchants import merchant_key
from banking.models import (
    SPENDING,
    Account,
    Basis,
    Bill,
    CategoryTree,
    Item,
    Kind,
    MonthTotal,
    Rule,
    Transaction,
    Wording,
)
from banking.models.owned import OwnedQuerySet
from banking.models.transactions import TransactionQuerySet
from banking.periods import Period

# What a figure counts, by the word that stands in its link.
COUNTED: dict[str, tuple[Kind, ...]] = {
    "spending": SPENDING,
    "income": (Kind.INCOME,),
    "left_over": (*SPENDING, Kind.INCOME),
    "billed": tuple(kind for kind in Kind if kind != Kind.CARD_PAYMENT),  # what a card's bill asks for
} | {kind.value: (kind,) for kind in Kind}

# Said as what has to be paid: money out is positive.
OUTGOING = frozenset({"spending", "billed"})


def newest_day(user: User) -> date | None:
    """Of the person's rows; it may lie ahead, as instalments do."""
    newest: date | None = Transaction.objects.of(user).live().aggregate(newest=Max("local_date"))["newest"]
    return newest


class NotFound(LookupError):
    """The scope names something that is not there, or not this person's."""


@dataclass(frozen=True)
class Scope:
    """A filter over one person's rows. All parts but the person and the period may be absent."""

    user: User
    period: Period
    item: Item | None = None
    account: Account | None = None
    category_id: str | None = None
    only: bool = False  # rows directly in the category, without those below it
    counts: str | None = None  # a word of COUNTED
    currency: str | None = None
    pending: bool = False  # only rows that are not final yet
    text: str = ""
    merchant: str | None = None  # a key of banking/merchants.py
    bill: Bill | None = None  # only rows that this closed bill carries
    unbilled: bool = False  # only rows that no closed bill carries yet
    instalments: bool = False  # only parts of purchases in instalments
    rule: Rule | None = None  # only rows that fall under it
    hidden: bool = False  # only rows that the person or a rule of theirs took out of everything
    tag: str | None = None
    least: Decimal | None = None  # of the amount without its sign, inclusive
    most: Decimal | None = None
    basis: Basis = Basis.COMPETENCE  # of what is paid, only whole months are known

    @property
    def report(self) -> "Scope":
        """What a report can be narrowed by: days and places. What its figures mean, they say themselves."""
        return Scope(self.user, self.period, self.item, self.account, basis=self.basis)

    @property
    def is_summed(self) -> bool:
        """Whether MonthTotal can tell its sums by category and kind."""
        narrowed = self.bill or self.unbilled or self.instalments
        return self.period.is_whole_months and not narrowed

    @property
    def is_of_words(self) -> bool:
        """Whether its rows are found by what they say: not by an amount, which any row may have."""
        return bool(self.text) and _amount(self.text) is None

    def months(self) -> Q:
        """The condition on MonthTotal; only for what `is_summed`."""
        return self._places() & Q(basis=self.basis, month__gte=self.period.start, month__lte=self.period.end)

    def rows(self, tree: CategoryTree) -> TransactionQuerySet:
        """The rows behind any figure of this scope."""
        rows = Transaction.objects.of(self.user).live()
        rows = rows.filter(self._places(), self._days(), self._meaning(tree), *self._marks())
        return rows if self.tag is None else rows.tagged(self.tag)

    def sums(self, tree: CategoryTree) -> OwnedQuerySet[MonthTotal] | None:
        """The rollup's groups that come to the same as the rows, if there are such groups."""
        groups = Scope(
            self.user, self.period, self.item, self.account, self.category_id, self.only, self.counts
        )
        if not self.is_summed or self != replace(groups, currency=self.currency, basis=self.basis):
            return None
        sums = MonthTotal.objects.of(self.user).filter(self.months(), self._meaning(tree))
        return sums if self.currency is None else sums.filter(currency=self.currency)

    def _meaning(self, tree: CategoryTree) -> Q:
        """Category and kind, on rows and on MonthTotal alike."""
        meaning = Q() if self.counts is None else Q(kind__in=COUNTED[self.counts])
        if self.category_id is None:
            return meaning
        return meaning & Q(category__in={self.category_id} if self.only else tree.branch(self.category_id))

    def _marks(self) -> Iterator[Q]:
        """What only rows know, not the sums of their months."""
        if self.currency is not None:
            yield Q(flow_currency=self.currency)
        if self.pending:
            yield Q(status="PENDING")
        if self.hidden:
            yield Q(kind_reason__startswith="hidden")
        if self.rule is not None:
            yield Q(rule=self.rule)
        if self.instalments:
            yield Q(total_installments__gt=1)
        if self.merchant is not None:
            yield Q(Exact(merchant_key(), Value(self.merchant)))
        yield self._on_bill()
        yield _at_least(self.least) & _at_most(self.most)
        if self.text:
            yield _about(self.user, self.text)

    def _days(self) -> Q:
        happened = Q(local_date__gte=self.period.start, local_date__lte=self.period.end)
        if self.basis == Basis.COMPETENCE:
            return happened
        # Said so, each half has an index; together they are the rows of the months of payment.
        at_once = Q(month_cash=F("month_competence"))
        paid = Q(month_cash__gte=self.period.start, month_cash__lte=self.period.end)
        return (happened & at_once) | (paid & ~at_once)

    def _on_bill(self) -> Q:
        if self.bill is not None:
            return Q(bill_id=self.bill.id)
        if not self.unbilled:
            return Q()
        return Q(bill_id=None) | ~Q(bill_id__in=Bill.objects.of(self.user).order_by().values("id"))

    def _places(self) -> Q:
        if self.account is not None:
            return Q(account=self.account)
        return Q(account__item=self.item) if self.item is not None else Q()


def _about(user: User, text: str) -> Q:
    """In what people read, whatever the case and the accents; an amount is found in both directions.

    Whatever the history, the texts are few.
    """
    said = Wording.objects.of(user).filter(text__contains=folded(text))
    found, amount = Q(wording__in=said.values("key")), _amount(text)
    return found if amount is None else found | Q(flow__in=(amount, -amount))


def _amount(text: str) -> Decimal | None:
    try:
        return amounts.parse(text.lstrip("+-−"))
    except amounts.BadAmount:
        return None


def _at_least(amount: Decimal | None) -> Q:
    return Q() if amount is None else Q(flow__gte=amount) | Q(flow__lte=-amount)


def _at_most(amount: Decimal | None) -> Q:
    return Q() if amount is None else Q(flow__gte=-amount, flow__lte=amount)


def bill_of(user: User, bill_id: UUID) -> Bill:
    bill = Bill.objects.of(user).filter(id=bill_id, account__item__disconnected_at=None).first()
    if bill is None:
        raise NotFound("bill")
    return bill


def rule_of(user: User, rule_id: str) -> Rule:
    is_number = rule_id.isdecimal() and len(rule_id) < 19
    rule = Rule.objects.of(user).in_force().filter(pk=rule_id).first() if is_number else None
    if rule is None:
        raise NotFound("rule")
    return rule
