"""The parts of a row."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from banking.actions.parts import Piece
from banking.forms.fields import AmountField, category_choices

MOST_PARTS = 30


class PartForm(forms.Form):
    """One part of a row. Without an amount there is no such part."""

    part = forms.UUIDField(required=False, widget=forms.HiddenInput)
    amount = AmountField(label=_("Amount"))
    category = forms.ChoiceField(label=_("Category"), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = category_choices(_("As the bank says"))  # type: ignore[attr-defined]

    def clean_amount(self) -> Decimal | None:
        amount: Decimal | None = self.cleaned_data["amount"]
        if amount is not None and amount <= 0:
            raise forms.ValidationError(_("A part is more than nothing."))
        return amount

    def piece(self) -> Piece | None:
        said = self.cleaned_data
        if said.get("amount") is None:
            return None
        return Piece(said["amount"], said["category"] or None, said["note"], said["part"])


PartForms = forms.formset_factory(PartForm, extra=3, max_num=MOST_PARTS, absolute_max=MOST_PARTS)
