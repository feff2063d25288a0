"""Find the rule of a transaction: the first of the user's rules whose conditions it meets."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q, Value
from django.db.models.functions import Abs, Coalesce, NullIf
from django.db.models.lookups import Contains, GreaterThanOrEqual, LessThanOrEqual

from banking.ledger.classification import Override
from banking.ledger.models import Rule
from banking.money.text import folded, folded_column

_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    Rule.Match.CONTAINS: lambda wanted, text: wanted in text,
    Rule.Match.EQUALS: lambda wanted, text: wanted == text.strip(),
    Rule.Match.STARTS: lambda wanted, text: text.startswith(wanted),
}


def override_of(rule: Rule) -> Override:
    """Return what the rule decides about a transaction."""
    return Override(rule.category_id, rule.hides, rule.kind)


def matches(
    rule: Rule,
    *,
    account_id: UUID,
    day: date,
    signed_amount: Decimal,
    texts: Sequence[str],
    is_converted: bool = True,
) -> bool:
    """Tell whether a transaction meets the conditions. `texts` are its folded texts (money/text.py).

    A foreign amount that is not converted yet meets no condition on the amount.
    """
    if rule.account_id is not None and rule.account_id != account_id:
        return False
    if rule.start_date is not None and day < rule.start_date:
        return False
    if rule.direction and (rule.direction == Rule.Direction.OUT) != (signed_amount < 0):
        return False
    has_amounts = rule.min_amount is not None or rule.max_amount is not None
    if has_amounts and not (is_converted and rule.allows_amount(abs(signed_amount))):
        return False
    wanted, compare = folded(rule.text.strip()), _COMPARISONS[rule.match]
    return not wanted or any(compare(wanted, text) for text in texts)


@dataclass(frozen=True)
class Rulebook:
    """The active rules of one user, in their order."""

    rules: tuple[Rule, ...] = ()

    @classmethod
    def of(cls, user_id: int) -> "Rulebook":
        return cls(tuple(Rule.objects.active().filter(user_id=user_id)))

    def with_draft(self, draft: Rule) -> "Rulebook":
        """Return the rules as they would be with this one, new or changed."""
        others = [rule for rule in self.rules if rule.pk != draft.pk]
        return Rulebook(tuple(sorted([draft, *others], key=lambda rule: (rule.position, rule.pk or 0))))

    def __bool__(self) -> bool:
        return bool(self.rules)

    def first_match(
        self,
        *,
        account_id: UUID,
        day: date,
        signed_amount: Decimal,
        texts: Iterable[str],
        is_converted: bool = True,
    ) -> Rule | None:
        folded_texts = [folded(text) for text in texts if text]
        for rule in self.rules:
            if matches(
                rule,
                account_id=account_id,
                day=day,
                signed_amount=signed_amount,
                texts=folded_texts,
                is_converted=is_converted,
            ):
                return rule
        return None


def affected_by(rule: Rule) -> Q:
    """Select the transactions that the rule applies to now, and all that it could apply to."""
    return Q(rule_id=rule.pk) | may_match(rule) if rule.pk else may_match(rule)


def may_match(rule: Rule) -> Q:
    """Select at least the transactions for which matches() is true; the rest is for matches() to decide."""
    size = Abs(Coalesce(NullIf("amount_in_account_currency", Value(Decimal(0))), "amount"))
    condition = Q(account_id=rule.account_id) if rule.account_id else Q()
    if rule.min_amount is not None:
        condition &= Q(GreaterThanOrEqual(size, rule.min_amount))
    if rule.max_amount is not None:
        condition &= Q(LessThanOrEqual(size, rule.max_amount))
    wanted = folded(rule.text.strip())
    return condition & _any_text_contains(wanted) if wanted else condition


def _any_text_contains(wanted: str) -> Q:
    columns = ("description", "merchant_name", "counterparty")
    return reduce(or_, (Q(Contains(folded_column(column), Value(wanted))) for column in columns))
