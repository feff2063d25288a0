"""Forms of the deletion of an account: that of the user, and that of an administrator."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

GRACE = timedelta(days=7)  # in which a user may change their mind
WAITS = {"later": GRACE, "now": timedelta()}


class ErasureForm(forms.Form):
    """When to delete, and that it is meant."""

    when = forms.ChoiceField(
        label=_("When"),
        widget=forms.RadioSelect,
        choices=(
            ("later", _("In seven days. Until then you can sign in and change your mind.")),
            ("now", _("Now. You are signed out at once.")),
        ),
        initial="later",
    )
    is_meant = forms.BooleanField(label=_("I understand that the deletion cannot be undone."))

    def wait(self) -> timedelta:
        return WAITS[self.cleaned_data["when"]]


class StaffErasureForm(ErasureForm):
    """The same for an administrator, who says why."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Such as how the person asked for it. Write no personal data: it stays in the log."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["when"].choices = (  # type: ignore[attr-defined]
            ("later", _("In seven days, during which the person can cancel it")),
            ("now", _("Now")),
        )
        self.fields["is_meant"].label = _(
            "The person has asked for it, and I have made sure that it was them."
        )
