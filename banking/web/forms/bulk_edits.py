"""The form that edits many transactions at once."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from banking.ledger.edits import BulkChange
from banking.web.forms.fields import category_choices, kind_choices, parse_tags

REMOVE_OVERRIDE = "-"  # the choice that removes the user's own category or kind


class BulkEditForm(forms.Form):
    """A change of many transactions; an empty field leaves them as they are."""

    category = forms.ChoiceField(label=_("Category"), required=False)
    kind = forms.ChoiceField(label=_("Counts as"), required=False)
    hidden = forms.ChoiceField(
        label=_("Include in totals"),
        required=False,
        choices=[("", _("No change")), ("hide", _("Do not count")), ("show", _("Count"))],
    )
    add = forms.CharField(label=_("Add tags"), required=False, max_length=500)
    remove = forms.CharField(label=_("Remove tags"), required=False, max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices, remove_label in (
            ("category", category_choices(_("No change")), _("As sent by the bank")),
            ("kind", kind_choices(), _("Based on its category")),
        ):
            self.fields[name].choices = [  # type: ignore[attr-defined]
                ("", _("No change")),
                (REMOVE_OVERRIDE, remove_label),
                *choices[1:],
            ]

    def clean_add(self) -> tuple[str, ...]:
        return parse_tags(self.cleaned_data["add"])

    def clean_remove(self) -> tuple[str, ...]:
        return parse_tags(self.cleaned_data["remove"])

    def clean(self) -> dict[str, Any]:
        if not self.errors and not any(self.cleaned_data.values()):
            raise forms.ValidationError(_("Choose what to change."))
        return self.cleaned_data

    def change(self) -> BulkChange:
        cleaned = self.cleaned_data
        category, kind = (
            {"": None, REMOVE_OVERRIDE: ""}.get(cleaned[name], cleaned[name]) for name in ("category", "kind")
        )
        hidden = {"hide": True, "show": False}.get(cleaned["hidden"])
        return BulkChange(category, kind, hidden, cleaned["add"], cleaned["remove"])
