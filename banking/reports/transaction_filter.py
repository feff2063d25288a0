"""The filter behind every figure: whose transactions, of which dates, accounts, categories and kinds.

A figure and the list of transactions behind it use the same TransactionFilter, so they cannot differ.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Max, Q, Value
from django.db.models.lookups import Exact

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.connections.models import Item
from banking.ledger.merchants import merchant_key
from banking.ledger.models import (
    SPENDING,
    Account,
    Basis,
    Bill,
    CategoryTree,
    Kind,
    MonthlyTotal,
    Rule,
    SearchText,
    Transaction,
)
from banking.ledger.models.transactions import TransactionQuerySet
from banking.money import amounts
from banking.money.periods import Period
from banking.money.text import folded

# The kinds that each measure sums; the keys are used in links.
MEASURES: dict[str, tuple[Kind, ...]] = {
    "spending": SPENDING,
    "income": (Kind.INCOME,),
    "net_income": (*SPENDING, Kind.INCOME),
    "billed": tuple(kind for kind in Kind if kind != Kind.CARD_PAYMENT),  # the amount of a card's bill
} | {kind.value: (kind,) for kind in Kind}

# Measures that are shown with money out as positive.
OUTGOING = frozenset({"spending", "billed"})


def newest_date(user: User) -> date | None:
    """Return the date of the user's latest transaction; it may be in the future, as for installments."""
    newest: date | None = Transaction.objects.of(user).live().aggregate(newest=Max("local_date"))["newest"]
    return newest


class NotFound(LookupError):
    """The filter names something that does not exist or is another user's."""


