"""Filters of the admin's lists. None collects its choices from all rows of a large table."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from banking.connections.models import Connector, Item
from banking.ledger.models import Account
from banking.web.labels.text import Text

Conditions = dict[str, tuple[Text, Q]]  # title and condition by the value in the query string


class ConditionFilter(admin.SimpleListFilter):
    """A filter with fixed choices, each with its own condition."""

    conditions: ClassVar[Conditions]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, title) for value, (title, _condition) in self.conditions.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        if value not in self.conditions:
            raise IncorrectLookupParameters(f"{self.parameter_name}={value}")
        return queryset.filter(self.conditions[value][1])


def _exactly(field: str, values: list[str]) -> Conditions:
    return {value: (value, Q(**{field: value})) for value in values}


IS_CONNECTED = Q(disconnected_at=None)


class SyncFilter(ConditionFilter):
    """Connections by what is wrong with their syncs."""

    title = _("sync")
    parameter_name = "sync"
    conditions: ClassVar[Conditions] = {
        "behind": (_("Behind"), IS_CONNECTED & Q(sync__dirty_seq__gt=F("sync__synced_seq"))),
        "failing": (_("Failing"), IS_CONNECTED & Q(sync__failing_since__isnull=False)),
        "parked": (_("Parked after crashes"), IS_CONNECTED & Q(sync__quarantined_until__isnull=False)),
        "gone": (_("Gone at Pluggy"), IS_CONNECTED & Q(gone_at__isnull=False)),
        "disconnecting": (_("Being disconnected"), ~IS_CONNECTED),
    }


class ItemStatusFilter(ConditionFilter):
    title = _("status")
    parameter_name = "status"
    conditions: ClassVar[Conditions] = _exactly("status", Item.Status.values) | {
        "other": (_("Another one"), ~Q(status__in=Item.Status.values))
    }


class AccountTypeFilter(ConditionFilter):
    title = _("type")
    parameter_name = "type"
    conditions: ClassVar[Conditions] = _exactly("type", Account.Type.values)


class TransactionAccountTypeFilter(AccountTypeFilter):
    title = _("account type")
    parameter_name = "account_type"
    conditions: ClassVar[Conditions] = _exactly("account__type", Account.Type.values)


class TransactionStatusFilter(ConditionFilter):
    title = _("status")
    parameter_name = "status"
    conditions: ClassVar[Conditions] = _exactly("status", ["POSTED", "PENDING"])


class DeletedFilter(ConditionFilter):
    """Transactions by whether the bank still has them."""

    title = _("deleted")
    parameter_name = "deleted"
    conditions: ClassVar[Conditions] = {
        "no": (_("The bank has it"), Q(deleted_at=None)),
        "yes": (_("Deleted by the bank"), Q(deleted_at__isnull=False)),
    }


class ConnectorFilter(admin.SimpleListFilter):
    """Filter by the institution; the choices are those that a connection uses."""

    title = _("connector")
    parameter_name = "connector"
    path: ClassVar[str] = "connector"  # from the model to the connector

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        used = Connector.objects.filter(Exists(Item.objects.filter(connector=OuterRef("pk"))))
        return [(str(pk), name) for pk, name in used.order_by("name", "pk").values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        if value not in dict(self.lookup_choices):
            raise IncorrectLookupParameters(f"connector={value}")
        return queryset.filter(**{self.path: value})


class AccountConnectorFilter(ConnectorFilter):
    path: ClassVar[str] = "item__connector"


class TransactionConnectorFilter(ConnectorFilter):
    path: ClassVar[str] = "account__item__connector"
