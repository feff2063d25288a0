"""Model admins that hide what is personal until staff have given a reason (accounts/staff_reading.py).

What is hidden is decided by what may be shown: a new column of a model is hidden until it is named here.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, label_for_field, lookup_field
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts import staff_reading
from accounts.masking import MASK, masked_email


class Masked:
    """A record whose text is hidden; it stands in for the record in headings."""

    def __init__(self, record: Any) -> None:
        self.pk = record.pk

    def __str__(self) -> str:
        return MASK


class MaskedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Hide fields and columns that are not plain, unless the session may read their user's data."""

    plain_fields: ClassVar[tuple[str, ...]] = ()  # fields, and columns of the list, that say nothing personal
    page_name: ClassVar[str]  # what the user's activity calls these pages
    change_form_template = "admin/masked_change_form.html"

    def user_id_of(self, record: Any) -> int:
        """Return whose record it is."""
        user_id: int = record.user_id
        return user_id

    def is_readable(self, request: HttpRequest, record: Any) -> bool:
        return record is None or self.user_id_of(record) in staff_reading.readable_users(request)

    def get_list_display(self, request: HttpRequest) -> Any:
        readable = staff_reading.readable_users(request)
        columns = super().get_list_display(request)
        return [
            name if name in self.plain_fields else self._masked_column(name, readable) for name in columns
        ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if self.is_readable(request, obj):
            return fieldsets
        return [
            (title, {**options, "fields": [self._masked_field(name) for name in options["fields"]]})
            for title, options in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        if self.is_readable(request, obj):
            return fields
        names = flatten_fieldsets(self.fieldsets or ())  # a page without a form does not ask for them
        return [*fields, *(self._masked_field(name) for name in names if name not in self.plain_fields)]

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """Refuse to filter by what is hidden: the count of matches would tell it."""
        hidden = {field.name for field in self.opts.fields} - set(self.plain_fields)
        return lookup.partition("__")[0] not in hidden and super().lookup_allowed(lookup, value, request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response: Any = super().changelist_view(request, extra_context)
        changelist = getattr(response, "context_data", None) and response.context_data.get("cl")
        if changelist:
            shown = {self.user_id_of(record) for record in changelist.result_list}
            readable = shown & staff_reading.readable_users(request)
            staff_reading.note_read(request, readable, page=self.page_name)
        return response  # type: ignore[no-any-return]

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        response: Any = super().render_change_form(request, context, add, change, form_url, obj)
        if obj is not None and self.is_readable(request, obj):
            staff_reading.note_read(request, [self.user_id_of(obj)], page=self.page_name)
        elif obj is not None:
            user_id = self.user_id_of(obj)
            response.context_data |= {"original": Masked(obj), "subtitle": MASK, "masked_user_id": user_id}
        return response  # type: ignore[no-any-return]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        record = self.get_object(request, object_id)
        if record is not None and not self.is_readable(request, record):
            extra_context = {
                "title": _("Change history: %s") % MASK,
                "object": Masked(record),
                **(extra_context or {}),
            }
        return super().history_view(request, object_id, extra_context)

    def _masked_column(self, name: Any, readable: frozenset[int]) -> Callable[[Any], Any]:
        label: Any = label_for_field(name, self.model, self)

        def column(record: Any) -> Any:
            if self.user_id_of(record) not in readable:
                return masked_email(record.email) if name == "email" else MASK
            value = lookup_field(name, record, self)[2]
            return "–" if value is None else value

        return _displayed(column, name, label)

    def _masked_field(self, name: Any) -> Any:
        return name if name in self.plain_fields else _masked_field(self, name)


@cache
def _masked_field(model_admin: MaskedAdmin, name: str) -> Callable[[Any], str]:
    """Return a field of a page that shows the mask; the same function each time, as Django compares them."""
    label: Any = label_for_field(name, model_admin.model, model_admin)

    def field(record: Any) -> str:
        return masked_email(record.email) if name == "email" else MASK

    return _displayed(field, name, label)


def _displayed(function: Callable[[Any], Any], name: str, label: Any) -> Callable[[Any], Any]:
    """Name a function as Django's admin shows it. It cannot be sorted by: the order would tell what is hidden."""
    function.__name__ = f"masked_{name}"
    return admin.display(function, description=label)
