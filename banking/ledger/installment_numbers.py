"""The number of an installment in the text of a transaction, as in "COMPRA XPTO 2/5"."""

import re

from banking.ledger.models import Transaction
from banking.money.text import folded

# How banks write the number: `3/10`, `PARC 03/10`, `Parcela 3 de 10`.
NUMBER = re.compile(r"\W*\b(?:parc\w*\W*)?(\d{1,2})\s*(?:/|de)\s*(\d{1,2})\b\W*", re.IGNORECASE)
NUMBER_SQL = r"\d\s*(/|de)\s*\d"


def number_in(text: str) -> tuple[int, int]:
    """Return the last `number/count` in the text, or zeros."""
    numbers = NUMBER.findall(text)
    return (int(numbers[-1][0]), int(numbers[-1][1])) if numbers else (0, 0)


def plain_title(transaction: Transaction) -> str:
    """Return the title without the number of the installment, folded."""
    return folded(NUMBER.sub(" ", transaction.title)).strip()
