"""What people may send us about their money."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from banking.classify import PersonsWord
from banking.models import Category


class PersonsWordForm(forms.Form):
    """The person's word about one row."""

    category = forms.ChoiceField(label=_("Category"), required=False)
    note = forms.CharField(
        label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    hidden = forms.BooleanField(label=_("Do not count this transaction"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = _choices()  # type: ignore[attr-defined]

    def word(self) -> PersonsWord:
        return PersonsWord(self.cleaned_data["category"] or None, self.cleaned_data["hidden"])


def _choices() -> list[tuple[str, Any]]:
    """The tree as groups: each root, then what is below it."""
    by_root: dict[str, list[Category]] = {}
    for category in Category.objects.all():
        by_root.setdefault(category.root_id, []).append(category)
    groups = [
        (next(one for one in inside if one.id == root).name, [(one.id, one.name) for one in inside])
        for root, inside in by_root.items()
    ]
    return [("", _("As the bank says")), *sorted(groups)]
