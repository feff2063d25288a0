"""A user's rules with the transactions that each applies to, and the preview of a rule."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import islice

from django.db.models import Count, Max, Min, Sum

from accounts.models import User
from banking.ledger.classification import ClassificationInput, classify, rule_texts_of
from banking.ledger.classification_context import ClassificationContext
from banking.ledger.models import (
    SPENDING,
    Account,
    Category,
    CategoryTree,
    Rule,
    Transaction,
)
from banking.ledger.rulebook import Rulebook, affected_by
from banking.money.periods import Month

MAX_EXAMPLES = 20
MAX_TESTED = 10_000  # transactions that a preview looks at, in less than a second


@dataclass(frozen=True)
class RuleTotal:
    """The transactions that a rule applies to, in one currency."""

    currency: str
    total: Decimal  # sum of signed amounts
    transaction_count: int
    first: date
    last: date


@dataclass(frozen=True)
class RuleLine:
    rule: Rule
    totals: tuple[RuleTotal, ...]


def rule_lines(user: User) -> list[RuleLine]:
    """Return the user's rules in their order, with totals. Two queries."""
    totals = _totals(user)
    rules = Rule.objects.of(user).active().select_related("user", "category", "account__item__connector")
    return [RuleLine(rule, tuple(totals.get(rule.pk, ()))) for rule in rules]


def _totals(user: User) -> Mapping[int, list[RuleTotal]]:
    transactions = Transaction.objects.of(user).live().filter(rule__user=user).order_by()
    sums = transactions.values_list("rule_id", "signed_amount_currency").annotate(
        total=Sum("signed_amount"), n=Count("id"), first=Min("local_date"), last=Max("local_date")
    )
    totals: dict[int, list[RuleTotal]] = defaultdict(list)
    for rule_id, *values in sums.order_by("rule_id", "signed_amount_currency"):
        totals[rule_id].append(RuleTotal(*values))
    return totals


@dataclass(frozen=True)
class TestedTransaction:
    """A transaction, and what it would become."""

    transaction: Transaction
    is_matched: bool  # the rule would apply to it
    category_before: Category
    category: Category
    kind: str

    @property
    def is_changed(self) -> bool:
        before = (self.transaction.kind, self.category_before)
        return before != (self.kind, self.category)


@dataclass(frozen=True)
class FigureDifference:
    """The change of the figures of a month, in one currency."""

    currency: str
    spending: Decimal
    income: Decimal


@dataclass(frozen=True)
class RulePreview:
    """The effect of a rule on stored transactions."""

    matched_count: int
    changed_count: int
    examples: tuple[TestedTransaction, ...]  # the newest that would change, else that would match
    differences: tuple[FigureDifference, ...]
    is_complete: bool  # all transactions were tested


def preview(draft: Rule, tree: CategoryTree, *, month: Month) -> RulePreview:
    """Return what a rule, stored or not, would do. Nothing is written.

    The differences are those of the figures of `month`.
    """
    results = list(islice(_test(draft, tree), MAX_TESTED + 1))
    tested = results[:MAX_TESTED]
    matched = [result for result in tested if result.is_matched]
    changed = [result for result in tested if result.is_changed]
    newest = sorted(
        changed or matched,
        key=lambda result: (result.transaction.local_date, result.transaction.id),
        reverse=True,
    )
    return RulePreview(
        matched_count=len(matched),
        changed_count=len(changed),
        examples=tuple(newest[:MAX_EXAMPLES]),
        differences=tuple(_differences(changed, draft.user, month)),
        is_complete=len(results) <= MAX_TESTED,
    )


def _test(draft: Rule, tree: CategoryTree) -> Iterator[TestedTransaction]:
    rulebook, roots = Rulebook.of(draft.user_id).with_draft(draft), tree.roots
    for account in Account.objects.of(draft.user).shown().select_related("item__connector"):
        context = replace(ClassificationContext.of(account), rulebook=rulebook)
        affected = account.transactions.live().filter(affected_by(draft)).defer("details", "description_raw")
        for transaction in affected.order_by("-occurred_at", "-id").iterator():
            yield _test_transaction(transaction, draft, context, tree, roots)


def _test_transaction(
    transaction: Transaction,
    draft: Rule,
    context: ClassificationContext,
    tree: CategoryTree,
    roots: Mapping[str, str],
) -> TestedTransaction:
    entry = ClassificationInput.from_transaction(transaction)
    evidence, rule = context.evidence_for(transaction.id, entry, lambda: rule_texts_of(transaction))
    derived = classify(entry, context.account, roots=roots, evidence=evidence)
    return TestedTransaction(
        transaction,
        is_matched=rule is draft,
        category_before=tree.by_id[transaction.category_id],
        category=tree.by_id[derived.category_id],
        kind=derived.kind,
    )


def _differences(
    changed: Iterable[TestedTransaction], user: User, month: Month
) -> Iterator[FigureDifference]:
    """Yield the differences by currency, on the basis that the user prefers."""
    month_column = "cash_month" if user.uses_cash_basis else "accrual_month"
    totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for result in changed:
        transaction = result.transaction
        if getattr(transaction, month_column) == month.first:
            currency = transaction.signed_amount_currency
            totals[currency, _figure(transaction.kind)] -= transaction.signed_amount
            totals[currency, _figure(result.kind)] += transaction.signed_amount
    for currency in sorted({currency for currency, _ in totals}):
        difference = FigureDifference(currency, -totals[currency, "spending"], totals[currency, "income"])
        if difference.spending or difference.income:
            yield difference


def _figure(kind: str) -> str:
    return "spending" if kind in SPENDING else kind
