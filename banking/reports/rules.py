"""A person's rules with what falls under each, and what a rule would do before it is saved."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import islice

from django.db.models import Count, Max, Min, Sum

from accounts.models import User
from banking.classify import classify
from banking.models import SPENDING, Account, Category, CategoryTree, Kind, Rule, Transaction
from banking.periods import Month
from banking.rules import Rulebook, may_fall_under
from banking.upsert import accounts
from banking.upsert.conclusions import facts_of, texts_of
from banking.upsert.evidence import Known

SHOWN = 20
MOST_TRIED = 10_000  # rows that a preview looks at: under a second


@dataclass(frozen=True)
class Caught:
    """The rows under a rule, in one currency."""

    currency: str
    flow: Decimal
    rows: int
    first: date
    last: date


@dataclass(frozen=True)
class Line:
    rule: Rule
    caught: tuple[Caught, ...]


def rules(user: User) -> list[Line]:
    """In their order. Two queries."""
    caught = _caught(user)
    mine = Rule.objects.of(user).in_force().select_related("user", "category", "account__item__connector")
    return [Line(rule, tuple(caught.get(rule.pk, ()))) for rule in mine]


def _caught(user: User) -> Mapping[int, list[Caught]]:
    rows = Transaction.objects.of(user).live().filter(rule__user=user).order_by()
    sums = rows.values_list("rule_id", "flow_currency").annotate(
        flow=Sum("flow"), n=Count("id"), first=Min("local_date"), last=Max("local_date")
    )
    found: dict[int, list[Caught]] = defaultdict(list)
    for rule_id, *caught in sums.order_by("rule_id", "flow_currency"):
        found[rule_id].append(Caught(*caught))
    return found


@dataclass(frozen=True)
class Trial:
    """One row, and what it would be."""

    row: Transaction
    falls: bool  # under the rule
    was: Category
    category: Category
    kind: Kind

    @property
    def changes(self) -> bool:
        return (self.row.kind, self.was) != (self.kind, self.category)


@dataclass(frozen=True)
class Moved:
    """By how much a month's figures would move, in one currency."""

    currency: str
    spending: Decimal
    income: Decimal


@dataclass(frozen=True)
class Preview:
    """What a rule would do to the rows that are already here."""

    falls: int  # rows that would fall under it
    changes: int  # rows that would be something else than now
    shown: tuple[Trial, ...]  # the newest of them
    moved: tuple[Moved, ...]
    is_whole: bool  # all rows were tried


def preview(draft: Rule, tree: CategoryTree, *, month: Month) -> Preview:
    """Nothing is written. `draft` may be a stored rule or not; `month`: whose figures are told."""
    tried = list(islice(_trials(draft, tree), MOST_TRIED + 1))
    falling = [one for one in tried[:MOST_TRIED] if one.falls]
    changing = [one for one in tried[:MOST_TRIED] if one.changes]
    newest = sorted(changing or falling, key=lambda one: (one.row.local_date, one.row.id), reverse=True)
    return Preview(
        falls=len(falling),
        changes=len(changing),
        shown=tuple(newest[:SHOWN]),
        moved=tuple(_moved(changing, draft.user, month)),
        is_whole=len(tried) <= MOST_TRIED,
    )


def _trials(draft: Rule, tree: CategoryTree) -> Iterator[Trial]:
    rulebook = Rulebook.of(draft.user_id).having(draft)
    wanted, roots = may_fall_under(draft), tree.roots
    for account in Account.objects.of(draft.user).shown().select_related("item__connector"):
        known = replace(Known.of(account, accounts.facts(account)), rulebook=rulebook)
        rows = account.transactions.live().filter(wanted).defer("details", "description_raw")
        for row in rows.order_by("-occurred_at", "-id").iterator():
            rule, kind, category_id = _concluded(row, known, roots)
            yield Trial(row, rule is draft, tree.by_id[row.category_id], tree.by_id[category_id], kind)


def _concluded(row: Transaction, known: Known, roots: Mapping[str, str]) -> tuple[Rule | None, Kind, str]:
    facts = facts_of(row)
    evidence, rule = known.about(row.id, facts, lambda: texts_of(row))
    found = classify(facts, known.facts, roots=roots, evidence=evidence)
    return rule, found.kind, found.category_id


def _moved(changing: Iterable[Trial], user: User, month: Month) -> Iterator[Moved]:
    """Before taken away, after added, by the basis that the person prefers."""
    column = "month_cash" if user.counts_when_paid else "month_competence"
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for one in changing:
        if getattr(one.row, column) == month.first:
            sums[one.row.flow_currency, _counts(one.row.kind)] -= one.row.flow
            sums[one.row.flow_currency, _counts(one.kind)] += one.row.flow
    for currency in sorted({currency for currency, _ in sums}):
        moved = Moved(currency, -sums[currency, "spending"], sums[currency, "income"])
        if moved.spending or moved.income:
            yield moved


def _counts(kind: str) -> str:
    return "spending" if kind in SPENDING else kind
