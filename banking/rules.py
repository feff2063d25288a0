"""Which of a person's rules a row falls under: the first that matches."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from banking.classify import Word
from banking.folding import folded
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


def matches(rule: Rule, *, account_id: UUID, flow: Decimal, texts: Texts) -> bool:
    """`texts`: what people read of a row, folded: its description, its shop, who paid or was paid."""
    if rule.account_id is not None and rule.account_id != account_id:
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
        return cls(tuple(Rule.objects.filter(user_id=user_id)))

    def __bool__(self) -> bool:
        return bool(self.rules)

    def first(self, *, account_id: UUID, flow: Decimal, texts: Iterable[str]) -> Rule | None:
        bare = [folded(text) for text in texts if text]
        return next(
            (one for one in self.rules if matches(one, account_id=account_id, flow=flow, texts=bare)), None
        )
