"""Money that is listed twice, for pages: what waits for the user's answer, and what is counted once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Exists, Max, Min, OuterRef, Q

from accounts.models import User
from banking.connections.models import Item
from banking.ledger.models import (
    Account,
    CoveredTransaction,
    DoubleListing,
    Investment,
    Loan,
    Transaction,
)
from banking.ledger.models.transactions import HAS_EDITS


@dataclass(frozen=True)
class NamedListing:
    """Two holdings that are the same money, or may be, by their names."""

    listing: DoubleListing
    listed: str
    counted: str


@dataclass(frozen=True)
class OwnerQuestion:
    """Whether a counterparty is the owner of an account, of whom the bank shows only a part."""

    account: Account
    transaction: Transaction  # one with this counterparty


@dataclass(frozen=True)
class AccountQuestions:
    suggested: tuple[NamedListing, ...]
    counted_once: tuple[NamedListing, ...]  # the user can undo these
    maybe_closed: tuple[Account, ...]
    owners: tuple[OwnerQuestion, ...]

    @property
    def count(self) -> int:
        return len(self.suggested) + len(self.maybe_closed) + len(self.owners)


def account_questions(user: User) -> AccountQuestions:
    """Return what the user is asked about accounts, cards, investments and loans. Four or five queries."""
    listings = list(DoubleListing.objects.of(user).exclude(state=DoubleListing.State.REJECTED))
    accounts = list(Account.objects.of(user).shown().select_related("item__connector"))
    names = _names(user, accounts, listings)
    named = [
        NamedListing(listing, names[listing.listed_id], names[listing.counted_id])
        for listing in listings
        if {listing.listed_id, listing.counted_id} <= names.keys()
    ]
    is_suggested = DoubleListing.State.SUGGESTED
    return AccountQuestions(
        tuple(pair for pair in named if pair.listing.state == is_suggested),
        tuple(pair for pair in named if pair.listing.state != is_suggested),
        tuple(account for account in accounts if account.may_be_closed),
        owner_questions(accounts),
    )


def owner_questions(accounts: Iterable[Account]) -> tuple[OwnerQuestion, ...]:
    """Return at most one question for each connection whose bank masks the owner's document.

    One query if there is such an account, else none.
    """
    masked = {account.id: account for account in accounts if account.owner_shown and not account.owner_hash}
    if not masked:
        return ()
    named = Transaction.objects.filter(account__in=masked, deleted_at=None).exclude(counterparty_hash="")
    newest = named.order_by("account_id", "counterparty_hash", "-occurred_at")
    newest = newest.distinct("account_id", "counterparty_hash")
    questions: dict[UUID, OwnerQuestion] = {}
    for transaction in newest:
        account = masked[transaction.account_id]
        if account.may_be_owned_by(transaction.counterparty_hash, shown=transaction.counterparty_document):
            questions.setdefault(account.item_id, OwnerQuestion(account, transaction))
    return tuple(questions.values())


def _names(user: User, accounts: Iterable[Account], listings: Iterable[DoubleListing]) -> dict[UUID, str]:
    """Return the names of the holdings with their banks."""
    names = {account.id: f"{account.label}, {account.item.connector.name}" for account in accounts}
    ids = {side for listing in listings for side in (listing.listed_id, listing.counted_id)} - names.keys()
    for model in (Investment, Loan):
        holdings = model._default_manager.filter(user=user, id__in=ids).select_related("item__connector")
        names |= {holding.id: f"{holding.name}, {holding.item.connector.name}" for holding in holdings}
    return names


@dataclass(frozen=True)
class DisconnectionPreview:
    """The data that are kept and lost if a connection is ended whose accounts another connection lists as well.

    The user's edits of transactions that both connections have are kept in the accounts of `kept_in`.
    """

    kept_in: tuple[Account, ...]
    has_moved_edits: bool  # they are there already; otherwise they move when the connection ends
    lost_count: int  # transactions that only this connection has
    lost_from: date | None
    lost_to: date | None
    lost_edited_count: int  # transactions whose edits are in no other connection


def disconnection_preview(
    item: Item, accounts: Iterable[Account], others: Iterable[Account]
) -> DisconnectionPreview | None:
    """Return what ending the connection keeps and loses; None if no other connection lists its accounts.

    `others` are the accounts of the user's other connections. No query then, otherwise one.
    """
    ids = {account.id for account in accounts}
    counted_ids = {account.counted_as for account in accounts if account.is_superseded}
    kept_in = tuple(
        other
        for other in others
        if other.id in counted_ids or (other.is_superseded and other.counted_as in ids)
    )
    if not kept_in:
        return None
    of_item = Transaction.objects.live().from_bank().filter(account__item=item)
    is_covered = Exists(CoveredTransaction.objects.filter(transaction_id=OuterRef("id")))
    covers_another = Exists(CoveredTransaction.objects.filter(counted_id=OuterRef("id")))
    splits = Transaction.objects.filter(parent_transaction=OuterRef("id"))
    # A transaction that covers another one returns to it.
    lost = (
        of_item.exclude(covers_another)
        .annotate(is_covered=is_covered, has_splits=Exists(splits))
        .aggregate(
            n=Count("id", filter=Q(is_covered=False)),
            first=Min("local_date", filter=Q(is_covered=False)),
            last=Max("local_date", filter=Q(is_covered=False)),
            edited=Count("id", filter=HAS_EDITS | Q(has_splits=True)),
        )
    )
    return DisconnectionPreview(
        kept_in=kept_in,
        has_moved_edits=all(account.id in counted_ids for account in kept_in),
        lost_count=lost["n"],
        lost_from=lost["first"],
        lost_to=lost["last"],
        lost_edited_count=lost["edited"],
    )
