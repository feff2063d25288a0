"""The state of a user's connections, for pages."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from django.db.models import Count, OuterRef, Prefetch, Subquery

from accounts.models import User
from banking.connections.bank_requests import BankRequest, read_request
from banking.connections.freshness import OlderPart, older_parts
from banking.connections.models import Alert, Item, ProductState, SyncRun
from banking.ledger.models import Account, QuarantinedRecord
from banking.reports.transaction_filter import NotFound


class ConnectionState(StrEnum):
    """The states, worst first. banking/web/labels/connections.py has a text and an action for each."""

    DISCONNECTING = "disconnecting"
    IMPORTED = "imported"  # history of another installation
    GONE = "gone"
    CONSENT_ENDED = "consent ended"
    LOGIN_ERROR = "login error"
    WAITING_INPUT = "waiting for input"
    WAITING_ACTION = "waiting for action"
    WAITING_APPROVAL = "waiting for approval"  # at the bank; it then continues automatically
    OUTDATED = "outdated"
    QUARANTINED = "quarantined"  # no sync for a day, or until an operator starts one
    UNREACHABLE = "unreachable"  # we could not read from Pluggy
    PARTIAL = "partial"
    QUOTA = "quota"  # partial, because the bank allows no more readings this month
    COLLECTING = "collecting"  # Pluggy collects from the bank
    READING = "reading"  # we read from Pluggy
    UP_TO_DATE = "up to date"


BUSY = frozenset({ConnectionState.COLLECTING, ConnectionState.READING, ConnectionState.DISCONNECTING})
NEEDS_USER = frozenset(
    {
        ConnectionState.GONE,
        ConnectionState.CONSENT_ENDED,
        ConnectionState.LOGIN_ERROR,
        ConnectionState.WAITING_INPUT,
        ConnectionState.WAITING_ACTION,
        ConnectionState.WAITING_APPROVAL,
    }
)
WAITING = frozenset(
    {ConnectionState.WAITING_INPUT, ConnectionState.WAITING_ACTION, ConnectionState.WAITING_APPROVAL}
)
PENDING = "USER_AUTHORIZATION_PENDING"
# The codes with which a product's warning says that Open Finance allows no more readings this month.
QUOTA_CODES = frozenset({"423", "OPEN_FINANCE_RATE_LIMIT"})
# The errors that a new password, or a look at the bank's page for it, may mend.
PASSWORD_ERRORS = frozenset({"INVALID_CREDENTIALS", "ACCOUNT_LOCKED", "ACCOUNT_CREDENTIALS_RESET"})
REVOKED = frozenset({Item.REVOKED, Item.NOT_GRANTED})


@dataclass(frozen=True)
class ProductFreshness:
    """How up to date one product of a connection is."""

    product: str
    is_updated: bool  # the last collection brought it, and we could read it
    as_of: datetime | None  # when the bank had these data; None if it never sent any
    is_over_quota: bool
    bank_messages: tuple[str, ...]  # untrusted text
    failing_since: datetime | None = None  # since when we cannot read it
    is_refused: bool = False  # Pluggy refuses it; else it did not answer
    older_parts: tuple[OlderPart, ...] = ()  # what is read less often than the rest of it


@dataclass(frozen=True)
class Connection:
    item: Item
    state: ConnectionState
    accounts: tuple[Account, ...]
    as_of: datetime | None  # when the bank had these data
    last_changing_run: int | None = None  # id of the last sync that changed data; not loaded for a single one
    products: tuple[ProductFreshness, ...] = ()  # only with products
    unreadable_count: int = 0  # records that cannot be read; only with products

    @property
    def is_busy(self) -> bool:
        return self.state in BUSY

    @property
    def needs_user(self) -> bool:
        return self.state in NEEDS_USER

    @property
    def was_read(self) -> bool:
        """Tell whether it has any data. A broker has no accounts, but a date."""
        return bool(self.accounts or self.as_of)

    @property
    def is_unfinished(self) -> bool:
        """Tell whether it waits for the user, or its first collection failed.

        A connection that is gone at Pluggy is finished: the user can connect the bank again.
        """
        if self.item.connector.is_meu_pluggy and self.state not in WAITING:
            return False  # Pluggy refuses to update it, so it cannot be continued; it can be connected again
        failed = self.state == ConnectionState.OUTDATED and not self.was_read
        return (self.needs_user or failed) and self.state != ConnectionState.GONE

    @property
    def is_tried_again(self) -> bool:
        """Tell whether Pluggy will collect it again by itself.

        After a failure and five retries it no longer does: the user must act.
        """
        return self.item.next_auto_sync_at is not None

    @property
    def has_stopped(self) -> bool:
        """Tell whether its last collection failed and none follows unless the user starts one."""
        is_failed = self.state == ConnectionState.OUTDATED and self.was_read
        return is_failed and not self.is_tried_again and not self.item.connector.is_meu_pluggy

    @property
    def missing_products(self) -> tuple[ProductFreshness, ...]:
        """Return the products that the bank did not send in the last collection."""
        return tuple(product for product in self.products if not product.is_updated)

    @property
    def waiting_since(self) -> datetime | None:
        """Return since when it waits for the user; Pluggy does not update an item that waits."""
        return (self.item.gone_at or self.item.bank_updated_at) if self.needs_user else None

    @property
    def asked(self) -> BankRequest | None:
        """Return what the bank asks of the user now, in its own words."""
        return read_request(self.item) if self.state in WAITING else None

    @property
    def failed_logins(self) -> int:
        """Return how many sign-ins failed in a row, while they still fail."""
        return self.item.failed_logins if self.state == ConnectionState.LOGIN_ERROR else 0

    @property
    def reset_password_url(self) -> str:
        """Return the bank's page for a new password, if that may help."""
        code = self.item.error_code or self.item.execution_status
        can_help = code in PASSWORD_ERRORS and self.state in (
            ConnectionState.LOGIN_ERROR,
            ConnectionState.OUTDATED,
        )
        return self.item.connector.reset_password_url if can_help else ""

    @property
    def may_have_moved(self) -> bool:
        """Tell whether the bank may have ended this way of connecting: it does not work, and is no Open Finance."""
        is_over = self.is_stale or self.needs_user or self.state == ConnectionState.OUTDATED
        connector = self.item.connector
        return is_over and not (connector.is_open_finance or connector.is_meu_pluggy)

    @property
    def waits_for_resources(self) -> bool:
        """Tell whether the bank shares the rest only when the user, or another holder, approves it there."""
        return self.item.has_pending_resources and not (self.item.gone_at or self.item.disconnected_at)

    @property
    def is_stale(self) -> bool:
        healthy = (
            *BUSY,
            ConnectionState.UP_TO_DATE,
            ConnectionState.PARTIAL,
            ConnectionState.QUOTA,
        )
        return self.was_read and self.state not in healthy


