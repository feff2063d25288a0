"""Rows with an owner are reached only by `.of(user)`; a stranger's id is simply not there."""

from typing import Self, TypeVar

from django.db import models

from accounts.models import User

M = TypeVar("M", bound=models.Model)


class OwnedQuerySet(models.QuerySet[M]):
    """A queryset whose rows belong to a person, in the column `user`."""

    def of(self, user: User) -> Self:
        return self.filter(user=user)
