"""Matches for pages: those that wait for the user's review, and the counterparts of one transaction."""

from dataclasses import dataclass

from accounts.models import User
from banking.ledger.models import Kind, Transaction, TransactionMatch
from banking.ledger.models.matches import TransactionMatchQuerySet

SIDES = ("outflow", "inflow")
RELATED = tuple(
    f"{side}__{relation}" for side in SIDES for relation in ("account__item__connector", "category")
)


@dataclass(frozen=True)
class Counterpart:
    """The other transaction of a match."""

    match: TransactionMatch
    transaction: Transaction

    @property
    def is_suggested(self) -> bool:
        return self.match.state == TransactionMatch.State.SUGGESTED


@dataclass(frozen=True)
class Counterparts:
    """The counterparts of a transaction."""

    listed: tuple[Counterpart, ...]
    is_missing: bool  # a transfer whose other side is in no connected account


def suggested_matches(user: User) -> list[TransactionMatch]:
    """Return the matches that wait for a review, newest first.

    Two queries: in one, PostgreSQL may join every transaction with every other while it has no statistics.
    """
    ids = list(suggested_ids(user).values_list("id", flat=True))
    suggested = _of_connected_accounts(user).suggested().filter(id__in=ids)
    return list(suggested.select_related(*RELATED).order_by("-inflow__local_date", "-id"))


def suggested_ids(user: User) -> TransactionMatchQuerySet:
    """Return the suggested matches without looking at their transactions."""
    return TransactionMatch.objects.filter(user=user, state=TransactionMatch.State.SUGGESTED)


def counterparts_of(transaction: Transaction) -> Counterparts:
    """Return the counterparts. Two queries, one per side."""
    matches = _of_connected_accounts(transaction.user).live().select_related(*RELATED)
    shown = matches.exclude(state=TransactionMatch.State.REJECTED)
    listed = (
        *(Counterpart(match, match.inflow) for match in shown.filter(outflow=transaction.id)),
        *(Counterpart(match, match.outflow) for match in shown.filter(inflow=transaction.id)),
    )
    has_other_side = any(
        counterpart.match.kind == TransactionMatch.Kind.TRANSFER and not counterpart.is_suggested
        for counterpart in listed
    )
    return Counterparts(listed, transaction.kind == Kind.TRANSFER and not has_other_side)


def _of_connected_accounts(user: User) -> TransactionMatchQuerySet:
    connected = {f"{side}__account__item__disconnected_at": None for side in SIDES}
    return TransactionMatch.objects.filter(user=user, **connected)
