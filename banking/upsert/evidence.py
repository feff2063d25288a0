"""What is known of an account's rows besides what the bank sends: words, rules, links, parts."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from django.db.models import Q, Sum

from banking import rules
from banking.classify import NO_EVIDENCE, SILENT, AccountFacts, Evidence, Facts, Word, flow_of, local_date
from banking.models import Account, Kind, Link, Rule, Transaction
from banking.models.links import LinkQuerySet
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
        return cls(
            account.id,
            facts,
            words=_words(account),
            linked=_linked(account),
            purchases=_purchases(account),
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


def _linked(account: Account) -> dict[UUID, Kind]:
    return {
        row_id: kinds[Link.Kind(kind)]
        for leg, kinds in LINKED.items()
        for row_id, kind in _links(account)
        .filter(**{f"{leg}__account": account}, kind__in=kinds)
        .values_list(leg, "kind")
    }


def _purchases(account: Account) -> dict[UUID, str]:
    links = _links(account).filter(kind=Link.Kind.REFUND, into__account=account)
    return dict(links.values_list("into", "out__category"))


def _links(account: Account) -> LinkQuerySet:
    return Link.objects.filter(user_id=account.user_id).in_force()


def _taken_out(account: Account) -> dict[UUID, Decimal]:
    parts = account.transactions.filter(part_of__isnull=False, deleted_at=None)
    return dict(parts.order_by().values_list("part_of").annotate(sum=Sum("flow")))
