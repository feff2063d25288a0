"""How amounts are kept: exact decimals, room for a trillion and for eight places."""

from typing import Any

from django.db import models


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """numeric(24, 8): what banks send keeps its cents, also for funds' quotas and foreign amounts."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_digits": 24, "decimal_places": 8} | options)

    def deconstruct(self) -> Any:
        """Migrations see Django's own field, so that they never import from the app."""
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.DecimalField", args, options
