"""Create one instance of every model with an owner, from the models' own fields.

A new model or field needs no change here, so that the tests of row-level security cover it at once.
"""

import uuid
from datetime import date
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Connector
from banking.ledger.models import (
    BalanceSnapshot,
    Category,
    Transaction,
    TransactionMatch,
)

SHARED_MODEL_NAMES = {
    "Alert",
    "Category",
    "Connector",
    "DocumentKeys",
    "ItemListing",
    "ReclassificationJob",
}  # they have no owner
OWNED_MODELS = [
    model
    for app in ("connections", "ledger")
    for model in apps.get_app_config(app).get_models()
    if model.__name__ not in SHARED_MODEL_NAMES
]

Instance = Any  # of a model that is only known at run time
VALUES: dict[str, Any] = {
    "UUIDField": uuid.uuid4,
    "DateField": lambda: date(2026, 11, 1),
    "DateTimeField": timezone.now,
    "ArrayField": list,
    "CharField": lambda: "x",
    "TextField": lambda: "x",
}


def create_instances(user: User) -> dict[type[models.Model], Instance]:
    """Create one instance of each owned model; their foreign keys point to each other. Return them by model."""
    connector, _ = Connector.objects.get_or_create(id=1, defaults={"name": "x", "seen_at": timezone.now()})
    instances: dict[type[models.Model], Instance] = {
        User: user,
        Connector: connector,
        Category: Category.objects.first(),
    }
    for model in OWNED_MODELS:
        instances[model] = build_instance(model, instances)
        instances[model].save(force_insert=True)
    return instances


def build_instance(model: type[models.Model], related: dict[type[models.Model], Instance]) -> Instance:
    """Return an unsaved instance whose foreign keys point to the related instances."""
    required = [field for field in model._meta.concrete_fields if _is_required(field)]
    return model(**{field.name: _value(field, related) for field in required})


def _is_required(field: "models.Field[Any, Any]") -> bool:
    if field.model is BalanceSnapshot and field.name == "account":
        return True  # nullable, but a check constraint requires an account, an investment or a loan
    has_default = field.has_default() or field.db_default is not models.NOT_PROVIDED
    return not (field.null or has_default or isinstance(field, models.AutoField))


def _value(field: "models.Field[Any, Any]", related: dict[type[models.Model], Instance]) -> Any:
    if field.model is TransactionMatch and field.name == "inflow":  # must differ from the outflow
        inflow = build_instance(Transaction, related)
        inflow.save(force_insert=True)
        return inflow
    if field.is_relation:
        return related[field.related_model]  # type: ignore[index]
    if field.choices:
        return field.choices[0][0]
    return VALUES.get(field.get_internal_type(), lambda: 1)()
