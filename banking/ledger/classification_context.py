"""Load what classification needs to know of one account: overrides, rules, matches and splits."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from django.db.models import Sum
from msgspec.structs import replace

from banking.ledger import rulebook
from banking.ledger.classification import (
    NO_EVIDENCE,
    NO_OVERRIDE,
    AccountContext,
    ClassificationInput,
    Derived,
    Evidence,
    Override,
    classify,
    signed_amount_of,
)
from banking.ledger.models import (
    Account,
    Kind,
    Rule,
    Transaction,
    TransactionMatch,
)
from banking.ledger.models.transactions import IS_CLASSIFIED_BY_USER
from banking.ledger.rulebook import Rulebook
from banking.money.dates import local_date
from banking.money.periods import Month

Texts = Callable[[], Iterable[str]]
# The kind that a match gives to the transaction on each of its sides.
MATCHED_KINDS = {
    "outflow": {
        TransactionMatch.Kind.TRANSFER: Kind.TRANSFER,
        TransactionMatch.Kind.CARD_PAYMENT: Kind.CARD_PAYMENT,
    },
    "inflow": {
        TransactionMatch.Kind.TRANSFER: Kind.TRANSFER,
        TransactionMatch.Kind.CARD_PAYMENT: Kind.CARD_PAYMENT,
        TransactionMatch.Kind.REFUND: Kind.REFUND,
        TransactionMatch.Kind.DUPLICATE: Kind.NEUTRAL,
    },
}


@dataclass(frozen=True)
class ClassificationContext:
    """Facts about the transactions of one account; few of them have any of it.

    Load it while the connection is locked, so that nothing of it changes before the result is written.
    """

    account_id: UUID
    account: AccountContext
    overrides: dict[UUID, Override] = field(default_factory=dict)
    matched_kinds: dict[UUID, Kind] = field(default_factory=dict)
    purchase_categories: dict[UUID, str] = field(default_factory=dict)  # refund → category of its purchase
    split_amounts: dict[UUID, Decimal] = field(default_factory=dict)  # parent → sum of its splits
    rulebook: Rulebook = field(default_factory=Rulebook)
    covered_ids: frozenset[UUID] = frozenset()  # listed by another connection, too
    # Installments that are dated at the purchase although the bank does not say so (bill_evidence.py) → number.
    dated_at_purchase: dict[UUID, int] = field(default_factory=dict)

    @classmethod
    def of(cls, account: Account) -> "ClassificationContext":
        matches = _matches(account)
        return cls(
            account.id,
            account_context(account),
            overrides=_overrides(account),
            matched_kinds=_matched_kinds(account, matches),
            purchase_categories=_purchase_categories(account, matches),
            split_amounts=_split_amounts(account),
            rulebook=Rulebook.of(account.user_id),
            covered_ids=_covered_ids(account),
            dated_at_purchase={
                UUID(transaction_id): number
                for transaction_id, number in account.bill_evidence.get("dated_at_purchase", {}).items()
            },
        )

    def derive(
        self, transaction_id: UUID, entry: ClassificationInput, texts: Texts, *, roots: Mapping[str, str]
    ) -> Derived:
        """Return the derived columns of a transaction. `texts` is called only if the user has rules."""
        if transaction_id in self.dated_at_purchase:
            number, day = self.dated_at_purchase[transaction_id], local_date(entry.occurred_at)
            entry = replace(entry, installment_number=number, purchased_on=day)
        evidence, rule = self.evidence_for(transaction_id, entry, texts)
        derived = classify(entry, self.account, roots=roots, evidence=evidence)
        return derived if rule is None else derived._replace(rule_id=rule.pk)

    def evidence_for(
        self, transaction_id: UUID, entry: ClassificationInput, texts: Texts
    ) -> tuple[Evidence, Rule | None]:
        """Return the evidence, and the rule that it comes from."""
        rule = self._rule(entry, texts) if self.rulebook else None
        if rule is None and not any(transaction_id in known for known in self._non_empty):
            return NO_EVIDENCE, None
        evidence = Evidence(
            user=self.overrides.get(transaction_id, NO_OVERRIDE),
            rule=rulebook.override_of(rule) if rule else NO_OVERRIDE,
            matched_kind=self.matched_kinds.get(transaction_id),
            purchase_category_id=self.purchase_categories.get(transaction_id),
            split_amount=self.split_amounts.get(transaction_id, Decimal(0)),
            is_listed_twice=transaction_id in self.covered_ids,
        )
        return evidence, rule

    @cached_property
    def _non_empty(self) -> tuple[Collection[UUID], ...]:
        """The maps that hold anything: none on a first sync, so that no transaction is looked up."""
        maps: tuple[Collection[UUID], ...] = (
            *(self.overrides, self.matched_kinds, self.purchase_categories, self.split_amounts),
            self.covered_ids,
        )
        return tuple(known for known in maps if known)

    def _rule(self, entry: ClassificationInput, texts: Texts) -> Rule | None:
        return self.rulebook.first_match(
            account_id=self.account_id,
            day=local_date(entry.occurred_at),
            signed_amount=signed_amount_of(entry, self.account),
            texts=texts(),
            is_converted=entry.currency in ("", self.account.currency),
        )


def account_context(account: Account) -> AccountContext:
    evidence = account.bill_evidence
    return AccountContext(
        is_card=account.is_card,
        currency=account.currency,
        is_sandbox=account.item.connector.is_sandbox,
        owner_hash=account.owner_hash,
        closes_on=account.bill_closes_on,
        due_on=account.bill_due_on,
        bills=dict(account.bills.values_list("id", "due_on").order_by()) if account.is_card else {},
        closings={
            Month.parse(month): date.fromisoformat(day) for month, day in evidence.get("closings", {}).items()
        },
        moved_days=frozenset(evidence.get("moved_days", ())),
        full_months=frozenset(map(Month.parse, evidence.get("full_months", ()))),
        assigns_bills="assigns_bills" in evidence,
    )


def _overrides(account: Account) -> dict[UUID, Override]:
    overridden = Transaction.objects.filter(IS_CLASSIFIED_BY_USER, account=account)
    return {
        transaction_id: Override(category_id, hidden, kind)
        for transaction_id, category_id, hidden, kind in overridden.values_list(
            "id", "user_category_id", "hidden", "user_kind"
        )
    }


class _ActiveMatch(NamedTuple):
    """An active match; the maps have the keys `outflow` and `inflow`."""

    kind: str
    transaction_ids: dict[str, UUID]
    account_ids: dict[str, UUID]
    purchase_category_id: str
    outflow_kind: str

    def kind_of(self, side: str) -> Kind:
        """Return the kind that the match gives to the transaction on this side.

        What undoes a transfer to another own account is a transfer as well.
        """
        kind = MATCHED_KINDS[side][TransactionMatch.Kind(self.kind)]
        return Kind.TRANSFER if kind == Kind.REFUND and self.outflow_kind == Kind.TRANSFER else kind


def _matched_kinds(account: Account, matches: Iterable[_ActiveMatch]) -> dict[UUID, Kind]:
    return {
        match.transaction_ids[side]: match.kind_of(side)
        for match in matches
        for side, kinds in MATCHED_KINDS.items()
        if match.kind in kinds and match.account_ids[side] == account.id
    }


def _purchase_categories(account: Account, matches: Iterable[_ActiveMatch]) -> dict[UUID, str]:
    return {
        match.transaction_ids["inflow"]: match.purchase_category_id
        for match in matches
        if match.kind == TransactionMatch.Kind.REFUND and match.account_ids["inflow"] == account.id
    }


def _matches(account: Account) -> list[_ActiveMatch]:
    """Load the user's active matches.

    Two queries, because in one PostgreSQL may join every transaction with every other while it has no
    statistics of the tables yet.
    """
    active = TransactionMatch.objects.filter(
        user_id=account.user_id,
        state__in=(TransactionMatch.State.AUTOMATIC, TransactionMatch.State.CONFIRMED),
    )
    pairs = list(active.values_list("kind", "outflow_id", "inflow_id"))
    ids = {transaction_id for _, outflow, inflow in pairs for transaction_id in (outflow, inflow)}
    live = Transaction.objects.filter(id__in=ids, deleted_at=None) if ids else Transaction.objects.none()
    sides = {
        transaction_id: (account_id, category_id, kind)
        for transaction_id, account_id, category_id, kind in live.values_list(
            "id", "account_id", "category_id", "kind"
        )
    }
    return [
        _ActiveMatch(
            kind,
            {"outflow": outflow, "inflow": inflow},
            {"outflow": sides[outflow][0], "inflow": sides[inflow][0]},
            purchase_category_id=sides[outflow][1],
            outflow_kind=sides[outflow][2],
        )
        for kind, outflow, inflow in pairs
        if outflow in sides and inflow in sides
    ]


def _covered_ids(account: Account) -> frozenset[UUID]:
    """Return the transactions that count in another account, with their splits."""
    covered = set(account.covered_transactions.values_list("transaction_id", flat=True))
    if not covered:
        return frozenset()
    splits = account.transactions.filter(parent_transaction__isnull=False).values_list(
        "id", "parent_transaction"
    )
    return frozenset({*covered, *(split_id for split_id, parent_id in splits if parent_id in covered)})


def _split_amounts(account: Account) -> dict[UUID, Decimal]:
    splits = account.transactions.filter(parent_transaction__isnull=False, deleted_at=None)
    by_parent = splits.order_by().values_list("parent_transaction")
    return dict(by_parent.annotate(sum=Sum("signed_amount")))
