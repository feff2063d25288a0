"""A row in each table with an owner, for a person: made from the models' own fields, whatever they are."""

import uuid
from datetime import date
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from accounts.models import User
from banking.models import BalanceOnDay, Category, Connector, Link, Transaction

SHARED = {
    "Alarm",
    "Category",
    "Connector",
    "Reclassification",
}  # of nobody: the institutions, the categories, our own troubles
OWNED = [model for model in apps.get_app_config("banking").get_models() if model.__name__ not in SHARED]

Row = Any
VALUES: dict[str, Any] = {
    "UUIDField": uuid.uuid4,
    "DateField": lambda: date(2026, 11, 1),
    "DateTimeField": timezone.now,
    "ArrayField": list,
    "CharField": lambda: "x",
    "TextField": lambda: "x",
}


def everything_of(user: User) -> dict[type[models.Model], Row]:
    """By model; the rows belong together."""
    connector, _ = Connector.objects.get_or_create(id=1, defaults={"name": "x", "seen_at": timezone.now()})
    found = {User: user, Connector: connector, Category: Category.objects.first()}
    for model in OWNED:
        found[model] = draft(model, found)
        found[model].save(force_insert=True)
    return found


def draft(model: type[models.Model], among: dict[type[models.Model], Row]) -> Row:
    """A new row, not yet stored, that belongs to those rows."""
    needed = [field for field in model._meta.concrete_fields if _must_be_given(field)]
    return model(**{field.name: _value(field, among) for field in needed})


def _must_be_given(field: models.Field) -> bool:
    if field.model is BalanceOnDay and field.name == "account":  # of one thing: an account, say
        return True
    has_default = field.has_default() or field.db_default is not models.NOT_PROVIDED
    return not (field.null or has_default or isinstance(field, models.AutoField))


def _value(field: models.Field, among: dict[type[models.Model], Row]) -> Any:
    if field.model is Link and field.name == "into":  # of two rows
        another = draft(Transaction, among)
        another.save(force_insert=True)
        return another
    if field.is_relation:
        return among[field.related_model]
    if field.choices:
        return field.choices[0][0]
    return VALUES.get(field.get_internal_type(), lambda: 1)()
