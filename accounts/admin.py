"""People in the admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin

from accounts.models import User


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    """Signs people up by e-mail; the reference that Pluggy knows is shown and never edited."""

    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_staff", "is_active", "last_login", "date_joined")
    search_fields = ("email", "first_name", "last_name", "reference")
    readonly_fields = ("reference", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password", "reference")}),
        ("Profile", {"fields": ("first_name", "last_name", "theme", "hides_amounts", "counts_when_paid")}),
        ("Permissions", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "password1", "password2")}),)