@dataclass(frozen=True)
class TransactionFilter:
    """A filter over the transactions of one user."""

    user: User
    period: Period
    item: Item | None = None
    account: Account | None = None
    category_id: str | None = None  # with all categories below it, unless `direct_only`
    direct_only: bool = False
    measure: str | None = None  # a key of MEASURES
    currency: str | None = None
    pending: bool = False  # only pending transactions
    text: str = ""
    merchant: str | None = None  # a merchant_key()
    bill: Bill | None = None  # only the transactions on this closed bill
    unbilled: bool = False  # only transactions that are on no closed bill
    installments: bool = False  # only installments of purchases
    rule: Rule | None = None  # only transactions that the rule applies to
    hidden: bool = False  # only transactions that the user or a rule has hidden
    tag: str | None = None
    min_amount: Decimal | None = None  # of the amount without its sign, inclusive
    max_amount: Decimal | None = None
    basis: Basis = Basis.ACCRUAL  # with Basis.CASH, the period must be whole months

    @property
    def for_reports(self) -> "TransactionFilter":
        """Return the filter by which a report can be narrowed: period, connection and account."""
        return TransactionFilter(self.user, self.period, self.item, self.account, basis=self.basis)

    @property
    def has_monthly_totals(self) -> bool:
        """Tell whether MonthlyTotal has the sums by category and kind."""
        is_narrower = self.bill or self.unbilled or self.installments
        return self.period.is_whole_months and not is_narrower

    @property
    def is_text_search(self) -> bool:
        """Tell whether it searches by text; a text that is an amount finds transactions by that as well."""
        return bool(self.text) and _parse_amount(self.text) is None

    def monthly_condition(self) -> Q:
        """Return the condition on MonthlyTotal; only valid if `has_monthly_totals`."""
        months = Q(basis=self.basis, month__gte=self.period.start, month__lte=self.period.end)
        return self._of_account() & months

    def transactions(self, tree: CategoryTree) -> TransactionQuerySet:
        """Return the transactions that the filter selects."""
        live = Transaction.objects.of(self.user).live()
        selected = live.filter(self._of_account(), self._in_period(), self._counted(tree), *self._details())
        return selected if self.tag is None else selected.tagged(self.tag)

    def monthly_totals(self, tree: CategoryTree) -> OwnedQuerySet[MonthlyTotal] | None:
        """Return the monthly totals that add up to the same as transactions(), or None if there are none."""
        in_totals = TransactionFilter(
            self.user,
            self.period,
            self.item,
            self.account,
            self.category_id,
            self.direct_only,
            self.measure,
            currency=self.currency,
            basis=self.basis,
        )
        if not self.has_monthly_totals or self != in_totals:
            return None
        totals = MonthlyTotal.objects.of(self.user).filter(self.monthly_condition(), self._counted(tree))
        return totals if self.currency is None else totals.filter(currency=self.currency)

    def replace(self, **changes: object) -> "TransactionFilter":
        return replace(self, **changes)  # type: ignore[arg-type]

    def _counted(self, tree: CategoryTree) -> Q:
        """Return the condition on category and kind, for Transaction and MonthlyTotal alike."""
        condition = Q() if self.measure is None else Q(kind__in=MEASURES[self.measure])
        if self.category_id is None:
            return condition
        categories = {self.category_id} if self.direct_only else tree.branch(self.category_id)
        return condition & Q(category__in=categories)

    def _details(self) -> Iterator[Q]:
        """Yield the conditions that only transactions can meet, not monthly totals."""
        if self.currency is not None:
            yield Q(signed_amount_currency=self.currency)
        if self.pending:
            yield Q(status="PENDING")
        if self.hidden:
            yield Q(kind_reason__startswith="hidden")
        if self.rule is not None:
            yield Q(rule=self.rule)
        if self.installments:
            yield Q(total_installments__gt=1)
        if self.merchant is not None:
            yield Q(Exact(merchant_key(), Value(self.merchant)))
        yield self._on_bill()
        yield _at_least(self.min_amount) & _at_most(self.max_amount)
        if self.text:
            yield _matches_text(self.user, self.text)

    def _in_period(self) -> Q:
        happened = Q(local_date__gte=self.period.start, local_date__lte=self.period.end)
        if self.basis == Basis.ACCRUAL:
            return happened
        # Written so, each half has an index; together they are the transactions paid in these months.
        paid_at_once = Q(cash_month=F("accrual_month"))
        paid = Q(cash_month__gte=self.period.start, cash_month__lte=self.period.end)
        return (happened & paid_at_once) | (paid & ~paid_at_once)

    def _on_bill(self) -> Q:
        if self.bill is not None:
            return Q(bill_id=self.bill.id)
        if not self.unbilled:
            return Q()
        return Q(bill_id=None) | ~Q(bill_id__in=Bill.objects.of(self.user).order_by().values("id"))

    def _of_account(self) -> Q:
        """Return the condition on the account; one that the user left out of totals is only found by itself."""
        if self.account is not None:
            return Q(account=self.account)
        left_out = Account.objects.of(self.user).filter(is_left_out=True).order_by()
        counted = ~Q(account__in=left_out.values("id"))
        return Q(account__item=self.item) & counted if self.item is not None else counted


def _matches_text(user: User, text: str) -> Q:
    """Search the texts without regard to case and accents; an amount is found with either sign.

    The texts are deduplicated, so this stays fast however many transactions there are.
    """
    texts = SearchText.objects.of(user).filter(text__contains=folded(text))
    has_text, amount = Q(search_key__in=texts.values("key")), _parse_amount(text)
    return has_text if amount is None else has_text | Q(signed_amount__in=(amount, -amount))


def _parse_amount(text: str) -> Decimal | None:
    try:
        return amounts.parse(text.lstrip("+-−"))
    except amounts.BadAmount:
        return None


def _at_least(amount: Decimal | None) -> Q:
    return Q() if amount is None else Q(signed_amount__gte=amount) | Q(signed_amount__lte=-amount)


def _at_most(amount: Decimal | None) -> Q:
    return Q() if amount is None else Q(signed_amount__gte=-amount, signed_amount__lte=amount)


def find_bill(user: User, bill_id: UUID) -> Bill:
    """Return the user's bill. Raises NotFound."""
    bill = Bill.objects.of(user).filter(id=bill_id, account__item__disconnected_at=None).first()
    if bill is None:
        raise NotFound("bill")
    return bill


def find_rule(user: User, rule_id: str) -> Rule:
    """Return the user's rule. Raises NotFound."""
    is_number = rule_id.isdecimal() and len(rule_id) < 19
    rule = Rule.objects.of(user).active().filter(pk=rule_id).first() if is_number else None
    if rule is None:
        raise NotFound("rule")
    return rule
