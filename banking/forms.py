"""What people may send us about their money."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from banking.classify import Word
from banking.models import Category, Kind
from banking.models.transactions import TAG_LENGTH
from banking.upsert.words import Said

MOST_TAGS = 10


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
        # "Not counted" has its own box.
        sayable = [(kind, text) for kind, text in kinds.items() if kind != Kind.NEUTRAL]
        self.fields["category"].choices = _choices()  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", _("As its category says")), *sayable]  # type: ignore[attr-defined]

    def said(self) -> Said:
        said = self.cleaned_data
        return Said(Word(said["category"] or None, said["hidden"], said["kind"]), said["note"], said["tags"])

    def clean_tags(self) -> tuple[str, ...]:
        """Separated by commas; each once, in the order in which they were written."""
        written = (one.strip() for one in self.cleaned_data["tags"].split(","))
        tags = tuple(dict.fromkeys(one for one in written if one))
        if len(tags) > MOST_TAGS or any(len(one) > TAG_LENGTH for one in tags):
            raise forms.ValidationError(_("At most 10 tags of 40 characters."))
        return tags


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
