"""Forms of the page on which a user splits a transaction."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from banking.ledger.edits import Split
from banking.web.forms.fields import AmountField, category_choices

MAX_SPLITS = 30


class SplitForm(forms.Form):
    """One split of a transaction. A form without an amount stands for no split."""

    split = forms.UUIDField(required=False, widget=forms.HiddenInput)
    amount = AmountField(label=_("Amount"))
    category = forms.ChoiceField(label=_("Category"), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = category_choices(_("As sent by the bank"))  # type: ignore[attr-defined]

    def clean_amount(self) -> Decimal | None:
        amount: Decimal | None = self.cleaned_data["amount"]
        if amount is not None and amount <= 0:
            raise forms.ValidationError(_("Enter an amount greater than zero."))
        return amount

    def to_split(self) -> Split | None:
        """Return the split that the user asked for; None if the form was left empty."""
        cleaned = self.cleaned_data
        if cleaned.get("amount") is None:
            return None
        return Split(cleaned["amount"], cleaned["category"] or None, cleaned["note"], cleaned["split"])


SplitFormSet = forms.formset_factory(SplitForm, extra=3, max_num=MAX_SPLITS, absolute_max=MAX_SPLITS)
