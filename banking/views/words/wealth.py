"""What a person has and owes, in words: worth, investments and bills."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from banking.reports import cards
from banking.views.words.text import Text, Words

# What a person has and owes (banking/reports/worth.py).
WORTH: dict[str, Text] = {
    "accounts": _("Bank accounts"),
    "investments": _("Investments"),
    "cards": _("Cards"),
    "loans": _("Loans"),
}

INVESTMENT_TYPES: dict[str, Text] = {
    "FIXED_INCOME": _("Fixed income"),
    "MUTUAL_FUND": _("Funds"),
    "EQUITY": _("Shares"),
    "ETF": _("ETFs"),
    "SECURITY": _("Private pension"),
    "COE": _("Structured notes (COE)"),
    "OTHER": _("Others"),
}

MOVEMENTS: dict[str, Text] = {
    "BUY": _("Bought"),
    "SELL": _("Sold"),
    "TAX": _("Tax"),
    "TRANSFER": _("Transferred"),
    "INTEREST": _("Interest or dividend"),
    "AMORTIZATION": _("Paid back in part"),
}

BILLS: dict[str, Words] = {
    cards.State.FUTURE: Words(_("Future"), _("So far it holds the instalments that are due then."), "off"),
    cards.State.OPEN: Words(_("Open"), _("Estimated from the transactions that are known so far."), "busy"),
    cards.State.UNLISTED: Words(
        _("Estimated"), _("The bank has not sent this bill: its transactions are all that is known."), "off"
    ),
    cards.State.NOTHING: Words(_("Nothing to pay"), "", "good"),
    cards.State.PAID: Words(pgettext_lazy("of a bill", "Paid"), "", "good"),
    cards.State.PARTLY: Words(_("Partly paid"), _("The rest goes to the next bill, with interest."), "warn"),
    cards.State.UNPAID: Words(_("To be paid"), "", "warn"),
    cards.State.OVERDUE: Words(_("Overdue"), _("The bank has told of no payment yet."), "bad"),
    cards.State.UNSEEN: Words(
        _("Payment not seen"), _("The bank has told of no payment of this bill."), "off"
    ),
}

CHARGES: dict[str, Text] = {
    "LATE_PAYMENT_REMUNERATIVE_INTEREST": _("Interest on what was not paid"),
    "LATE_PAYMENT_FEE": _("Fine for late payment"),
    "LATE_PAYMENT_INTEREST": _("Interest for late payment"),
    "IOF": "IOF",
    "OTHER": _("Other charge"),
}

PAYMENT_MODES: dict[str, Text] = {
    "DEBIT_ACCOUNT": _("From the account"),
    "BANK_SLIP": "Boleto",
    "PAYROLL_DEDUCTION": _("From the salary"),
    "PIX": "Pix",
}
