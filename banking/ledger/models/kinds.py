"""The kinds of transactions."""

from django.db import models


class Kind(models.TextChoices):
    """The kind of a transaction, which decides what it counts for (docs/numbers.md, 2)."""

    EXPENSE = "expense"
    REFUND = "refund"
    INCOME = "income"
    TRANSFER = "transfer"
    CARD_PAYMENT = "card_payment"
    INVESTMENT = "investment"
    LOAN = "loan"
    NEUTRAL = "neutral"


SPENDING = (Kind.EXPENSE, Kind.REFUND)