@dataclass(frozen=True)
class Balances:
    """The balance of bank accounts and the debt on cards, in one currency.

    The debt is negative if cards are in the user's favour.
    """

    currency: str
    in_accounts: Decimal
    on_cards: Decimal


def connections_with_products(user: User) -> tuple[Connection, ...]:
    """Return the connections with their products and the number of unreadable records. Four queries."""
    quarantined = QuarantinedRecord.objects.of(user).order_by().values_list("item_id")
    unreadable_counts = dict(quarantined.annotate(n=Count("id")))
    states: dict[UUID, list[ProductState]] = {}
    for state in ProductState.objects.of(user):
        states.setdefault(state.item_id, []).append(state)
    return tuple(
        replace(
            connection,
            products=tuple(
                _freshness(connection.item, state) for state in states.get(connection.item.id, [])
            ),
            unreadable_count=unreadable_counts.get(connection.item.id, 0),
        )
        for connection in connections_of(user)
    )


def _freshness(item: Item, state: ProductState) -> ProductFreshness:
    warnings = [warning for warning in state.warnings if isinstance(warning, dict)]
    messages = (warning.get("providerMessage") or warning.get("message") for warning in warnings)
    return ProductFreshness(
        product=state.product,
        is_updated=state.is_updated,
        as_of=state.collected_at,
        is_over_quota=any(_is_quota_warning(warning) for warning in warnings),
        bank_messages=tuple(message for message in messages if isinstance(message, str) and message),
        failing_since=state.failing_since,
        is_refused=state.is_refused,
        older_parts=older_parts(item, state.product, state.collected_at),
    )


