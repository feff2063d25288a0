"""Find the tables with data of users by walking all models, so that a new table is covered by itself.

A table belongs to a user if it has a foreign key `user`, or a required foreign key to such a table:
`connections_syncstate` belongs to the user of its item. Data without a foreign key is in traces.py.
"""

from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey, Model, QuerySet

from accounts.models import Erasure, User

OWNER = "user"
KEPT = frozenset[type[Model]]({Erasure})  # it becomes anonymous instead


@dataclass(frozen=True)
class OwnedTable:
    """A table and the column by which its rows belong to a user, perhaps through another owned table."""

    model: type[Model]
    field: "ForeignKey[Any, Any]"
    parent: "OwnedTable | None"  # None if the column is that of the user

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def lookup(self) -> str:
        """Return the path from the table to the user, for the ORM: `user`, `item__user`."""
        return self.field.name if self.parent is None else f"{self.field.name}__{self.parent.lookup}"

    @property
    def condition(self) -> str:
        """Return the SQL that selects the rows of a user; its parameter is the user's id."""
        if self.parent is None:
            return f'"{self.field.column}" = %s'
        key = self.field.target_field.column
        rows = f'SELECT "{key}" FROM "{self.parent.name}" WHERE {self.parent.condition}'
        return f'"{self.field.column}" IN ({rows})'

    def of(self, user: User) -> QuerySet[Model]:
        return self.model._base_manager.filter(**{self.lookup: user.pk})

    def delete(self, user_id: int, limit: int) -> int:
        """Delete up to so many rows of a user and return their number. Rows that others refer to go last."""
        for condition in (*(f'"{column}" IS NOT NULL' for column in self._own_references()), "true"):
            with connection.cursor() as cursor:
                cursor.execute(
                    f'DELETE FROM "{self.name}" WHERE ctid = ANY(ARRAY('
                    f'SELECT ctid FROM "{self.name}" WHERE {self.condition} AND {condition} LIMIT %s))',
                    [user_id, limit],
                )
                count: int = cursor.rowcount
            if count:
                return count
        return 0

    def _own_references(self) -> list[str]:
        """Return the columns that refer to the table itself: the parts of a split, to the whole."""
        return [field.column for field in foreign_keys(self.model) if field.related_model is self.model]


@cache
def owned_tables() -> tuple[OwnedTable, ...]:
    """Return all tables with data of users, but for the users themselves; a table precedes those it refers to."""
    models = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model not in KEPT
    ]
    owned: dict[type[Model], OwnedTable] = {}
    while new := {model: table for model in models if model not in owned and (table := _table(model, owned))}:
        owned |= new
    order: TopologicalSorter[type[Model]] = TopologicalSorter(dict.fromkeys(owned, ()))
    for model in owned:
        for field in foreign_keys(model):
            if field.related_model in owned and field.related_model is not model:
                order.add(field.related_model, model)
    return tuple(owned[model] for model in order.static_order())


def foreign_keys(model: type[Model]) -> "list[ForeignKey[Any, Any]]":
    return [field for field in model._meta.concrete_fields if isinstance(field, ForeignKey)]


def _table(model: type[Model], owned: dict[type[Model], OwnedTable]) -> OwnedTable | None:
    fields = foreign_keys(model)
    for field in fields:
        if field.related_model is User and field.name == OWNER:
            return OwnedTable(model, field, None)
    for field in fields:
        if field.related_model in owned and not field.null:
            return OwnedTable(model, field, owned[field.related_model])
    return None
