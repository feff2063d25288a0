"""The model field of amounts."""

from typing import Any

from django.db import models


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """numeric(24, 8): exact, with room for fund quotas and foreign amounts."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_digits": 24, "decimal_places": 8} | options)

    def deconstruct(self) -> Any:
        """Describe the field as Django's own, so that migrations do not import this module."""
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.DecimalField", args, options
