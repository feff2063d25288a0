"""What belongs together, in words: why, what is asked, and what the other half is."""

from django.utils.translation import gettext_lazy as _

from banking.models import Link
from banking.views.words.text import Text

# Why two rows are said, or asked, to belong together (banking/links/judge.py).
EVIDENCE: dict[str, Text] = {
    "own document": _("Same amount, within three days, and the other side has your own CPF or CNPJ."),
    "own account": _("Same amount, within three days, and the other side is one of your accounts."),
    "own category": _("Same amount, within three days, and the bank says that it is between your accounts."),
    "own operation": _("Same amount, within three days, and both banks call it a transfer inside the bank."),
    "same amount": _("Same amount, within three days; nothing says whose the other side is."),
    "several fit": _("Same amount, within three days; more than one fits."),
    "card payment": _(
        "Same amount, within three days, and one side is marked as the payment of a card bill."
    ),
    "same cycle": _("The card has the same payment twice in one bill."),
    "given back": _("The same shop gave back exactly what was paid, and no other purchase fits."),
    "given back in part": _("The same shop gave back a part of it, and no other purchase fits."),
}

QUESTIONS: dict[str, Text] = {
    Link.Kind.TRANSFER: _("A transfer between your accounts?"),
    Link.Kind.CARD_PAYMENT: _("The payment of a card bill?"),
    Link.Kind.DUPLICATE: _("The same payment, sent twice?"),
    Link.Kind.REFUND: _("The refund of this purchase?"),
}

YES: dict[str, Text] = {
    Link.Kind.TRANSFER: _("Yes, it is a transfer"),
    Link.Kind.CARD_PAYMENT: _("Yes, it pays the bill"),
    Link.Kind.DUPLICATE: _("Yes, count it once"),
    Link.Kind.REFUND: _("Yes, it is the refund"),
}

# The other half, for a row in which money went out and for the other.
HALVES: dict[str, tuple[Text, Text]] = {
    Link.Kind.TRANSFER: (_("Where it went"), _("Where it came from")),
    Link.Kind.CARD_PAYMENT: (_("The card's side of this payment"), _("Paid from")),
    Link.Kind.DUPLICATE: (_("Sent a second time"), _("Sent before")),
    Link.Kind.REFUND: (_("Given back"), _("What was bought")),
}
