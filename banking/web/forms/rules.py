"""The form of a rule."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from banking.ledger.models import Rule
from banking.web.forms.fields import (
    AmountField,
    account_choices,
    category_choices,
    kind_choices,
    parse_tags,
)
from banking.web.labels.rules import RULE_CHOICES


class RuleForm(forms.Form):
    """Conditions on transactions, and what they become if they meet them."""

    CONDITIONS = ("match", "text", "account", "direction", "min_amount", "max_amount")
    EFFECTS = ("category", "kind", "tags", "hides")

    match = forms.ChoiceField(label=_("The text"), required=False)
    text = forms.CharField(
        label=_("Words"),
        required=False,
        max_length=200,
        help_text=_("In the description, shop or person. Case and accents don't matter."),
    )
    account = forms.ChoiceField(label=_("Account"), required=False)
    direction = forms.ChoiceField(label=_("Direction"), required=False)
    min_amount = AmountField(label=_("Amount from"))
    max_amount = AmountField(label=_("Amount to"))
    category = forms.ChoiceField(label=_("Category"), required=False)
    kind = forms.ChoiceField(label=_("Counts as"), required=False)
    tags = forms.CharField(
        label=_("Tags"), required=False, max_length=500, help_text=_("Separated by commas.")
    )
    hides = forms.BooleanField(label=_("Do not count these transactions"), required=False)
    past = forms.BooleanField(label=_("Also apply to existing transactions"), required=False, initial=True)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {
            "match": [(match.value, RULE_CHOICES[match]) for match in Rule.Match],
            "direction": [
                ("", _("In or out")),
                *((direction.value, RULE_CHOICES[direction]) for direction in Rule.Direction),
            ],
            "account": account_choices(user),
            "category": category_choices(_("No change")),
            "kind": kind_choices(),
        }
        for name, of_field in choices.items():
            self.fields[name].choices = of_field  # type: ignore[attr-defined]

    @staticmethod
    def initial_for(rule: Rule) -> dict[str, Any]:
        """Return the initial values of the form for a rule."""
        names = ("text", "match", "direction", "min_amount", "max_amount", "kind", "hides")
        return {name: getattr(rule, name) for name in names} | {
            "account": str(rule.account_id or ""),
            "category": rule.category_id or "",
            "tags": ", ".join(rule.tags),
            "past": rule.start_date is None,
        }

    @property
    def conditions(self) -> list[forms.BoundField]:
        return [self[name] for name in self.CONDITIONS]

    @property
    def effects(self) -> list[forms.BoundField]:
        return [self[name] for name in self.EFFECTS]

    def clean_tags(self) -> tuple[str, ...]:
        return parse_tags(self.cleaned_data["tags"])

    def clean(self) -> dict[str, Any]:
        """Refuse a rule without any condition or without any effect."""
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        min_amount, max_amount = cleaned["min_amount"], cleaned["max_amount"]
        if min_amount is not None and max_amount is not None and min_amount > max_amount:
            self.add_error("max_amount", _("The minimum is larger than the maximum."))
        has_amount = min_amount is not None or max_amount is not None
        if not cleaned["text"] and not cleaned["account"] and not has_amount:
            raise forms.ValidationError(_("Add a condition: words, an account or an amount."))
        if not (cleaned["category"] or cleaned["kind"] or cleaned["tags"] or cleaned["hides"]):
            raise forms.ValidationError(
                _("Add an effect: a category, what they count as, tags, or not counting them.")
            )
        return cleaned

    def fill(self, rule: Rule, *, today: date) -> Rule:
        """Set the values of the form on a rule, without saving it."""
        cleaned = self.cleaned_data
        for name in ("text", "direction", "min_amount", "max_amount", "kind", "hides"):
            setattr(rule, name, cleaned[name])
        rule.match = cleaned["match"] or Rule.Match.CONTAINS
        rule.account_id, rule.category_id = cleaned["account"] or None, cleaned["category"] or None
        rule.tags = list(cleaned["tags"])
        rule.start_date = None if cleaned["past"] else rule.start_date or today
        return rule
