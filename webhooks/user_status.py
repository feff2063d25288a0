"""The connections of one user and what is wrong with them, for operators."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.masking import MASK
from accounts.models import User
from banking.connections.models import Item
from banking.ledger.models import DeletionReview, QuarantinedRecord
from banking.reports.connections import Connection, ConnectionState, to_connection
from banking.web.labels.connections import PRODUCTS
from banking.web.labels.dates import format_moment
from webhooks import timeline
from webhooks.models import Event


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong, in the language of the request."""

    text: str
    tone: str  # bad or warn
    since: datetime | None = None
    detail: str = ""  # a code, or the text of an error
    url: str = ""  # where an operator sees more


@dataclass(frozen=True)
class ConnectionStatus:
    """A connection and its troubles."""

    connection: Connection
    troubles: tuple[Trouble, ...]

    @property
    def item(self) -> Item:
        return self.connection.item


@dataclass(frozen=True)
class UserStatus:
    """A user, their connections, and troubles that belong to no connection."""

    user: User
    connections: tuple[ConnectionStatus, ...]
    troubles: tuple[Trouble, ...]

    @property
    def has_troubles(self) -> bool:
        return bool(self.troubles) or any(status.troubles for status in self.connections)


def user_status(user_id: int, *, shows_names: bool) -> UserStatus:
    """Return the status of a user, with or without names of accounts. Raises User.DoesNotExist. Four queries."""
    parked = Event.objects.filter(client_user_id=OuterRef("reference"), state=Event.State.PARKED)
    user = User.objects.annotate(parked_events=_count(parked, "client_user_id")).get(pk=user_id)
    connections = tuple(
        ConnectionStatus(connection, tuple(_connection_troubles(connection, shows_names)))
        for connection in map(to_connection, _items(user))
    )
    return UserStatus(user, connections, tuple(_user_troubles(user, connections)))


def _items(user: User) -> QuerySet[Item]:
    """Return the user's items with what the troubles are made of."""
    item = OuterRef("pk")
    return (
        Item.objects.of(user)
        .select_related("connector", "sync")
        .prefetch_related(Prefetch("accounts", to_attr="listed_accounts"), "product_states")
        .annotate(
            open_reviews=_count(DeletionReview.objects.open().filter(item=item), "item_id"),
            unreadable_records=_count(QuarantinedRecord.objects.filter(item=item), "item_id"),
            dead_events=_count(Event.objects.filter(item_id=item, state=Event.State.DEAD), "item_id"),
        )
        .order_by("connected_at", "pk")
    )


def _count(queryset: QuerySet[Any], group: str) -> Coalesce:
    """Return a subquery with the count of a queryset, all of whose rows have the same value of `group`."""
    counted = queryset.order_by().values(group).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), Value(0), output_field=IntegerField())


def _user_troubles(user: Any, connections: tuple[ConnectionStatus, ...]) -> Iterator[Trouble]:
    if not user.is_active and connections:
        yield Trouble(_("The user is deactivated: their connections are not read."), "warn")
    if user.parked_events:
        text = ngettext(
            "%(n)s event is of a connection of this user that we don't have.",
            "%(n)s events are of connections of this user that we don't have.",
            user.parked_events,
        )
        yield Trouble(text % {"n": user.parked_events}, "warn", url=_events_url(user.reference, "parked"))


def _connection_troubles(connection: Connection, shows_names: bool) -> Iterator[Trouble]:
    item: Any = connection.item  # with the annotations of _items()
    yield from _state_troubles(connection)
    yield from _sync_troubles(connection.item)
    for state in item.product_states.all():
        if state.failing_since:
            text = _("Pluggy refuses %(product)s.") if state.is_refused else _("%(product)s can't be read.")
            product = PRODUCTS.get(state.product, state.product)
            yield Trouble(text % {"product": product}, "warn", state.failing_since, state.failure)
    missing = [account for account in connection.accounts if account.may_be_closed]
    for account in missing:
        text = _("The bank no longer lists %(account)s.") % {
            "account": account.label if shows_names else MASK
        }
        yield Trouble(text, "warn", account.missing_since)
    if item.open_reviews:
        url = f"{reverse('admin:ledger_deletionreview_changelist')}?q={item.id}"
        yield Trouble(_("Missing transactions wait for a review."), "bad", url=url)
    if item.unreadable_records:
        text = ngettext(
            "%(n)s record can't be read.", "%(n)s records can't be read.", item.unreadable_records
        )
        url = f"{reverse('admin:ledger_quarantinedrecord_changelist')}?q={item.id}"
        yield Trouble(text % {"n": item.unreadable_records}, "warn", url=url)
    if item.dead_events:
        text = ngettext("%(n)s event was given up.", "%(n)s events were given up.", item.dead_events)
        yield Trouble(text % {"n": item.dead_events}, "bad", url=_events_url(item.id, "dead"))


def _state_troubles(connection: Connection) -> Iterator[Trouble]:
    """Yield what keeps the bank's data from Pluggy."""
    item, state = connection.item, connection.state
    code = item.error_code or item.execution_status
    if state == ConnectionState.DISCONNECTING:
        text = _("It is being disconnected, but Pluggy has not confirmed it.")
        yield Trouble(text, "warn", item.disconnected_at)
    elif state == ConnectionState.GONE:
        yield Trouble(_("Pluggy no longer has this connection."), "bad", item.gone_at)
    elif connection.needs_user:
        yield Trouble(_("It waits for the user."), "bad", connection.waiting_since, code)
    elif state == ConnectionState.OUTDATED:
        yield Trouble(_("The last collection failed."), "warn", item.bank_updated_at, code)
    elif state in (ConnectionState.PARTIAL, ConnectionState.QUOTA):
        yield Trouble(_("The bank did not send everything."), "warn", item.bank_updated_at, code)
    if connection.waits_for_resources:
        yield Trouble(_("The bank waits for an approval of more accounts."), "warn")


def _sync_troubles(item: Item) -> Iterator[Trouble]:
    """Yield what keeps Pluggy's data from us. Nothing is synced while the item is being disconnected."""
    sync = item.sync
    if item.disconnected_at:
        return
    if sync.quarantined_until:
        text = _("Its syncs crashed their workers: parked until %(time)s, or until a sync is started.")
        yield Trouble(text % {"time": format_moment(sync.quarantined_until)}, "bad")
    if sync.failing_since:
        text = ngettext(
            "Syncs fail: %(n)s attempt, the next one at %(time)s.",
            "Syncs fail: %(n)s attempts, the next one at %(time)s.",
            sync.attempts,
        )
        detail = timeline.explain(sync.failure) or sync.failure
        values = {"n": sync.attempts, "time": format_moment(sync.due_at)}
        yield Trouble(text % values, "bad", sync.failing_since, detail)
    elif sync.is_behind and not sync.quarantined_until:
        behind = sync.dirty_seq - sync.synced_seq
        text = ngettext("%(n)s change is not read yet.", "%(n)s changes are not read yet.", behind)
        yield Trouble(text % {"n": behind}, "warn", sync.synced_at)


def _events_url(text: object, state: str) -> str:
    return f"{reverse('admin:webhooks_event_changelist')}?q={text}&state__exact={state}"
