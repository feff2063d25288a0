"""The forms of a user's preferences and of their address."""

from typing import Any, ClassVar

from allauth.account.forms import AddEmailForm
from allauth.account.models import EmailAddress
from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

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


class ChangeEmailForm(AddEmailForm):  # type: ignore[misc]
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
