"""Closed credit card bills."""

from django.db import models

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.ledger.models.accounts import Account
from banking.money.fields import MoneyField


class Bill(models.Model):
    """A closed bill of a card, as the bank sends it. The open bill is computed from transactions."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="bills")
    due_on = models.DateField()
    closes_on = models.DateField(null=True, blank=True)
    total = MoneyField(help_text="the amount due, by the bank")
    currency = models.CharField(max_length=3)
    minimum_payment = MoneyField(null=True, blank=True)
    allows_installments = models.BooleanField(null=True, blank=True)
    finance_charges = models.JSONField(default=list, help_text="type, amount (text), additionalInfo")
    payments = models.JSONField(
        default=list, help_text="id, valueType, paymentDate, paymentMode, amount (text)"
    )

    objects = OwnedQuerySet["Bill"].as_manager()

    class Meta:
        ordering = ("-due_on", "id")

    def __str__(self) -> str:
        return f"{self.due_on:%Y-%m} {self.total}"
