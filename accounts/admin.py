"""Users, groups and the security log in the admin.

Only superusers change who is staff and what staff may do, and only they change accounts of staff: else whoever may
change users could give themselves every permission, or take the account of somebody who has it.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import staff_reading
from accounts.activity import describe
from accounts.admin_filters import UserFilter
from accounts.masked_admin import MaskedAdmin
from accounts.models import SecurityEvent, User
from accounts.security_log import record
from pfm.admin import ReadOnly

# Whoever may change these could give themselves every permission.
SUPERUSER_FIELDS = ("is_staff", "is_superuser", "groups", "user_permissions")


class ReasonForm(forms.Form):
    """Why an administrator wants to read a user's data."""

    reason = forms.CharField(
        label=_("Reason"),
        min_length=staff_reading.MIN_REASON,
        max_length=staff_reading.MAX_REASON,
        widget=forms.TextInput(attrs={"size": 80, "autocomplete": "off"}),
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)


@admin.register(User)
class UserAdmin(MaskedAdmin, DjangoUserAdmin):  # type: ignore[type-arg]
    """The user admin with e-mail addresses; the reference that Pluggy knows is read-only."""

    ordering = ("-pk",)
    list_display = ("email", "first_name", "last_name", "is_staff", "is_active", "last_login", "date_joined")
    list_filter = ("is_staff", "is_superuser", "is_active")
    search_fields = ("=email", "=reference")
    readonly_fields = ("reference", "last_login", "date_joined")
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("email", "password", "reference")}),
        (_("Profile"), {"fields": ("first_name", "last_name", "theme", "hides_amounts", "uses_cash_basis")}),
        (
            _("Permissions"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "password1", "password2")}),)
    change_form_template = "admin/accounts/user/change_form.html"
    page_name = "user"
    plain_fields = (
        *("password", "reference", "theme", "hides_amounts", "uses_cash_basis", "is_active"),
        *("is_staff", "is_superuser", "groups", "user_permissions", "last_login", "date_joined", "status"),
    )

    def user_id_of(self, record: Any) -> int:
        user_id: int = record.pk
        return user_id

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *SUPERUSER_FIELDS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody but a superuser change an account of staff, such as by setting another password."""
        is_protected = (
            obj is not None and (obj.is_staff or obj.is_superuser) and not request.user.is_superuser
        )
        return not is_protected and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody delete a user by a DELETE: an erasure also deletes at Pluggy, and survives failures."""
        return False

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        return [*columns, "status"] if request.user.has_perm("connections.view_item") else columns

    @admin.display(description=_("connections"))
    def status(self, user: User) -> SafeString:
        url = reverse("admin:webhooks_user_status", args=[user.pk])
        return format_html('<a href="{}">{}</a>', url, gettext("Connections and troubles"))

    def get_urls(self) -> list[URLPattern]:
        read = self.admin_site.admin_view(self.read_page)
        return [path("<int:user_id>/read/", read, name="accounts_user_read"), *super().get_urls()]

    def read_page(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Ask for a reason; after it, show the user's personal data for a while."""
        user = User.objects.filter(pk=user_id).first()
        if user is None:
            raise Http404
        form = ReasonForm(request.POST or None, initial={"next": request.GET.get("next", "")})
        if request.method == "POST" and form.is_valid():
            staff_reading.give_reason(request, user, form.cleaned_data["reason"])
            target = form.cleaned_data["next"]
            is_own = url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure())
            return redirect(target if is_own and target else "admin:index")
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Show personal data"),
            "form": form,
            "person": user,
        }
        return render(request, "admin/read_user.html", context, status=400 if form.errors else 200)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Ask for a reason first: the page shows the address, and the password opens everything else."""
        user = self.get_object(request, unquote(id))
        if (
            user is not None
            and self.has_change_permission(request, user)
            and not self.is_readable(request, user)
        ):
            url = reverse("admin:accounts_user_read", args=[user.pk])
            return redirect(f"{url}?next={request.path}")
        return super().user_change_password(request, id, form_url)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Record the change in the user's own log, too."""
        changes = message if isinstance(message, list) else []
        fields = [field for change in changes for field in change.get("changed", {}).get("fields", [])]
        actor = request.user if isinstance(request.user, User) else None
        facts = {"fields": fields}
        record(SecurityEvent.Code.CHANGED_BY_STAFF, user=obj, request=request, actor=actor, facts=facts)
        return super().log_change(request, obj, message)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin):
    """Groups, which give permissions to their members: only superusers change them."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Group | None:
        """Load a group with the names of its permissions, which else are a query each."""
        group: Group | None = super().get_object(request, object_id, from_field)
        if group is not None:
            prefetch_related_objects([group], "permissions__content_type")
        return group

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnly):
    """The security log."""

    list_display = ("at", "code", "details", "user", "actor", "network", "request_id")
    list_filter = (UserFilter, "code", "at")
    search_fields = ("=request_id", "=user__email", "=actor__email", "network")
    list_select_related = ("user", "actor")

    @admin.display(description=_("details"))
    def details(self, event: SecurityEvent) -> str:
        return describe(event)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SecurityEvent]:
        events: QuerySet[SecurityEvent] = super().get_queryset(request)
        return events.order_by("-at", "-id")
