"""What is wrong with an address, in words."""

from django.utils.translation import gettext_lazy as _

from banking.views.words.text import Text

PERIOD_PROBLEMS: dict[str, Text] = {
    "month": _("That month cannot be read. This month is shown."),
    "date": _("That date cannot be read. This month is shown."),
    "reversed": _("The period ends before it begins. This month is shown."),
    "paid by month": _("What is paid is counted by whole months, so the whole months are shown."),
    "too long": _("That period is longer than 50 years. This month is shown."),
}

AMOUNT_PROBLEMS: dict[str, Text] = {
    "ambiguous": _(
        "It is not clear which amount this is: write 1234 or 1.234,00 for a thousand and more. "
        "Rows are shown whatever their amount."
    ),
    "unreadable": _("This is not an amount. Write it like 1.234,56. Rows are shown whatever their amount."),
    "too large": _("This is more than any account holds. Rows are shown whatever their amount."),
    "wrong way round": _("The amounts are the wrong way round. Rows are shown whatever their amount."),
}
