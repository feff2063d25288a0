"""The forms of a user's preferences and of their address, and what differs from allauth's forms."""

from typing import Any, ClassVar

from allauth.account import forms as allauth_forms
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.base import forms as second_factor_forms
from django import forms
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db.transaction import atomic
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import limits, sign_in_limits
from accounts.models import User


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name and appearance."""

    class Meta:
        model = User
        fields: ClassVar[list[str]] = [
            "first_name",
            "last_name",
            "theme",
            "hides_amounts",
            "uses_cash_basis",
        ]
        labels: ClassVar[dict[str, Promise]] = {
            "first_name": _("First name"),
            "last_name": _("Surname"),
            "theme": _("Light or dark"),
            "hides_amounts": _("Hide the amounts"),
        }
        help_texts: ClassVar[dict[str, Promise]] = {
            "hides_amounts": _("The pages then come without amounts; shares and counts stay visible.")
        }


class SignupForm(allauth_forms.SignupForm):  # type: ignore[misc]
    """Create an account. The time of the answer does not tell whether somebody has the address."""

    def try_save(self, request: HttpRequest) -> Any:
        """Create the account in one transaction; for an address that is taken, work as much."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
            cache.set("sign-up-with-a-taken-address", True, timeout=1)  # one transaction, too
            return super().try_save(request)
        with atomic():
            return super().try_save(request)


class RequestLoginCodeForm(allauth_forms.RequestLoginCodeForm):  # type: ignore[misc]
    """Ask for a code by e-mail: one network address cannot use up what an e-mail address may ask for."""

    def clean_email(self) -> str:
        request, email = context.request, self.cleaned_data["email"].lower()
        if limits.consume(request, "request_code_here", key=f"{limits.network(request)} {email}") is None:
            raise forms.ValidationError(_("Too many codes were requested. Wait a few minutes."))
        address: str = super().clean_email()
        return address


class SecondFactorForm(second_factor_forms.AuthenticateForm):  # type: ignore[misc]
    """Ask for a code of the second factor, unless too many were wrong."""

    def clean_code(self) -> str:
        sign_in_limits.check_second_factor(context.request, self.user)
        code: str = super().clean_code()
        return code


class ChangeEmailForm(allauth_forms.AddEmailForm):  # type: ignore[misc]
    """Ask for a new address, which replaces the present one once it is confirmed.

    An unconfirmed present address would be removed at once by allauth, and a typing error would cost the account.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New address")
        self.fields["email"].widget.attrs.pop("placeholder", None)

    def clean_email(self) -> str:
        if not EmailAddress.objects.filter(user=self.user, verified=True).exists():
            raise forms.ValidationError(gettext("Confirm your present address first."))
        return str(super().clean_email())
