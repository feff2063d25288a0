"""The form of a user's preferences."""

from typing import ClassVar

from django import forms
from django.utils.functional import Promise
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