def _is_quota_warning(warning: object) -> bool:
    return isinstance(warning, dict) and str(warning.get("code")) in QUOTA_CODES


def connections_of(user: User) -> tuple[Connection, ...]:
    """Return all connections of the user, those that are being disconnected included. Two queries."""
    accounts = Prefetch("accounts", queryset=Account.objects.of(user), to_attr="listed_accounts")
    runs = SyncRun.objects.filter(item=OuterRef("pk"), finished_at__isnull=False)
    changed = runs.exclude(records_written=0, transactions_removed=0).order_by("-started_at", "-id")
    items = Item.objects.of(user).select_related("connector", "sync").prefetch_related(accounts)
    annotated = items.annotate(last_changing_run=Subquery(changed.values("id")[:1]))
    listed = tuple(to_connection(item) for item in annotated)
    of_all = [account for connection in listed for account in connection.accounts]
    _set_counted_in(of_all, of_all)
    return listed


def _set_counted_in(accounts: Iterable[Account], counted: Iterable[Account]) -> None:
    """Set on each account that does not count the one that does."""
    by_id = {account.id: account for account in counted}
    for account in accounts:
        account.counted_in = by_id.get(account.counted_as) if account.counted_as else None


def unfinished_connections(user: User) -> tuple[Connection, ...]:
    """Return the connections that wait for the user: Pluggy would refuse to connect their banks again."""
    return tuple(connection for connection in connections_of(user) if connection.is_unfinished)


def returned_connection(user: User, item_id: UUID | None = None) -> Connection | None:
    """Return the connection that the user has just approved at the bank: the named one, if it is theirs.

    Without a name, it is the one on which something happened last, and rather one that is not finished.
    """
    listed = [connection for connection in connections_of(user) if not connection.item.disconnected_at]
    if item_id is not None:
        return next((connection for connection in listed if connection.item.id == item_id), None)

    def order(connection: Connection) -> tuple[bool, datetime]:
        item = connection.item
        is_open = connection.is_busy or connection.state in WAITING
        return is_open, max(item.connected_at, item.bank_updated_at or item.connected_at)

    return max(listed, key=order, default=None)


def data_version(user: User, connections: tuple[Connection, ...] | None = None) -> str:
    """Return a text that changes when pages of this user would show other data.

    It is made of the state of each connection and the last sync that changed its data. Pass the connections
    if they are loaded already.
    """
    listed = connections_of(user) if connections is None else connections
    states = sorted(
        f"{connection.item.id} {connection.state} {connection.last_changing_run}" for connection in listed
    )
    return hashlib.sha256(f"{states}".encode()).hexdigest()[:16]


def to_connection(item: Item) -> Connection:
    accounts = getattr(item, "listed_accounts", None)
    if accounts is None:
        accounts = list(item.accounts.all())
    last_changing_run = getattr(item, "last_changing_run", None)
    return Connection(item, _state(item), tuple(accounts), item.collected_at, last_changing_run)


def connection_with_products(item: Item) -> Connection:
    """Return one connection with its products and the number of unreadable records."""
    products = tuple(_freshness(item, state) for state in item.product_states.all())
    unreadable_count = item.quarantined_records.count()
    connection = to_connection(item)
    counted_ids = [
        account.counted_as for account in connection.accounts if account.counted_as and not account.counted_in
    ]
    if counted_ids:
        counted = Account.objects.filter(user=item.user_id, id__in=counted_ids)
        _set_counted_in(connection.accounts, counted.select_related("item__connector"))
    return replace(connection, products=products, unreadable_count=unreadable_count)


