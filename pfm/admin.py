"""The admin site: operators see the data of all users, most of it read-only."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ClassVar, TypeVar

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.admin import sites
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.utils.translation import gettext as _

from accounts import row_security

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


# They would show the keys of sessions, the secrets of second factors and addresses, and whoever changes an address
# can have its user's password sent there.
UNREGISTERED = (Authenticator, UserSession, EmailAddress, EmailConfirmation)
SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class Site(sites.AdminSite):
    """The admin site, for staff with a second factor, who sign in on the product's own page.

    Its views run with row-level security for all users, after Django's permission check.
    """

    def register(self, model_or_iterable: Any, *args: Any, **options: Any) -> None:
        """Register a model, unless it is one of UNREGISTERED."""
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        shown = [model for model in models if model not in UNREGISTERED]
        super().register(shown, *args, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user is staff with a second factor; it is looked up once for a request."""
        if not super().has_permission(request):
            return False
        is_enabled = getattr(request, "has_second_factor", None)
        if is_enabled is None:
            is_enabled = request.has_second_factor = is_mfa_enabled(request.user, SECOND_FACTORS)  # type: ignore[attr-defined]
        return bool(is_enabled)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send a visitor to the product's sign-in, and staff without a second factor to its set-up."""
        response: HttpResponse = secure_admin_login(self._require_second_factor)(request)
        return response

    def _require_second_factor(self, request: HttpRequest) -> HttpResponse:
        if is_mfa_enabled(request.user, SECOND_FACTORS):
            return redirect("admin:index")
        messages.warning(request, _("Administrators need a second factor. Set one up to go on."))
        return redirect("mfa_index")

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        @wraps(view)
        def view_for_everyone(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with row_security.for_everyone():
                response = view(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()  # now, because templates query the database too
            return response

        return super().admin_view(view_for_everyone, cacheable)  # type: ignore[return-value]


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """A model admin without adding, changing and deleting: the data come from the bank alone."""

    list_select_related: ClassVar[tuple[str, ...]] = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # it counts all rows once for each choice of each filter

    class Media:
        css: ClassVar = {"all": ("css/admin.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may run the actions: those who have the permission to change the model."""
        names = self.model._meta
        return request.user.has_perm(f"{names.app_label}.change_{names.model_name}")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Load a record together with what it refers to, so that its page needs no query for each field."""
        names = [*self.list_select_related, *_foreign_keys(self.model)]
        key = self.model._meta.pk if from_field is None else self.model._meta.get_field(from_field)
        try:
            value = key.to_python(object_id)
            return self.get_queryset(request).select_related(*names).get(**{key.name: value})
        except (self.model.DoesNotExist, ValidationError, ValueError):
            return None


def log_action(request: HttpRequest, objects: Iterable[Model], message: str, *, flag: int = CHANGE) -> None:
    """Store for each object in the admin's log who did what to it."""
    assert request.user.pk is not None
    LogEntry.objects.log_actions(request.user.pk, list(objects), flag, message)


def _foreign_keys(model: type[Model]) -> list[str]:
    return [field.name for field in model._meta.fields if isinstance(field, ForeignKey)]
