"""How each connection is: what its state means, since when, and which one thing would help."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from django.db.models import Count, OuterRef, Prefetch, Subquery

from accounts.models import User
from banking.models import Account, Item, ProductState, SyncRun, UnreadableRow
from banking.reports.scope import NotFound


class State(StrEnum):
    """Of a connection, worst first: each has one sentence and at most one action (views/words.py)."""

    DISCONNECTING = "disconnecting"
    GONE = "gone"
    CONSENT_ENDED = "consent ended"
    LOGIN_ERROR = "login error"
    WAITING_INPUT = "waiting for input"
    WAITING_ACTION = "waiting for action"
    WAITING_APPROVAL = "waiting for approval"  # at the bank; it goes on by itself
    OUTDATED = "outdated"
    PARKED = "parked"  # no run begins until an operator has looked, or a day later
    UNREACHABLE = "unreachable"  # our side could not read from Pluggy
    PARTIAL = "partial"
    QUOTA = "quota"  # partial, because the month's readings at the bank are used up
    COLLECTING = "collecting"  # Pluggy is reading from the bank
    READING = "reading"  # we are reading from Pluggy
    FINE = "fine"


BUSY = frozenset({State.COLLECTING, State.READING})
NEEDS_THE_PERSON = frozenset(
    {
        State.GONE,
        State.CONSENT_ENDED,
        State.LOGIN_ERROR,
        State.WAITING_INPUT,
        State.WAITING_ACTION,
        State.WAITING_APPROVAL,
    }
)
PENDING = "USER_AUTHORIZATION_PENDING"
# How a product's warning says that Open Finance allows no more readings this month.
QUOTA_CODES = frozenset({"423", "OPEN_FINANCE_RATE_LIMIT"})
REVOKED = frozenset({"USER_AUTHORIZATION_REVOKED", "USER_AUTHORIZATION_NOT_GRANTED"})


@dataclass(frozen=True)
class Freshness:
    """How one product of a connection is."""

    product: str
    is_updated: bool  # the last collecting brought it
    as_of: datetime | None  # the data is as the bank had it then; nothing was ever brought without it
    is_over_quota: bool
    quotes: tuple[str, ...]  # the bank's own words: untrusted text


@dataclass(frozen=True)
class Connection:
    item: Item
    state: State
    accounts: tuple[Account, ...]
    fresh_at: datetime | None  # the data is as the bank had it then
    changed_by: int | None = None  # the last run that changed a row; where all connections are read
    products: tuple[Freshness, ...] = ()  # where they were asked for
    unreadable: int = 0  # rows that came and could not be read

    @property
    def is_busy(self) -> bool:
        return self.state in BUSY

    @property
    def needs_the_person(self) -> bool:
        return self.state in NEEDS_THE_PERSON

    @property
    def was_read(self) -> bool:
        """A first attempt that failed has nothing that could be out of date; a broker has no accounts."""
        return bool(self.accounts or self.fresh_at)

    @property
    def is_unfinished(self) -> bool:
        """It waits for the person, or its first reading failed; one that is gone can be chosen anew."""
        failed = self.state == State.OUTDATED and not self.was_read
        return (self.needs_the_person or failed) and self.state != State.GONE

    @property
    def missing(self) -> tuple[Freshness, ...]:
        """What the bank did not send."""
        return tuple(one for one in self.products if not one.is_updated)

    @property
    def waiting_since(self) -> datetime | None:
        """When it began to need the person; Pluggy moves on no item that waits for somebody."""
        return (self.item.gone_at or self.item.bank_updated_at) if self.needs_the_person else None

    @property
    def is_stale(self) -> bool:
        well = (*BUSY, State.FINE, State.PARTIAL, State.QUOTA, State.DISCONNECTING)
        return self.was_read and self.state not in well


@dataclass(frozen=True)
class Balances:
    """Money in bank accounts and debt on cards, in one currency."""

    currency: str
    in_accounts: Decimal
    on_cards: Decimal


def detailed(user: User) -> tuple[Connection, ...]:
    """With each product, and what could not be read. Four queries."""
    rows = UnreadableRow.objects.of(user).order_by().values_list("item_id").annotate(rows=Count("id"))
    unreadable = dict(rows)
    states: dict[UUID, list[ProductState]] = {}
    for one in ProductState.objects.of(user):
        states.setdefault(one.item_id, []).append(one)
    return tuple(
        replace(
            one,
            products=tuple(_freshness(state) for state in states.get(one.item.id, [])),
            unreadable=unreadable.get(one.item.id, 0),
        )
        for one in connections(user)
    )


def _freshness(state: ProductState) -> Freshness:
    said = [warning for warning in state.warnings if isinstance(warning, dict)]
    quotes = (one.get("providerMessage") or one.get("message") for one in said)
    return Freshness(
        product=state.product,
        is_updated=state.is_updated,
        as_of=state.collected_at,
        is_over_quota=any(_is_quota(one) for one in said),
        quotes=tuple(quote for quote in quotes if isinstance(quote, str) and quote),
    )


def _is_quota(warning: object) -> bool:
    return isinstance(warning, dict) and str(warning.get("code")) in QUOTA_CODES


def connections(user: User) -> tuple[Connection, ...]:
    """All of a person's connections, those that are leaving included. Two queries."""
    accounts = Prefetch("accounts", queryset=Account.objects.of(user), to_attr="listed_accounts")
    runs = SyncRun.objects.filter(item=OuterRef("pk"), finished_at__isnull=False)
    changed = runs.exclude(rows_written=0, rows_removed=0).order_by("-started_at", "-id")
    items = Item.objects.of(user).select_related("connector", "sync").prefetch_related(accounts)
    return tuple(connection(item) for item in items.annotate(changed_by=Subquery(changed.values("id")[:1])))