def lacks_categories() -> bool:
    """Tell whether Pluggy sends no categories at the moment, for anybody."""
    return Alert.objects.is_active(Alert.Code.CATEGORIES)


def accounts_of(connections: Iterable[Connection]) -> list[Account]:
    """Return the accounts, without those of connections that are being disconnected."""
    return [
        account
        for connection in connections
        if not connection.item.disconnected_at
        for account in connection.accounts
    ]


def find_account(connections: Iterable[Connection], account_id: UUID) -> Account:
    """Return the account. Raises NotFound."""
    for account in accounts_of(connections):
        if account.id == account_id:
            return account
    raise NotFound("account")


def find_item(connections: Iterable[Connection], item_id: UUID) -> Item:
    """Return the item. Raises NotFound, also if it is being disconnected."""
    for connection in connections:
        if connection.item.id == item_id and not connection.item.disconnected_at:
            return connection.item
    raise NotFound("item")


def balances(accounts: Iterable[Account]) -> tuple[Balances, ...]:
    """Return the balances by currency, of the accounts that count."""
    by_currency: dict[str, list[Decimal]] = {}
    for account in accounts:
        if not account.is_counted:
            by_currency.setdefault(account.currency, [Decimal(0), Decimal(0)])
            continue
        sums = by_currency.setdefault(account.currency, [Decimal(0), Decimal(0)])
        if account.is_card:
            sums[1] -= account.signed_balance
        else:
            sums[0] += account.signed_balance
    return tuple(Balances(currency, *sums) for currency, sums in sorted(by_currency.items()))


def _state(item: Item) -> ConnectionState:
    if item.disconnected_at:
        return ConnectionState.DISCONNECTING
    if item.is_imported:
        return ConnectionState.IMPORTED
    if item.gone_at:
        return ConnectionState.GONE
    return _state_at_bank(item) or _state_here(item)


def _state_at_bank(item: Item) -> ConnectionState | None:
    if item.execution_status in REVOKED:
        return ConnectionState.CONSENT_ENDED
    if item.execution_status == PENDING:
        return ConnectionState.WAITING_APPROVAL
    by_status = {
        Item.Status.LOGIN_ERROR: ConnectionState.LOGIN_ERROR,
        Item.Status.WAITING_USER_INPUT: ConnectionState.WAITING_INPUT,
        Item.Status.WAITING_USER_ACTION: ConnectionState.WAITING_ACTION,
        Item.Status.OUTDATED: ConnectionState.OUTDATED,
        Item.Status.UPDATING: ConnectionState.COLLECTING,
        Item.Status.MERGING: ConnectionState.COLLECTING,
    }
    if item.status not in Item.Status.values:
        return ConnectionState.OUTDATED
    return by_status.get(Item.Status(item.status))


def _state_here(item: Item) -> ConnectionState:
    if item.sync.quarantined_until:
        return ConnectionState.QUARANTINED
    if item.sync.failing_since:
        return ConnectionState.UNREACHABLE
    if item.sync.is_behind:
        return ConnectionState.READING
    if item.execution_status != "PARTIAL_SUCCESS":
        return ConnectionState.UP_TO_DATE
    return ConnectionState.QUOTA if _is_over_quota(item) else ConnectionState.PARTIAL


def _is_over_quota(item: Item) -> bool:
    """Tell whether every missing product is missing because the month's readings are used up."""
    details = [detail for detail in (item.status_detail or {}).values() if isinstance(detail, dict)]
    missing = [detail for detail in details if detail.get("isUpdated") is False]
    return bool(missing) and all(
        isinstance(warnings := detail.get("warnings"), list) and any(map(_is_quota_warning, warnings))
        for detail in missing
    )
