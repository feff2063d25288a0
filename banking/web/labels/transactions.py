"""Labels of kinds, measures, reasons and columns of transactions."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from banking.ledger.models import Kind
from banking.web.labels.text import Text

KINDS: dict[str, Text] = {
    Kind.EXPENSE: _("Expense"),
    Kind.REFUND: _("Refund"),
    Kind.INCOME: pgettext_lazy("of one transaction", "Income"),
    Kind.TRANSFER: _("Between own accounts"),
    Kind.CARD_PAYMENT: _("Card bill payment"),
    Kind.INVESTMENT: _("Investment"),
    Kind.LOAN: _("Loan received"),
    Kind.NEUTRAL: _("Not counted"),
}

MEASURE_LABELS: dict[str, Text] = {
    "spending": _("Spending"),
    "income": _("Income"),
    "net_income": _("Income and spending"),
    "billed": _("On the card's bill"),
} | {kind: text for kind, text in KINDS.items() if kind != Kind.INCOME}

# Why a transaction has its kind (banking/ledger/classification.py).
REASONS: dict[str, Text] = {
    "hidden by user": _("You chose not to count it."),
    "hidden by rule": _("Excluded by one of your rules."),
    "set by user": _("Your choice."),
    "set by rule": _("Set by one of your rules."),
    "split": _("You split it, so its parts count instead."),
    "duplicate": _("You marked it as a duplicate. Only the first one counts."),
    "matched": _("We found the matching transaction in your accounts."),
    "listed twice": _("Your other connection to this account also has it, and it counts there."),
    "no amount": _("No money was moved."),
    "card bill payment": _("It pays a card bill; the purchases on the bill already count."),
    "refund by the bank": _("The bank marks it as a refund, so it reduces spending."),
    "blocked balance": _("The amount is only on hold."),
    "own transfer": _("It moves money between your own accounts."),
    "balance line": _("It only shows a balance. No money was moved."),
    "given back": _("The description says that money came back, so it reduces spending."),
    "own document": _("Payer and receiver have the same CPF or CNPJ as the account."),
    "investment": _("It moves money into or out of investments."),
    "money out": _("Money left the account."),
    "loan received": _("It is borrowed money, not income."),
    "income": _("Its category is income."),
    "money back": _("Money came back in a spending category, so it reduces spending."),
    "money in": _("Money received from someone else."),
}

# How a card purchase is paid.
PAYMENT_TYPES: dict[str, Text] = {
    "SINGLE": _("In one payment"),
    "INSTALLMENT": _("In installments"),
}

# Where a category comes from.
CATEGORY_SOURCES: dict[str, Text] = {
    "user": _("You chose it."),
    "rule": _("Set by one of your rules."),
    "bank": _("Sent by the bank."),
    "purchase": _("Category of the refunded purchase."),
    "nobody": _("The bank sent no category."),
}

# Who changed a transaction (banking/reports/history.py).
CHANGED_BY: dict[str, Text] = {
    "bank": _("The bank"),
    "user": pgettext_lazy("who changed it", "You"),
    "rule": _("Your rules"),
    "match": _("A matching transaction"),
}

COLUMNS: dict[str, Text] = {
    "signed_amount": _("Amount"),
    "description": _("Description"),
    "merchant_name": _("Shop"),
    "local_date": _("Date"),
    "status": _("Status"),
    "category_id": _("Category"),
    "kind": _("Kind"),
    "cash_month": _("Month of payment"),
    "hidden": _("Counts"),
    "tags": _("Tags"),
    "note": _("Note"),
}


def merchant_label(key: str) -> str:
    """Return the text of a merchant_key()."""
    return f"CNPJ {key}" if key.isdigit() else key
