"""Loan contracts."""

from django.db import models

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.connections.models import Item
from banking.money.fields import MoneyField


class Loan(models.Model):
    """A loan contract. What is outstanding counts for net worth."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="loans")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="loans")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=40, blank=True)
    type = models.CharField(max_length=80, blank=True)
    currency = models.CharField(max_length=3)
    contracted = MoneyField(null=True, blank=True)
    outstanding = MoneyField(null=True, blank=True)
    contracted_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    first_due_on = models.DateField(null=True, blank=True, help_text="of its first installment")
    periodicity = models.CharField(max_length=40, blank=True, help_text="of its installments: MONTHLY, …")
    total_cost_rate = MoneyField(null=True, blank=True, help_text="CET: a fraction a year")
    contract_number = models.CharField(max_length=100, blank=True, default="", db_default="")
    ipoc_hash = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="keyed hash of the contract's IPOC code, which contains the borrower's document",
    )
    amortization = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="SAC, PRICE, …"
    )
    interest_rates = models.JSONField(default=list, help_text="as sent; rates as text")
    releases = models.JSONField(default=list, help_text="payments made: date, amount (text), isExtra")
    installments = models.IntegerField(null=True, blank=True)
    installments_paid = models.IntegerField(null=True, blank=True)
    installments_due = models.IntegerField(null=True, blank=True)
    installments_past_due = models.IntegerField(null=True, blank=True)
    portability = models.JSONField(null=True, blank=True, help_text="its move to another bank, as sent")
    missing_since = models.DateTimeField(null=True, blank=True, help_text="not in the last list of the bank")

    counted_as = models.UUIDField(
        null=True, blank=True, help_text="derived: the loan that is the same money and counts"
    )

    objects = OwnedQuerySet["Loan"].as_manager()

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name
