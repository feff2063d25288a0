"""Keep what is listed twice up to date: which holdings count, and which transactions (docs/numbers.md, 5).

`update` detects again; `review` stores the user's answers. Everything that follows is derived and can be undone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.db.transaction import atomic

from banking.connections.models import Item, SyncState
from banking.ledger import account_settings
from banking.ledger.covered_transactions import CoverageWriter, Dates, Roots, cover
from banking.ledger.models import (
    Account,
    CategoryTree,
    CoveredTransaction,
    DoubleListing,
    Investment,
    Loan,
    Transaction,
)
from banking.ledger.same_holdings import SameMoney
from banking.ledger.same_money import Holdings, find_same_money, rank

State = DoubleListing.State
Kind = DoubleListing.Kind
MARGIN = timedelta(days=5)  # a transaction that is found by its number may have another day


class NotSuggested(Exception):
    """The question was answered before, or is no longer asked."""


class NotTheSame(Exception):
    """Two accounts that cannot be the same: one account, or of different types or currencies."""


# --- Detection ---------------------------------------------------------------------------------------------


def is_outdated(user_id: int) -> bool:
    """Tell whether update() would change what counts. A few short queries, without locks."""
    holdings, stored = _holdings(user_id), list(DoubleListing.objects.filter(user_id=user_id))
    plan = _plan(holdings, stored)
    return plan.is_changed or plan.counted != _stored_counted(holdings)


def update(user_id: int, *, roots: Roots, now: datetime, dates: Dates | None = None) -> None:
    """Detect again what is listed twice, and store everything that follows.

    `dates` are those on which transactions changed; without them transactions are compared again only if the
    accounts that are the same changed. The caller holds the locks of all of the user's connections.
    """
    holdings, stored = _holdings(user_id), list(DoubleListing.objects.filter(user_id=user_id))
    plan = _plan(holdings, stored)
    _store(user_id, plan, now)
    is_changed = _store_counted(holdings, plan)
    compared = (dates[0] - MARGIN, dates[1] + MARGIN) if dates and not is_changed else None
    if is_changed or (compared and plan.superseded):
        accounts = {account.id: account for account in holdings.accounts}
        cover(user_id, accounts, plan.superseded, dates=compared, roots=roots, now=now)


def _holdings(user_id: int) -> Holdings:
    return Holdings(
        list(Account.objects.filter(user_id=user_id).select_related("item__connector")),
        list(Investment.objects.filter(user_id=user_id).select_related("item__connector")),
        list(Loan.objects.filter(user_id=user_id).select_related("item__connector")),
    )


@dataclass(frozen=True)
class _Plan:
    """The rows to store."""

    new: list[SameMoney]
    stale: list[DoubleListing]
    turned: list[DoubleListing]  # the other one of the two counts now
    counted: dict[UUID, UUID]  # each holding that does not count → the one that counts
    superseded: dict[UUID, UUID] = field(default_factory=dict)  # the part of it that is accounts

    @property
    def is_changed(self) -> bool:
        return bool(self.new or self.stale or self.turned)


def _plan(holdings: Holdings, stored: Iterable[DoubleListing]) -> _Plan:
    """Compare what is found with what is stored. The user's answers stay."""
    by_ids = {frozenset((listing.listed_id, listing.counted_id)): listing for listing in stored}
    of_state: dict[str, list[tuple[UUID, UUID]]] = defaultdict(list)
    for listing in by_ids.values():
        of_state[listing.state].append((listing.listed_id, listing.counted_id))
    found = find_same_money(
        holdings,
        confirmed=of_state[State.CONFIRMED],
        automatic=of_state[State.AUTOMATIC],
        rejected=[frozenset(pair) for pair in of_state[State.REJECTED]],
    )
    new, found_ids = [], set()
    for same in found:
        ids = frozenset((same.listed_id, same.counted_id))
        known = by_ids.get(ids)
        found_ids.add(ids)
        if known is None or (known.reviewed_at is None and not _equals(known, same)):
            new.append(same)
            found_ids.discard(ids)
    stale = [
        listing for ids, listing in by_ids.items() if listing.reviewed_at is None and ids not in found_ids
    ]
    kept = [listing for listing in by_ids.values() if listing not in stale]
    accounts = {account.id: account for account in holdings.accounts}
    turned = [listing for listing in kept if _turn(listing, accounts)]
    active = [listing for listing in kept if listing.state in (State.AUTOMATIC, State.CONFIRMED)]
    pairs = [(listing.kind, listing.listed_id, listing.counted_id) for listing in active]
    pairs += [(same.kind, same.listed_id, same.counted_id) for same in new if same.is_certain]
    existing = {holding.id for holdings_of_kind in holdings for holding in holdings_of_kind}
    pairs = [pair for pair in pairs if {pair[1], pair[2]} <= existing]
    superseded = _resolve({listed: counted for kind, listed, counted in pairs if kind == Kind.ACCOUNT})
    others = {listed: counted for kind, listed, counted in pairs if kind != Kind.ACCOUNT}
    return _Plan(new, stale, turned, others | superseded, superseded)


def _equals(listing: DoubleListing, same: SameMoney) -> bool:
    is_certain = listing.state == State.AUTOMATIC
    stored = (listing.kind, listing.listed_id, listing.counted_id, is_certain)
    return stored == (same.kind, same.listed_id, same.counted_id, same.is_certain)


def _turn(listing: DoubleListing, accounts: Mapping[UUID, Account]) -> bool:
    """Swap the two if the user confirmed them and meanwhile only the other one is still at the bank."""
    listed, counted = accounts.get(listing.listed_id), accounts.get(listing.counted_id)
    if listing.kind != Kind.ACCOUNT or listed is None or counted is None or rank(listed) < rank(counted):
        return False
    listing.listed_id, listing.counted_id = listing.counted_id, listing.listed_id
    return True