def unfinished(user: User) -> tuple[Connection, ...]:
    """Those that the person began or had and that wait for them: choosing the bank again would be refused."""
    return tuple(one for one in connections(user) if one.is_unfinished)


def news(user: User, mine: tuple[Connection, ...] | None = None) -> str:
    """A mark that differs when pages of this person would show something else than before.

    Made of each connection's state and of the last run that changed a row of it (`mine`, if already read).
    """
    mine = connections(user) if mine is None else mine
    states = sorted(f"{one.item.id} {one.state} {one.changed_by}" for one in mine)
    return hashlib.sha256(f"{states}".encode()).hexdigest()[:16]


def connection(item: Item) -> Connection:
    accounts = getattr(item, "listed_accounts", None)
    if accounts is None:
        accounts = list(item.accounts.all())
    changed_by = getattr(item, "changed_by", None)
    return Connection(item, _state(item), tuple(accounts), item.collected_at, changed_by)


def in_detail(item: Item) -> Connection:
    """One connection, with each product and what could not be read."""
    products = tuple(_freshness(state) for state in item.product_states.all())
    return replace(connection(item), products=products, unreadable=item.unreadable.count())


def accounts(mine: Iterable[Connection]) -> list[Account]:
    """Those that can be looked at: not of a connection that is leaving."""
    return [one for each in mine if not each.item.disconnected_at for one in each.accounts]


def account_of(mine: Iterable[Connection], account_id: UUID) -> Account:
    account = next((one for one in accounts(mine) if one.id == account_id), None)
    if account is None:
        raise NotFound("account")
    return account


def item_of(mine: Iterable[Connection], item_id: UUID) -> Item:
    items = (one.item for one in mine if not one.item.disconnected_at)
    item = next((one for one in items if one.id == item_id), None)
    if item is None:
        raise NotFound("item")
    return item


def balances(
    all_connections: tuple[Connection, ...], *, item: Item | None = None, account: Account | None = None
) -> tuple[Balances, ...]:
    """Per currency, of all accounts or of one connection's or of one. A card's balance is debt."""
    listed = [one for each in all_connections if item in (None, each.item) for one in each.accounts]
    return _balances(one for one in listed if account in (None, one))


def _balances(accounts: Iterable[Account]) -> tuple[Balances, ...]:
    found: dict[str, list[Decimal]] = {}
    for account in accounts:
        sums = found.setdefault(account.currency, [Decimal(0), Decimal(0)])
        if account.is_card:
            sums[1] += abs(account.balance)
        else:
            sums[0] += account.balance
    return tuple(Balances(currency, *sums) for currency, sums in sorted(found.items()))


def _state(item: Item) -> State:
    if item.disconnected_at:
        return State.DISCONNECTING
    if item.gone_at:
        return State.GONE
    return _state_at_the_bank(item) or _state_here(item)


def _state_at_the_bank(item: Item) -> State | None:
    if item.execution_status in REVOKED:
        return State.CONSENT_ENDED
    if item.execution_status == PENDING:
        return State.WAITING_APPROVAL
    by_status = {
        Item.Status.LOGIN_ERROR: State.LOGIN_ERROR,
        Item.Status.WAITING_USER_INPUT: State.WAITING_INPUT,
        Item.Status.WAITING_USER_ACTION: State.WAITING_ACTION,
        Item.Status.OUTDATED: State.OUTDATED,
        Item.Status.UPDATING: State.COLLECTING,
        Item.Status.MERGING: State.COLLECTING,
    }
    return by_status.get(Item.Status(item.status)) if item.status in Item.Status.values else State.OUTDATED


def _state_here(item: Item) -> State:
    if item.sync.parked_until:
        return State.PARKED
    if item.sync.failing_since:
        return State.UNREACHABLE
    if item.sync.is_behind:
        return State.READING
    if item.execution_status != "PARTIAL_SUCCESS":
        return State.FINE
    return State.QUOTA if _waits_for_the_month(item) else State.PARTIAL


def _waits_for_the_month(item: Item) -> bool:
    """Every product that is missing is missing for that reason: asking again would change nothing."""
    told = [one for one in (item.status_detail or {}).values() if isinstance(one, dict)]
    missing = [one for one in told if one.get("isUpdated") is False]
    return bool(missing) and all(any(map(_is_quota, one.get("warnings") or [])) for one in missing)
