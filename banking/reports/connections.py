"""How each connection is: what its state means, since when, and which one thing would help."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.db.models import Max, Prefetch

from accounts.models import User
from banking.models import Account, Item, SyncRun


class State(StrEnum):
    """Of a connection, worst first: each has one sentence and at most one action (views/words.py)."""

    DISCONNECTING = "disconnecting"
    GONE = "gone"
    CONSENT_ENDED = "consent ended"
    LOGIN_ERROR = "login error"
    WAITING_INPUT = "waiting for input"
    WAITING_ACTION = "waiting for action"
    OUTDATED = "outdated"
    UNREACHABLE = "unreachable"  # our side could not read from Pluggy
    PARTIAL = "partial"
    COLLECTING = "collecting"  # Pluggy is reading from the bank
    READING = "reading"  # we are reading from Pluggy
    FINE = "fine"


BUSY = frozenset({State.COLLECTING, State.READING})
NEEDS_THE_PERSON = frozenset(
    {State.GONE, State.CONSENT_ENDED, State.LOGIN_ERROR, State.WAITING_INPUT, State.WAITING_ACTION}
)
REVOKED = frozenset({"USER_AUTHORIZATION_REVOKED", "USER_AUTHORIZATION_NOT_GRANTED"})


@dataclass(frozen=True)
class Connection:
    item: Item
    state: State
    accounts: tuple[Account, ...]
    fresh_at: datetime | None  # the data is as the bank had it then

    @property
    def is_busy(self) -> bool:
        return self.state in BUSY

    @property
    def needs_the_person(self) -> bool:
        return self.state in NEEDS_THE_PERSON

    @property
    def was_read(self) -> bool:
        """A first attempt that failed has nothing that could be out of date."""
        return bool(self.accounts)

    @property
    def is_stale(self) -> bool:
        well = (*BUSY, State.FINE, State.PARTIAL, State.DISCONNECTING)
        return self.was_read and self.state not in well


@dataclass(frozen=True)
class Balances:
    """Money in bank accounts and debt on cards, in one currency."""

    currency: str
    in_accounts: Decimal
    on_cards: Decimal


def connections(user: User) -> tuple[Connection, ...]:
    """All of a person's connections, those that are leaving included. Two queries."""
    accounts = Prefetch("accounts", queryset=Account.objects.of(user), to_attr="listed_accounts")
    items = Item.objects.of(user).select_related("connector", "sync").prefetch_related(accounts)
    return tuple(connection(item) for item in items)


def news(user: User, mine: tuple[Connection, ...] | None = None) -> str:
    """A mark that differs when pages of this person would show something else than before.

    Made of the last run that changed a row and of the state of each connection (`mine`, if already read).
    """
    mine = connections(user) if mine is None else mine
    changed = SyncRun.objects.of(user).exclude(rows_written=0, rows_removed=0)
    latest = changed.filter(finished_at__isnull=False).aggregate(latest=Max("id"))["latest"]
    states = sorted(f"{one.item.id}{one.state}" for one in mine)
    return hashlib.sha256(f"{latest} {states}".encode()).hexdigest()[:16]


def connection(item: Item) -> Connection:
    accounts = getattr(item, "listed_accounts", None)
    if accounts is None:
        accounts = list(item.accounts.all())
    return Connection(item, _state(item), tuple(accounts), item.collected_at)


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
    if item.sync.failing_since:
        return State.UNREACHABLE
    if item.sync.is_behind:
        return State.READING
    return State.PARTIAL if item.execution_status == "PARTIAL_SUCCESS" else State.FINE
