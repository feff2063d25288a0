"""Filters of the admin's lists by user."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User


def find_user(text: str) -> User | None:
    """Return the user with this id or e-mail address, if there is one."""
    value = text.strip()
    if not value:
        return None
    is_id = value.isascii() and value.isdecimal() and len(value) < 19
    condition = Q(pk=value) if is_id else Q(email__iexact=value)
    return User.objects.filter(condition).first()


class UserFilter(admin.SimpleListFilter):
    """Filter by a user: `?user=` has the id, or the e-mail address that an operator enters.

    It is a field to fill in, because a list of all users would be long.
    """

    title = _("user")
    parameter_name = "user"
    template = "admin/user_filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return []

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Yield what the template shows: value, user, the page's other parameters, a link without this one."""
        user = self._user
        others = {name: value for name, value in changelist.params.items() if name != self.parameter_name}
        yield {
            "value": self.value() or "",  # as it was entered: an id does not become an address
            "user_id": user.pk if user else None,
            "is_unknown": bool(self.value()) and user is None,
            "others": others,
            "here": self.request.get_full_path(),
            "clear": changelist.get_query_string(remove=[self.parameter_name]),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        self._user = find_user(self.value() or "")
        if not self.value():
            return queryset
        return queryset.none() if self._user is None else queryset.filter(user=self._user)

    _user: User | None = None
