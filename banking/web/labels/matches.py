"""Labels of matches: the evidence, the question to the user, and what the counterpart is."""

from django.utils.translation import gettext_lazy as _

from banking.ledger.models import TransactionMatch
from banking.web.labels.text import Text

# Why two transactions seem to belong together (banking/ledger/matching/detection.py).
EVIDENCE: dict[str, Text] = {
    "own document": _("Same amount, within three days, and the other side has your own CPF or CNPJ."),
    "own account": _("Same amount, within three days, and the other side is one of your accounts."),
    "own category": _("Same amount, within three days, and the bank says that it is between your accounts."),
    "salary portability": _("Same amount, within three days, and the bank calls it salary portability."),
    "card pix": _("Same amount, within three days, and both sides show a PIX paid with the credit card."),
    "own operation": _(
        "Same amount, within three days, and both accounts show an internal transfer of the bank."
    ),
    "same amount": _("Same amount, within three days, but the owner of the other side is unknown."),
    "several fit": _("Same amount, within three days, but several transactions match."),
    "card payment": _(
        "Same amount, within three days, and one side is marked as the payment of a card bill."
    ),
    "same cycle": _("The bill shows the same payment twice."),
    "refunded": _("The same amount came back from the same shop or person, and no other purchase matches."),
    "refunded in part": _(
        "Part of the amount came back from the same shop or person, and no other purchase matches."
    ),
}

QUESTIONS: dict[str, Text] = {
    TransactionMatch.Kind.TRANSFER: _("A transfer between your accounts?"),
    TransactionMatch.Kind.CARD_PAYMENT: _("The payment of a card bill?"),
    TransactionMatch.Kind.DUPLICATE: _("The same payment, sent twice?"),
    TransactionMatch.Kind.REFUND: _("The refund of this purchase?"),
}

CONFIRM: dict[str, Text] = {
    TransactionMatch.Kind.TRANSFER: _("Yes, it is a transfer"),
    TransactionMatch.Kind.CARD_PAYMENT: _("Yes, it pays the bill"),
    TransactionMatch.Kind.DUPLICATE: _("Yes, count it once"),
    TransactionMatch.Kind.REFUND: _("Yes, it is the refund"),
}

# What the inflow is to the outflow, and the outflow to the inflow.
COUNTERPARTS: dict[str, tuple[Text, Text]] = {
    TransactionMatch.Kind.TRANSFER: (_("Where it went"), _("Where it came from")),
    TransactionMatch.Kind.CARD_PAYMENT: (_("This payment on the card"), _("Paid from")),
    TransactionMatch.Kind.DUPLICATE: (_("Sent again"), _("Sent first")),
    TransactionMatch.Kind.REFUND: (_("Refunded"), _("Refunded purchase")),
}
