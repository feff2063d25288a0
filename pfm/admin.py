"""What the admin may look at and never change."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest


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
