"""What people may send us about their money."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from banking import amounts
from banking.actions.edits import Change
from banking.actions.parts import Piece
from banking.amounts import BadAmount
from banking.classify import Word
from banking.models import Account, Category, CategoryTree, Kind, Rule
from banking.models.transactions import TAG_LENGTH
from banking.upsert.words import Said

MOST_TAGS = 10
MOST_PARTS = 30
TAKEN_BACK = "-"  # the person's own word, as a choice


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
        self.fields["category"].choices = _categories(_("As the bank says"))  # type: ignore[attr-defined]
        self.fields["kind"].choices = _kinds(kinds)  # type: ignore[attr-defined]

    def said(self) -> Said:
        said = self.cleaned_data
        return Said(Word(said["category"] or None, said["hidden"], said["kind"]), said["note"], said["tags"])

    def clean_tags(self) -> tuple[str, ...]:
        return _tags(self.cleaned_data["tags"])


class AmountField(forms.Field):
    """An amount as people write it: `1.234,56` or `1234.56`, and nothing that could be read in two ways."""

    default_error_messages = {  # noqa: RUF012 - as Django's own fields have it
        "ambiguous": _(
            "It is not clear which amount this is: write 1234 or 1.234,00 for a thousand and more."
        ),
        "unreadable": _("This is not an amount. Write it like 1.234,56."),
        "too large": _("This is more than any account holds."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False} | options)
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def to_python(self, value: str | None) -> Decimal | None:
        if not (value or "").strip():
            return None
        try:
            return amounts.parse(str(value))
        except BadAmount as error:
            raise forms.ValidationError(self.error_messages[error.reason], code=error.reason) from error

    def prepare_value(self, value: Any) -> Any:
        return amounts.written(value) if isinstance(value, Decimal) else value


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
            "account": _accounts(user),
            "category": _categories(_("Leave it as it is")),
            "kind": _kinds(kinds),
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
        return _tags(self.cleaned_data["tags"])

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


class CategoryForm(forms.Form):
    """A row's category alone, in its place in the list."""

    category = forms.ChoiceField(label=_("Category"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = _categories(_("As the bank says"))  # type: ignore[attr-defined]


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
            ("category", _categories(_("Leave it as it is")), _("As the bank says")),
            ("kind", _kinds(kinds), _("As its category says")),
        ):
            choices = [("", _("Leave it as it is")), (TAKEN_BACK, taken_back), *given[1:]]
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_add(self) -> tuple[str, ...]:
        return _tags(self.cleaned_data["add"])

    def clean_remove(self) -> tuple[str, ...]:
        return _tags(self.cleaned_data["remove"])

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


class PartForm(forms.Form):
    """One part of a row. Without an amount there is no such part."""

    part = forms.UUIDField(required=False, widget=forms.HiddenInput)
    amount = AmountField(label=_("Amount"))
    category = forms.ChoiceField(label=_("Category"), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = _categories(_("As the bank says"))  # type: ignore[attr-defined]

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


def _tags(text: str) -> tuple[str, ...]:
    """Separated by commas; each once, in the order in which they were written."""
    written = (one.strip() for one in text.split(","))
    tags = tuple(dict.fromkeys(one for one in written if one))
    if len(tags) > MOST_TAGS or any(len(one) > TAG_LENGTH for one in tags):
        raise forms.ValidationError(_("At most 10 tags of 40 characters."))
    return tags


def _kinds(kinds: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """ "Not counted" has its own box."""
    return [("", _("As its category says")), *(one for one in kinds.items() if one[0] != Kind.NEUTRAL)]


def _accounts(user: User) -> list[tuple[str, Any]]:
    """By bank."""
    by_bank: dict[str, list[tuple[str, str]]] = {}
    for account in Account.objects.of(user).shown().select_related("item__connector"):
        by_bank.setdefault(account.item.connector.name, []).append((str(account.id), account.label))
    return [("", _("Any account")), *by_bank.items()]


def _categories(none: Any) -> list[tuple[str, Any]]:
    """The tree as groups: each root, then what is below it."""
    by_root: dict[str, list[Category]] = {}
    for category in CategoryTree.at_hand().by_id.values():
        by_root.setdefault(category.root_id, []).append(category)
    groups = [
        (next(one for one in inside if one.id == root).name, [(one.id, one.name) for one in inside])
        for root, inside in by_root.items()
    ]
    return [("", none), *sorted(groups)]
