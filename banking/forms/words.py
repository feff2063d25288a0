"""The person's word about one row."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from banking.classify import Word
from banking.forms.fields import category_choices, kind_choices, tags_of
from banking.upsert.words import Said


class PersonsWordForm(forms.Form):
    """The person's word about one row."""

    category = forms.ChoiceField(label=_("Category"), required=False)
    kind = forms.ChoiceField(label=_("Counts as"), required=False)
    tags = forms.CharField(
        label=_("Tags"), required=False, max_length=500, help_text=_("Separated by commas.")
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    hidden = forms.BooleanField(label=_("Do not count this transaction"), required=False)

    def __init__(self, *args: Any, kinds: Mapping[str, Any], **kwargs: Any) -> None:
        """`kinds` in words, by kind."""
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = category_choices(_("As the bank says"))  # type: ignore[attr-defined]
        self.fields["kind"].choices = kind_choices(kinds)  # type: ignore[attr-defined]

    def said(self) -> Said:
        said = self.cleaned_data
        return Said(Word(said["category"] or None, said["hidden"], said["kind"]), said["note"], said["tags"])

    def clean_tags(self) -> tuple[str, ...]:
        return tags_of(self.cleaned_data["tags"])


class CategoryForm(forms.Form):
    """A row's category alone, in its place in the list."""

    category = forms.ChoiceField(label=_("Category"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = category_choices(_("As the bank says"))  # type: ignore[attr-defined]
