"""Querysets of models with an owner."""

from typing import Self, TypeVar

from django.db import models

from accounts.models import User

M = TypeVar("M", bound=models.Model)


class OwnedQuerySet(models.QuerySet[M]):
    """A queryset of a model whose column `user` is the owner."""

    def of(self, user: User) -> Self:
        """Return what belongs to the user; views use it for every lookup, so that other ids are not found."""
        return self.filter(user=user)
