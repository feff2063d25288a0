"""Forms of the user's edits of one transaction."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from banking.ledger.classification import Override
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import Transaction
from banking.web.forms.fields import category_choices, kind_choices, parse_tags


class TransactionEditForm(forms.Form):
    """Everything that a user can edit on a transaction."""

    category = forms.ChoiceField(label=_("Category"), required=False)
    kind = forms.ChoiceField(label=_("Counts as"), required=False)
    tags = forms.CharField(
        label=_("Tags"), required=False, max_length=500, help_text=_("Separated by commas.")
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    hidden = forms.BooleanField(label=_("Do not count this transaction"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = category_choices(_("As sent by the bank"))  # type: ignore[attr-defined]
        self.fields["kind"].choices = kind_choices()  # type: ignore[attr-defined]

    @staticmethod
    def initial_for(transaction: Transaction) -> dict[str, Any]:
        """Return the initial values of the form for a transaction."""
        return {
            "category": transaction.user_category_id or "",
            "kind": transaction.user_kind,
            "tags": ", ".join(transaction.tags),
            "note": transaction.note,
            "hidden": transaction.hidden,
        }

    def clean_tags(self) -> tuple[str, ...]:
        return parse_tags(self.cleaned_data["tags"])

    def edits(self) -> TransactionEdits:
        cleaned = self.cleaned_data
        override = Override(cleaned["category"] or None, cleaned["hidden"], cleaned["kind"])
        return TransactionEdits(override, cleaned["note"], cleaned["tags"])


class CategoryForm(forms.Form):
    """The category of one transaction, as a choice in the list."""

    category = forms.ChoiceField(label=_("Category"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = category_choices(_("As sent by the bank"))  # type: ignore[attr-defined]