def _resolve(counted: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    """Follow chains: of three connections to one account, both older ones count as the newest."""
    resolved = {}
    for listed, last in counted.items():
        seen = {listed}
        while last in counted and last not in seen:
            seen.add(last)
            last = counted[last]
        resolved[listed] = last
    return resolved


def _store(user_id: int, plan: _Plan, now: datetime) -> None:
    DoubleListing.objects.filter(id__in=[listing.pk for listing in plan.stale]).delete()
    DoubleListing.objects.bulk_update(plan.turned, ["listed_id", "counted_id"])
    DoubleListing.objects.bulk_create(
        [
            DoubleListing(
                user_id=user_id,
                kind=same.kind,
                state=State.AUTOMATIC if same.is_certain else State.SUGGESTED,
                listed_id=same.listed_id,
                counted_id=same.counted_id,
                evidence=same.evidence,
                created_at=now,
            )
            for same in plan.new
        ]
    )


def _stored_counted(holdings: Holdings) -> dict[UUID, UUID]:
    return {
        holding.id: holding.counted_as
        for holdings_of_kind in holdings
        for holding in holdings_of_kind
        if holding.counted_as is not None
    }


def _store_counted(holdings: Holdings, plan: _Plan) -> bool:
    """Store which holdings count; return whether other accounts are superseded than before."""
    is_changed = False
    _keep_left_out(holdings.accounts, plan.superseded)
    for holdings_of_kind in holdings:
        for holding in holdings_of_kind:
            counted_as = plan.counted.get(holding.id)
            columns = {"counted_as": counted_as}
            if isinstance(holding, Account):
                is_superseded = holding.id in plan.superseded
                before = (holding.is_superseded, holding.counted_as if holding.is_superseded else None)
                is_changed |= before != (is_superseded, plan.superseded.get(holding.id))
                columns["is_superseded"] = is_superseded  # type: ignore[assignment]
            if any(getattr(holding, name) != value for name, value in columns.items()):
                for name, value in columns.items():
                    setattr(holding, name, value)
                holding.save(update_fields=list(columns))
    return is_changed


def _keep_left_out(accounts: Iterable[Account], superseded: Mapping[UUID, UUID]) -> None:
    """Leave out the successor of an account that the user left out; they may take it in again."""
    by_id = {account.id: account for account in accounts}
    for listed_id, counted_id in superseded.items():
        listed, counted = by_id[listed_id], by_id[counted_id]
        if listed.is_left_out and not listed.is_superseded and not counted.is_left_out:
            account_settings.leave_out(counted, is_left_out=True)


# --- The user's answers ------------------------------------------------------------------------------------


@atomic
def review(listing: DoubleListing, *, is_same: bool, now: datetime) -> None:
    """Store the user's answer to a question. Raises NotSuggested if it was answered before."""
    SyncState.objects.lock_all_for_user(listing.user_id)
    state = State.CONFIRMED if is_same else State.REJECTED
    suggested = DoubleListing.objects.suggested().filter(pk=listing.pk)
    if not suggested.update(state=state, reviewed_at=now):
        raise NotSuggested
    update(listing.user_id, roots=CategoryTree.load().roots, now=now)


@atomic
def undo(listing: DoubleListing, *, now: datetime) -> None:
    """Let both count again, for good. Raises NotSuggested if they count already."""
    SyncState.objects.lock_all_for_user(listing.user_id)
    active = DoubleListing.objects.active().filter(pk=listing.pk)
    if not active.update(state=State.REJECTED, reviewed_at=now):
        raise NotSuggested
    update(listing.user_id, roots=CategoryTree.load().roots, now=now)


@atomic
def merge(first: Account, second: Account, *, now: datetime) -> None:
    """Store that two accounts of a user are the same. Raises NotTheSame, and NotSuggested if that is known."""
    names = ("user_id", "type", "currency")
    if first.pk == second.pk or any(getattr(first, name) != getattr(second, name) for name in names):
        raise NotTheSame
    SyncState.objects.lock_all_for_user(first.user_id)
    listed, counted = sorted((first, second), key=rank)
    pair = Q(listed_id=listed.pk, counted_id=counted.pk) | Q(listed_id=counted.pk, counted_id=listed.pk)
    known = DoubleListing.objects.filter(pair)
    if known.active().exists():
        raise NotSuggested
    known.delete()
    DoubleListing.objects.create(
        user_id=first.user_id,
        kind=Kind.ACCOUNT,
        state=State.CONFIRMED,
        listed_id=listed.pk,
        counted_id=counted.pk,
        evidence="user",
        created_at=now,
        reviewed_at=now,
    )
    update(first.user_id, roots=CategoryTree.load().roots, now=now)


def release(item: Item, *, roots: Roots, now: datetime) -> None:
    """Forget what is listed twice of a connection that is being erased; edits return to what stays.

    The caller holds the locks of all of the user's connections, and calls update() after the connection is
    erased.
    """
    holdings = _holdings(item.user_id)
    accounts = {account.id: account for account in holdings.accounts}
    of_item = Transaction.objects.filter(account__item=item)
    stale = list(
        CoveredTransaction.objects.filter(user_id=item.user_id, counted_id__in=of_item.values("id")).exclude(
            account__item=item
        )
    )
    if stale:
        CoverageWriter(item.user_id, accounts, roots).write(stale, {}, now, is_erased=True)
    ids = [holding.id for kind in holdings for holding in kind if holding.item_id == item.id]
    DoubleListing.objects.filter(Q(listed_id__in=ids) | Q(counted_id__in=ids)).delete()
