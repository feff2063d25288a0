"""Labels of money that is listed twice: the questions, and the evidence."""

from django.utils.translation import gettext_lazy as _

from banking.ledger.models import DoubleListing
from banking.web.labels.text import Text

QUESTIONS: dict[str, Text] = {
    DoubleListing.Kind.ACCOUNT: _("Are these the same account?"),
    DoubleListing.Kind.CREDIT_LINE: _("Do these cards share one credit line?"),
    DoubleListing.Kind.POSITION: _("Is this investment part of the account's balance?"),
    DoubleListing.Kind.INVESTMENT: _("Are these the same investment?"),
    DoubleListing.Kind.LOAN: _("Are these the same loan?"),
}

# Why (banking/ledger/same_money.py).
EVIDENCE: dict[str, Text] = {
    "same number": _("The same branch and account number at the same bank."),
    "other owner": _("The same branch and account number at the same bank, but another CPF or CNPJ."),
    "same number and owner": _("The same account number and owner."),
    "same number, masked owner": _(
        "The same account number, and the same visible part of the owner's CPF or CNPJ."
    ),
    "same connection": _("The same details, in two connections to the same account."),
    "same contract": _("The same loan contract."),
    "same position": _("The same bank, and the same number or code and quantity."),
    "ended connection": _("The connection ended, and the newer one no longer lists this."),
    "same card": _("The same bank, last digits and limit."),
    "same line": _("The bank reports one shared credit line for both cards."),
    "same use": _("Both cards have the same balance and limit."),
    "same amount": _("The account has exactly this amount invested or reserved."),
    "similar amount": _("The account has a similar amount invested or reserved."),
    "user": _("You said so."),
}
