"""One thing that is said of many rows."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from banking.actions.edits import Change
from banking.forms.fields import category_choices, kind_choices, tags_of

TAKEN_BACK = "-"  # the person's own word, as a choice


class EditForm(forms.Form):
    """What a person says of many rows at once; an empty field leaves each row as it is."""

    category = forms.ChoiceField(label=_("Category"), required=False)
    kind = forms.ChoiceField(label=_("Counts as"), required=False)
    hidden = forms.ChoiceField(
        label=_("Counting"),
        required=False,
        choices=[("", _("Leave it as it is")), ("hide", _("Do not count")), ("show", _("Count"))],
    )
    add = forms.CharField(label=_("Add tags"), required=False, max_length=500)
    remove = forms.CharField(label=_("Take tags away"), required=False, max_length=500)

    def __init__(self, *args: Any, kinds: Mapping[str, Any], **kwargs: Any) -> None:
        """`kinds` in words, by kind."""
        super().__init__(*args, **kwargs)
        for name, given, taken_back in (
            ("category", category_choices(_("Leave it as it is")), _("As the bank says")),
            ("kind", kind_choices(kinds), _("As its category says")),
        ):
            choices = [("", _("Leave it as it is")), (TAKEN_BACK, taken_back), *given[1:]]
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_add(self) -> tuple[str, ...]:
        return tags_of(self.cleaned_data["add"])

    def clean_remove(self) -> tuple[str, ...]:
        return tags_of(self.cleaned_data["remove"])

    def clean(self) -> dict[str, Any]:
        if not self.errors and not any(self.cleaned_data.values()):
            raise forms.ValidationError(_("Choose what is to be changed."))
        return self.cleaned_data

    def change(self) -> Change:
        said = self.cleaned_data
        category, kind = (
            {"": None, TAKEN_BACK: ""}.get(said[name], said[name]) for name in ("category", "kind")
        )
        hidden = {"hide": True, "show": False}.get(said["hidden"])
        return Change(category, kind, hidden, said["add"], said["remove"])
