"""Which of a person's rules a row falls under: the first that matches."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial, reduce
from operator import or_
from uuid import UUID

from django.db.models import Q, Value
from django.db.models.functions import Abs, Coalesce
from django.db.models.lookups import Contains, GreaterThanOrEqual, LessThanOrEqual

from banking.classify import Word
from banking.folding import folded, folded_column
from banking.models import Rule

Texts = Sequence[str]

_MATCHES: dict[str, Callable[[str, str], bool]] = {
    Rule.Match.CONTAINS: lambda wanted, text: wanted in text,
    Rule.Match.EQUALS: lambda wanted, text: wanted == text.strip(),
    Rule.Match.STARTS: lambda wanted, text: text.startswith(wanted),
}


def word(rule: Rule) -> Word:
    """What the rule says of a row."""
    return Word(rule.category_id, rule.hides, rule.kind)


def matches(rule: Rule, *, account_id: UUID, day: date, flow: Decimal, texts: Texts) -> bool:
    """`texts`: what people read of a row, folded: its description, its shop, who paid or was paid."""
    if rule.account_id is not None and rule.account_id != account_id:
        return False
    if rule.since is not None and day < rule.since:
        return False
    if rule.direction and (rule.direction == Rule.Direction.OUT) != (flow < 0):
        return False
    if not rule.allows(abs(flow)):
        return False
    wanted, compare = folded(rule.text.strip()), _MATCHES[rule.match]
    return not wanted or any(compare(wanted, text) for text in texts)


@dataclass(frozen=True)
class Rulebook:
    """The rules of one person, in their order."""

    rules: tuple[Rule, ...] = ()

    @classmethod
    def of(cls, user_id: int) -> "Rulebook":
        return cls(tuple(Rule.objects.in_force().filter(user_id=user_id)))

    def having(self, draft: Rule) -> "Rulebook":
        """As it would be with this rule, new or changed."""
        others = [one for one in self.rules if one.pk != draft.pk]
        return Rulebook(tuple(sorted([draft, *others], key=lambda one: (one.position, one.pk or 0))))

    def __bool__(self) -> bool:
        return bool(self.rules)

    def first(self, *, account_id: UUID, day: date, flow: Decimal, texts: Iterable[str]) -> Rule | None:
        bare = [folded(text) for text in texts if text]
        falls = partial(matches, account_id=account_id, day=day, flow=flow, texts=bare)
        return next(filter(falls, self.rules), None)


def may_fall_under(rule: Rule) -> Q:
    """The rows that fell under the rule, and all that could: few enough to look at, none left out."""
    return Q(rule_id=rule.pk) | look_so(rule) if rule.pk else look_so(rule)


def look_so(rule: Rule) -> Q:
    """The rule's conditions as far as SQL says the same as matches(): never less than it."""
    size = Abs(Coalesce("amount_in_account_currency", "amount"))
    found = Q(account_id=rule.account_id) if rule.account_id else Q()
    if rule.least is not None:
        found &= Q(GreaterThanOrEqual(size, rule.least))
    if rule.most is not None:
        found &= Q(LessThanOrEqual(size, rule.most))
    wanted = folded(rule.text.strip())
    return found & _read(wanted) if wanted else found


def _read(wanted: str) -> Q:
    texts = ("description", "merchant_name", "counterparty")
    return reduce(or_, (Q(Contains(folded_column(column), Value(wanted))) for column in texts))
