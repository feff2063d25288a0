"""Labels of bills, their charges and payments."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from banking.reports.cards import BillState
from banking.web.labels.text import Label, Text

BILLS: dict[str, Label] = {
    BillState.FUTURE: Label(_("Future"), _("So far, only the installments due that month."), "off"),
    BillState.OPEN: Label(_("Open"), _("Estimated from the transactions so far."), "busy"),
    BillState.UNLISTED: Label(
        _("Estimated"), _("The bank has not sent this bill. Its total is the sum of its transactions."), "off"
    ),
    BillState.NOTHING: Label(_("Nothing to pay"), "", "good"),
    BillState.PAID: Label(pgettext_lazy("of a bill", "Paid"), "", "good"),
    BillState.PARTLY: Label(_("Partly paid"), _("The rest goes to the next bill, with interest."), "warn"),
    BillState.UNPAID: Label(_("To be paid"), "", "warn"),
    BillState.OVERDUE: Label(_("Overdue"), _("The bank has not reported a payment yet."), "bad"),
    BillState.UNSEEN: Label(
        _("Payment unknown"), _("The bank has not reported a payment for this bill."), "off"
    ),
}

CHARGES: dict[str, Text] = {
    "LATE_PAYMENT_REMUNERATIVE_INTEREST": _("Interest on the unpaid balance"),
    "LATE_PAYMENT_FEE": _("Late payment fee"),
    "LATE_PAYMENT_INTEREST": _("Late payment interest"),
    "IOF": "IOF",
    "OTHER": _("Other charge"),
}

# Statuses of cards, by the names of Pluggy and of Open Finance.
CARD_STATUSES: dict[str, Text] = {
    **dict.fromkeys(("BLOCKED", "BLOQUEADO"), _("Card blocked")),
    **dict.fromkeys(("CANCELLED", "CANCELED", "CANCELADO"), _("Card canceled")),
}

# What a part of a card's limit is for, by Open Finance's names.
CREDIT_LINES: dict[str, Text] = {
    "CREDITO_A_VISTA": _("Purchases paid at once"),
    "CREDITO_PARCELADO": _("Purchases in installments"),
    "SAQUE_CREDITO_BRASIL": _("Cash withdrawals in Brazil"),
    "SAQUE_CREDITO_EXTERIOR": _("Cash withdrawals abroad"),
    "EMPRESTIMO_CARTAO_CONSIGNADO": _("Payroll loan by card"),
}
OTHER_CREDIT_LINE = _("Other uses")

PAYMENT_MODES: dict[str, Text] = {
    "DEBIT_ACCOUNT": _("From the account"),
    "BANK_SLIP": "Boleto",
    "PAYROLL_DEDUCTION": _("From the salary"),
    "PIX": "Pix",
}
