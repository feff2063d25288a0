"""Who may enter the admin sees everyone's rows; what may be looked at there and never changed."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.contrib.admin import sites
from django.http import HttpRequest, HttpResponseBase
from django.template.response import SimpleTemplateResponse

from accounts import rows

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Site(sites.AdminSite):
    """Each page is made for the operators: with everyone's rows, once Django has let them in."""

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        @wraps(view)
        def let_in(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with rows.of_everyone():
                response = view(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()  # here, as templates read rows too
            return response

        return super().admin_view(let_in, cacheable)  # type: ignore[return-value]


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """No adding, changing or deleting by hand: money and its story come from the bank alone."""

    show_full_result_count = False

    class Media:
        css: ClassVar = {"all": ("css/admin.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Start work again: for who may change such rows anywhere else."""
        names = self.model._meta
        return request.user.has_perm(f"{names.app_label}.change_{names.model_name}")
