"""What a row counts as, why, and who said so, in words."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from banking.models import Kind
from banking.views.words.text import Text

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

COUNTED_WORDS: dict[str, Text] = {
    "spending": _("Spending"),
    "income": _("Income"),
    "left_over": _("Income and spending"),
    "billed": _("On the card's bill"),
} | {kind: text for kind, text in KINDS.items() if kind != Kind.INCOME}

# Why a row has its kind (banking/classify.py).
REASONS: dict[str, Text] = {
    "hidden by you": _("You said that it should not count."),
    "hidden by your rule": _("Your rule says that it should not count."),
    "said by you": _("You said so."),
    "said by your rule": _("Your rule says so."),
    "split into parts": _("You split it: its parts count instead."),
    "doubled": _("You said that the bank has sent it twice: the first one stands."),
    "linked": _("Its other half was found among your transactions."),
    "no amount": _("It moves no money."),
    "card bill payment": _("It pays a card bill; the purchases on the bill already count."),
    "refund by the bank": _("The bank marks it as a refund: it reduces spending."),
    "blocked balance": _("The balance is only blocked."),
    "own transfer": _("It moves money between your own accounts."),
    "investment": _("It moves money into or out of investments."),
    "money out": _("Money left the account."),
    "loan received": _("It is borrowed money, not income."),
    "income": _("Its category is income."),
    "money back": _("Money came back under a spending category: it reduces spending."),
    "money in": _("Money arrived from somebody else."),
}

# Whose word a row's category is.
CATEGORIES_FROM: dict[str, Text] = {
    "you": _("You chose it."),
    "rule": _("Your rule says so."),
    "bank": _("It came with the bank's data."),
    "purchase": _("It is the category of the purchase that it pays back."),
    "nobody": _("The bank's data has no category for it."),
}

# What changed about a row, and by whose word (banking/reports/history.py).
CHANGED_BY: dict[str, Text] = {
    "bank": _("The bank"),
    "you": pgettext_lazy("who changed it", "You"),
    "rule": _("Your rules"),
    "link": _("A transaction that belongs to it"),
}

COLUMNS: dict[str, Text] = {
    "flow": _("Amount"),
    "description": _("Description"),
    "merchant_name": _("Shop"),
    "local_date": _("Date"),
    "status": _("Status"),
    "category_id": _("Category"),
    "kind": _("Kind"),
    "month_cash": _("Month of payment"),
    "hidden": _("Counts"),
    "tags": _("Tags"),
    "note": _("Note"),
}


def merchant_words(key: str) -> str:
    """Of a key of banking/merchants.py."""
    return f"CNPJ {key}" if key.isdigit() else key
