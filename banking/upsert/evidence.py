"""What is known of an account's rows besides what the bank sends: words, rules, links, parts."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, Sum

from banking import rules
from banking.classify import NO_EVIDENCE, SILENT, AccountFacts, Evidence, Facts, Word, flow_of, local_date
from banking.models import Account, Kind, Link, Rule, Transaction
from banking.rules import Rulebook

Texts = Callable[[], Iterable[str]]
# What a link makes of its rows: of that in which money went out, and of the other.
LINKED = {
    "out": {Link.Kind.TRANSFER: Kind.TRANSFER, Link.Kind.CARD_PAYMENT: Kind.CARD_PAYMENT},
    "into": {
        Link.Kind.TRANSFER: Kind.TRANSFER,
        Link.Kind.CARD_PAYMENT: Kind.CARD_PAYMENT,
        Link.Kind.REFUND: Kind.REFUND,
        Link.Kind.DUPLICATE: Kind.NEUTRAL,
    },
}


@dataclass(frozen=True)
class Known:
    """Few rows have any of it. To be loaded while the item is locked, so that nobody changes it meanwhile."""

    account_id: UUID
    facts: AccountFacts
    words: dict[UUID, Word] = field(default_factory=dict)
    linked: dict[UUID, Kind] = field(default_factory=dict)
    purchases: dict[UUID, str] = field(default_factory=dict)  # a refund's → its purchase's category
    taken_out: dict[UUID, Decimal] = field(default_factory=dict)
    rulebook: Rulebook = field(default_factory=Rulebook)

    @classmethod
    def of(cls, account: Account, facts: AccountFacts) -> "Known":
        pairs = _pairs(account)
        return cls(
            account.id,
            facts,
            words=_words(account),
            linked=_linked(account, pairs),
            purchases=_purchases(account, pairs),
            taken_out=_taken_out(account),
            rulebook=Rulebook.of(account.user_id),
        )

    def about(self, row_id: UUID, row: Facts, texts: Texts) -> tuple[Evidence, Rule | None]:
        """The evidence, and the rule that it comes from. `texts` is asked only if there are rules."""
        rule = self._rule(row, texts) if self.rulebook else None
        if rule is None and not any(row_id in some for some in self._told):
            return NO_EVIDENCE, None
        found = Evidence(
            person=self.words.get(row_id, SILENT),
            rule=rules.word(rule) if rule else SILENT,
            linked=self.linked.get(row_id),
            purchase_category_id=self.purchases.get(row_id),
            taken_out=self.taken_out.get(row_id, Decimal(0)),
        )
        return found, rule

    @cached_property
    def _told(self) -> tuple[Collection[UUID], ...]:
        """Those that say anything at all: at a first reading none, and no row is looked up."""
        return tuple(one for one in (self.words, self.linked, self.purchases, self.taken_out) if one)

    def _rule(self, row: Facts, texts: Texts) -> Rule | None:
        return self.rulebook.first(
            account_id=self.account_id,
            day=local_date(row.occurred_at),
            flow=flow_of(row, self.facts),
            texts=texts(),
        )


def _words(account: Account) -> dict[UUID, Word]:
    """Found by an index of their own."""
    said = Q(person_category__isnull=False) | ~Q(person_kind="") | Q(hidden=True)
    spoken = Transaction.objects.filter(said, account=account)
    values = spoken.values_list("id", "person_category_id", "hidden", "person_kind")
    return {row_id: Word(category_id, hidden, kind) for row_id, category_id, hidden, kind in values}


class _Pair(NamedTuple):
    """A link in force; `account` and `category` of the rows in which money went out and came in."""

    kind: str
    legs: dict[str, UUID]
    accounts: dict[str, UUID]
    purchase_category_id: str


def _linked(account: Account, pairs: Iterable[_Pair]) -> dict[UUID, Kind]:
    return {
        pair.legs[leg]: kinds[Link.Kind(pair.kind)]
        for pair in pairs
        for leg, kinds in LINKED.items()
        if pair.kind in kinds and pair.accounts[leg] == account.id
    }


def _purchases(account: Account, pairs: Iterable[_Pair]) -> dict[UUID, str]:
    refunds = (pair for pair in pairs if pair.kind == Link.Kind.REFUND)
    return {
        pair.legs["into"]: pair.purchase_category_id
        for pair in refunds
        if pair.accounts["into"] == account.id
    }


def _pairs(account: Account) -> list[_Pair]:
    """Two queries: in one, PostgreSQL may join all rows with all while it knows little of the table."""
    found = Link.objects.filter(user_id=account.user_id, state__in=(Link.State.FOUND, Link.State.CONFIRMED))
    links = list(found.values_list("kind", "out_id", "into_id"))
    ids = {leg for _, out, into in links for leg in (out, into)}
    rows = Transaction.objects.filter(id__in=ids, deleted_at=None) if ids else Transaction.objects.none()
    values = rows.values_list("id", "account_id", "category_id")
    known = {row_id: (account_id, category_id) for row_id, account_id, category_id in values}
    return [
        _Pair(
            kind,
            {"out": out, "into": into},
            {"out": known[out][0], "into": known[into][0]},
            known[out][1],
        )
        for kind, out, into in links
        if out in known and into in known
    ]


def _taken_out(account: Account) -> dict[UUID, Decimal]:
    parts = account.transactions.filter(part_of__isnull=False, deleted_at=None)
    return dict(parts.order_by().values_list("part_of").annotate(sum=Sum("flow")))
