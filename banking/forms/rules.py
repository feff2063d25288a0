"""A person's rule."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from banking.forms.fields import AmountField, account_choices, category_choices, kind_choices, tags_of
from banking.models import Rule


class RuleForm(forms.Form):
    """If a row is so, then it is that."""

    IF = ("match", "text", "account", "direction", "least", "most")
    THEN = ("category", "kind", "tags", "hides")

    match = forms.ChoiceField(label=_("The text"), required=False)
    text = forms.CharField(
        label=_("Words"),
        required=False,
        max_length=200,
        help_text=_("Of the description, the shop or the person; case and accents do not matter."),
    )
    account = forms.ChoiceField(label=_("Account"), required=False)
    direction = forms.ChoiceField(label=_("Direction"), required=False)
    least = AmountField(label=_("Amount from"))
    most = AmountField(label=_("Amount to"))
    category = forms.ChoiceField(label=_("Category"), required=False)
    kind = forms.ChoiceField(label=_("Counts as"), required=False)
    tags = forms.CharField(
        label=_("Tags"), required=False, max_length=500, help_text=_("Separated by commas.")
    )
    hides = forms.BooleanField(label=_("Do not count these transactions"), required=False)
    past = forms.BooleanField(
        label=_("Also for transactions that are already here"), required=False, initial=True
    )

    def __init__(
        self, *args: Any, user: User, kinds: Mapping[str, Any], words: Mapping[str, Any], **kwargs: Any
    ) -> None:
        """`kinds` and `words` (of Match and Direction): in words, by their codes."""
        super().__init__(*args, **kwargs)
        choices = {
            "match": [(one.value, words[one]) for one in Rule.Match],
            "direction": [("", _("In or out")), *((one.value, words[one]) for one in Rule.Direction)],
            "account": account_choices(user),
            "category": category_choices(_("Leave it as it is")),
            "kind": kind_choices(kinds),
        }
        for name, found in choices.items():
            self.fields[name].choices = found  # type: ignore[attr-defined]

    @property
    def conditions(self) -> list[forms.BoundField]:
        return [self[name] for name in self.IF]

    @property
    def effects(self) -> list[forms.BoundField]:
        return [self[name] for name in self.THEN]

    def clean_tags(self) -> tuple[str, ...]:
        return tags_of(self.cleaned_data["tags"])

    def clean(self) -> dict[str, Any]:
        """Only what a person can have meant: not everything, not nothing."""
        said = self.cleaned_data
        if self.errors:
            return said
        least, most = said["least"], said["most"]
        if least is not None and most is not None and least > most:
            self.add_error("most", _("The amounts are the wrong way round."))
        if not said["text"] and not said["account"] and least is None and most is None:
            raise forms.ValidationError(
                _("Say to which transactions it applies: by words, an account or an amount.")
            )
        if not (said["category"] or said["kind"] or said["tags"] or said["hides"]):
            raise forms.ValidationError(
                _("Say what they are: a category, what they count as, tags, or not counted.")
            )
        return said

    def fill(self, rule: Rule, *, today: date) -> Rule:
        """The rule as the form says; nothing is stored."""
        said = self.cleaned_data
        for name in ("text", "direction", "least", "most", "kind", "hides"):
            setattr(rule, name, said[name])
        rule.match = said["match"] or Rule.Match.CONTAINS
        rule.account_id, rule.category_id = said["account"] or None, said["category"] or None
        rule.tags = list(said["tags"])
        rule.since = None if said["past"] else rule.since or today
        return rule
