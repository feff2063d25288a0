"""What several forms ask in the same way: amounts, tags, categories, kinds, accounts."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from banking import amounts
from banking.amounts import BadAmount
from banking.models import Account, Category, CategoryTree, Kind
from banking.models.transactions import TAG_LENGTH

MOST_TAGS = 10


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


def tags_of(text: str) -> tuple[str, ...]:
    """Separated by commas; each once, in the order in which they were written."""
    written = (one.strip() for one in text.split(","))
    tags = tuple(dict.fromkeys(one for one in written if one))
    if len(tags) > MOST_TAGS or any(len(one) > TAG_LENGTH for one in tags):
        raise forms.ValidationError(_("At most 10 tags of 40 characters."))
    return tags


def kind_choices(kinds: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """ "Not counted" has its own box."""
    return [("", _("As its category says")), *(one for one in kinds.items() if one[0] != Kind.NEUTRAL)]


def account_choices(user: User) -> list[tuple[str, Any]]:
    """By bank."""
    by_bank: dict[str, list[tuple[str, str]]] = {}
    for account in Account.objects.of(user).shown().select_related("item__connector"):
        by_bank.setdefault(account.item.connector.name, []).append((str(account.id), account.label))
    return [("", _("Any account")), *by_bank.items()]


def category_choices(none: Any) -> list[tuple[str, Any]]:
    """The tree as groups: each root, then what is below it."""
    by_root: dict[str, list[Category]] = {}
    for category in CategoryTree.at_hand().by_id.values():
        by_root.setdefault(category.root_id, []).append(category)
    groups = [
        (next(one for one in inside if one.id == root).name, [(one.id, one.name) for one in inside])
        for root, inside in by_root.items()
    ]
    return [("", none), *sorted(groups)]
