"""Figures over all users, for operators: counts and sums, never the data of one user."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, Sum

from accounts.models import User
from banking.connections.models import Item, SyncRun
from banking.ledger.models import SPENDING, Basis, Kind, MonthlyTotal

MIN_USERS = 5  # a sum of fewer users' money would say too much about each of them
SYNCS_WITHIN = timedelta(hours=24)


@dataclass(frozen=True)
class UserCounts:
    """How many users there are."""

    total: int
    active: int
    connected: int  # with at least one connection


@dataclass(frozen=True)
class ConnectorCounts:
    """The connections to one institution, or to all."""

    name: str
    connections: int = 0
    users: int = 0
    behind: int = 0
    failing: int = 0
    parked: int = 0
    waiting: int = 0  # for their users, or the last collection failed
    gone: int = 0


@dataclass(frozen=True)
class SyncCounts:
    """The syncs of the last day with one outcome."""

    outcome: str
    syncs: int
    transactions_read: int
    records_written: int
    transactions_removed: int


@dataclass(frozen=True)
class MoneySums:
    """Income and spending of a month in one currency; both are None if fewer than MIN_USERS users have any."""

    currency: str
    users: int
    transactions: int
    income: Decimal | None
    spending: Decimal | None


@dataclass(frozen=True)
class OperatorFigures:
    """All figures of the page."""

    users: UserCounts
    connectors: tuple[ConnectorCounts, ...]
    disconnecting: int  # connections that Pluggy has not deleted yet; in no other figure
    syncs: tuple[SyncCounts, ...]
    month: date
    money: tuple[MoneySums, ...]

    @property
    def total(self) -> ConnectorCounts:
        """Return the sums over all institutions. A user with two of them counts once."""
        names = ("connections", "behind", "failing", "parked", "waiting", "gone")
        sums = {name: sum(getattr(counts, name) for counts in self.connectors) for name in names}
        return ConnectorCounts("", users=self.users.connected, **sums)


def operator_figures(*, now: datetime, today: date) -> OperatorFigures:
    """Return the figures; sums of money are those of the last complete month. Four queries."""
    month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    connectors, disconnecting = _connectors()
    return OperatorFigures(_users(), connectors, disconnecting, _syncs(now), month, _money(month))


def _users() -> UserCounts:
    connected = Exists(Item.objects.connected().filter(user=OuterRef("pk")))
    counts = User.objects.aggregate(
        total=Count("pk"),
        active=Count("pk", filter=Q(is_active=True)),
        connected=Count("pk", filter=connected),
    )
    return UserCounts(**counts)


def _connectors() -> tuple[tuple[ConnectorCounts, ...], int]:
    """Return the counts by institution, the largest first, and how many items are being disconnected."""
    is_here = Q(disconnected_at=None)
    healthy = (*Item.RUNNING, Item.Status.UPDATED)
    conditions = {
        "connections": Q(),
        "behind": Q(sync__dirty_seq__gt=F("sync__synced_seq")),
        "failing": Q(sync__failing_since__isnull=False),
        "parked": Q(sync__quarantined_until__isnull=False),
        "waiting": Q(gone_at=None) & ~Q(status__in=healthy),
        "gone": Q(gone_at__isnull=False),
    }
    by_connector = Item.objects.order_by().values("connector_id", "connector__name")
    rows: list[dict[str, Any]] = list(
        by_connector.annotate(
            users=Count("user", distinct=True, filter=is_here),
            disconnecting=Count("pk", filter=~is_here),
            **{name: Count("pk", filter=is_here & condition) for name, condition in conditions.items()},
        )
    )
    names = ("users", *conditions)
    counts = [
        ConnectorCounts(
            row["connector__name"] or str(row["connector_id"]), **{name: row[name] for name in names}
        )
        for row in rows
        if row["connections"]
    ]
    counts.sort(key=lambda connector: (-connector.connections, connector.name.casefold()))
    return tuple(counts), sum(row["disconnecting"] for row in rows)


def _syncs(now: datetime) -> tuple[SyncCounts, ...]:
    recent = SyncRun.objects.filter(started_at__gt=now - SYNCS_WITHIN).order_by().values_list("outcome")
    counted = recent.annotate(
        Count("pk"), Sum("transactions_read"), Sum("records_written"), Sum("transactions_removed")
    )
    return tuple(SyncCounts(*row) for row in counted.order_by("-pk__count", "outcome"))


def _money(month: date) -> tuple[MoneySums, ...]:
    """Sum what the users' own reports show for the month (docs/numbers.md)."""
    totals = MonthlyTotal.objects.filter(basis=Basis.ACCRUAL, month=month, account__is_left_out=False)
    by_currency = totals.filter(transaction_count__gt=0).order_by().values("currency")
    sums = by_currency.annotate(
        users=Count("user", distinct=True),
        transactions=Sum("transaction_count"),
        income=Sum("total", filter=Q(kind=Kind.INCOME), default=Decimal(0)),
        spent=Sum("total", filter=Q(kind__in=SPENDING), default=Decimal(0)),
    )
    return tuple(
        MoneySums(
            row["currency"],
            row["users"],
            row["transactions"],
            income=row["income"] if row["users"] >= MIN_USERS else None,
            spending=-row["spent"] if row["users"] >= MIN_USERS else None,
        )
        for row in sums.order_by("currency")
    )
