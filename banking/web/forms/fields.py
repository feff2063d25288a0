"""Fields and choices that several forms share: amounts, tags, categories, kinds and accounts."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from banking.ledger.models import (
    Account,
    Category,
    CategoryTree,
    Kind,
)
from banking.ledger.models.transactions import TAG_LENGTH
from banking.money import amounts
from banking.money.amounts import BadAmount
from banking.web.labels.transactions import KINDS

MAX_TAGS = 10


class AmountField(forms.Field):
    """An amount as people write it, `1.234,56` or `1234.56`; an ambiguous one is refused."""

    default_error_messages = {  # noqa: RUF012 - as Django's own fields have it
        "ambiguous": _("This amount is ambiguous. For thousands, write 1234 or 1.234,00."),
        "unreadable": _("Enter an amount like 1.234,56."),
        "too large": _("This amount is too large."),
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
        return amounts.format_input(value) if isinstance(value, Decimal) else value


def parse_tags(text: str) -> tuple[str, ...]:
    """Split a text at commas; return each tag once. Raises ValidationError."""
    stripped = (tag.strip() for tag in text.split(","))
    tags = tuple(dict.fromkeys(tag for tag in stripped if tag))
    if len(tags) > MAX_TAGS or any(len(tag) > TAG_LENGTH for tag in tags):
        raise forms.ValidationError(_("At most 10 tags of 40 characters."))
    return tags


def kind_choices() -> list[tuple[str, Any]]:
    """Return the kinds that a user can choose. "Not counted" is not one, as it has a checkbox of its own."""
    kinds = [(kind, label) for kind, label in KINDS.items() if kind != Kind.NEUTRAL]
    return [("", _("Based on its category")), *kinds]


def account_choices(user: User) -> list[tuple[str, Any]]:
    """Return the user's accounts, grouped by bank."""
    by_bank: dict[str, list[tuple[str, str]]] = {}
    for account in Account.objects.of(user).shown().select_related("item__connector"):
        by_bank.setdefault(account.item.connector.name, []).append((str(account.id), account.label))
    return [("", _("Any account")), *by_bank.items()]


def category_choices(empty_label: Any) -> list[tuple[str, Any]]:
    """Return the categories, grouped by top-level category."""
    by_root: dict[str, list[Category]] = {}
    tree = CategoryTree.cached()
    for category in tree.by_id.values():
        by_root.setdefault(category.root_id, []).append(category)
    groups = [
        (tree.name(root), [(category.id, category.name) for category in categories])
        for root, categories in by_root.items()
    ]
    return [("", empty_label), *sorted(groups)]
