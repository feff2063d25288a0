"""Texts for the problems of a query string."""

from django.utils.translation import gettext_lazy as _

from banking.web.labels.text import Text

PERIOD_PROBLEMS: dict[str, Text] = {
    "month": _("We couldn't read that month. Showing this month."),
    "date": _("We couldn't read that date. Showing this month."),
    "reversed": _("That period ends before it starts. Showing this month."),
    "paid by month": _("“By payment” covers whole months, so whole months are shown."),
    "too long": _("That period is longer than 50 years. Showing this month."),
}

AMOUNT_PROBLEMS: dict[str, Text] = {
    "ambiguous": _(
        "This amount is ambiguous. For thousands, write 1234 or 1.234,00. Showing transactions of any amount."
    ),
    "unreadable": _("This is not an amount. Write it like 1.234,56. Showing transactions of any amount."),
    "too large": _("This amount is too large. Showing transactions of any amount."),
    "wrong way round": _("The minimum is larger than the maximum. Showing transactions of any amount."),
}
