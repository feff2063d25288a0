"""Whose rows, of which days, accounts, categories and meaning: the one filter behind every figure."""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import F, Q, Value
from django.db.models.lookups import Contains

from accounts.models import User
from banking import amounts
from banking.folding import folded, folded_column
from banking.models import SPENDING, Account, Basis, CategoryTree, Item, Kind, MonthTotal, Rule, Transaction
from banking.models.owned import OwnedQuerySet
from banking.models.transactions import TransactionQuerySet
from banking.periods import Period

# What a figure counts, by the word that stands in its link.
COUNTED: dict[str, tuple[Kind, ...]] = {
    "spending": SPENDING,
    "income": (Kind.INCOME,),
    "left_over": (*SPENDING, Kind.INCOME),
} | {kind.value: (kind,) for kind in Kind}


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
    tag: str | None = None
    least: Decimal | None = None  # of the amount without its sign, inclusive
    most: Decimal | None = None
    rule: Rule | None = None
    hidden: bool = False  # only rows that the person or a rule of theirs took out of everything
    basis: Basis = Basis.COMPETENCE  # of what is paid, only whole months are known

    @property
    def report(self) -> "Scope":
        """What a report can be narrowed by: days and places. What its figures mean, they say themselves."""
        return Scope(self.user, self.period, self.item, self.account, basis=self.basis)

    def months(self) -> Q:
        """The condition on MonthTotal; only for whole months."""
        return self._places() & Q(basis=self.basis, month__gte=self.period.start, month__lte=self.period.end)

    def rows(self, tree: CategoryTree) -> TransactionQuerySet:
        """The rows behind any figure of this scope."""
        rows = Transaction.objects.of(self.user).live().filter(self._places(), self._days())
        rows = rows.filter(self._meaning(tree))
        if self.currency is not None:
            rows = rows.filter(flow_currency=self.currency)
        if self.pending:
            rows = rows.filter(status="PENDING")
        if self.tag is not None:
            rows = rows.tagged(self.tag)
        if self.rule is not None:
            rows = rows.filter(rule=self.rule)
        if self.hidden:
            rows = rows.filter(kind_reason__startswith="hidden")
        rows = rows.filter(_at_least(self.least), _at_most(self.most))
        return rows.filter(_about(self.text)) if self.text else rows

    def _days(self) -> Q:
        happened = Q(local_date__gte=self.period.start, local_date__lte=self.period.end)
        if self.basis == Basis.COMPETENCE:
            return happened
        # Said so, each half has an index; together they are the rows of the months of payment.
        at_once = Q(month_cash=F("month_competence"))
        paid = Q(month_cash__gte=self.period.start, month_cash__lte=self.period.end)
        return (happened & at_once) | (paid & ~at_once)

    def sums(self, tree: CategoryTree) -> OwnedQuerySet[MonthTotal] | None:
        """The rollup's groups that come to the same as the rows, if there are such groups."""
        groups = Scope(
            self.user, self.period, self.item, self.account, self.category_id, self.only, self.counts
        )
        if not self.period.is_whole_months or self != replace(
            groups, currency=self.currency, basis=self.basis
        ):
            return None
        sums = MonthTotal.objects.of(self.user).filter(self.months(), self._meaning(tree))
        return sums if self.currency is None else sums.filter(currency=self.currency)

    def _meaning(self, tree: CategoryTree) -> Q:
        """Category and kind, on rows and on MonthTotal alike."""
        meaning = Q() if self.counts is None else Q(kind__in=COUNTED[self.counts])
        if self.category_id is None:
            return meaning
        return meaning & Q(category__in={self.category_id} if self.only else tree.branch(self.category_id))

    def _places(self) -> Q:
        if self.account is not None:
            return Q(account=self.account)
        return Q(account__item=self.item) if self.item is not None else Q()


SEARCHED = ("description", "merchant_name", "counterparty", "note")


def _about(text: str) -> Q:
    """In what people read, whatever the case and the accents; an amount is found in both directions."""
    found = [Q(Contains(folded_column(column), Value(folded(text)))) for column in SEARCHED]
    try:
        amount = amounts.parse(text.lstrip("+-−"))
    except amounts.BadAmount:
        return reduce(or_, found)
    both = (amount, -amount)
    return reduce(or_, found) | Q(flow__in=both) | Q(amount__in=both)


def _at_least(amount: Decimal | None) -> Q:
    return Q() if amount is None else Q(flow__gte=amount) | Q(flow__lte=-amount)


def _at_most(amount: Decimal | None) -> Q:
    return Q() if amount is None else Q(flow__gte=-amount, flow__lte=amount)


def account_of(user: User, account_id: UUID) -> Account:
    account = Account.objects.of(user).shown().select_related("item__connector").filter(id=account_id).first()
    if account is None:
        raise NotFound("account")
    return account


def item_of(user: User, item_id: UUID) -> Item:
    item = Item.objects.of(user).connected().select_related("connector", "sync").filter(id=item_id).first()
    if item is None:
        raise NotFound("item")
    return item


def rule_of(user: User, rule_id: int) -> Rule:
    rule = Rule.objects.of(user).filter(id=rule_id).first()
    if rule is None:
        raise NotFound("rule")
    return rule
