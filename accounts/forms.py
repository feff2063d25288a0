"""What people may say about themselves."""

from typing import ClassVar

from django import forms

from accounts.models import User


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name and look."""

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["first_name", "last_name", "theme", "hides_amounts"]
