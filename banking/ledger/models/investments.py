"""Investment positions and their movements."""

from decimal import Decimal
from typing import ClassVar

from django.db import models

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.connections.models import Item
from banking.money.fields import MoneyField


class Investment(models.Model):
    """A position. `balance` is net of taxes and is what counts for net worth."""

    WITHDRAWN: ClassVar[str] = "TOTAL_WITHDRAWAL"

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="investments")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="investments")
    type = models.CharField(max_length=30)
    subtype = models.CharField(max_length=30, blank=True)
    name = models.CharField(max_length=200)
    number = models.CharField(max_length=60, blank=True, help_text="of the contract, as the bank sends it")
    code = models.CharField(max_length=40, blank=True, help_text="a ticker, or a fund's CNPJ")
    isin = models.CharField(max_length=20, blank=True)
    issuer = models.CharField(max_length=200, blank=True)
    issuer_cnpj = models.CharField(max_length=14, blank=True, default="", db_default="")
    institution = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="where it is held"
    )
    currency = models.CharField(max_length=3)
    balance = MoneyField(help_text="net value")
    gross = MoneyField(null=True, blank=True)
    invested = MoneyField(null=True, blank=True, help_text="the amount paid in")
    profit = MoneyField(null=True, blank=True)
    income_tax = MoneyField(null=True, blank=True)
    iof = MoneyField(null=True, blank=True)
    unit_value = MoneyField(null=True, blank=True)
    quantity = MoneyField(null=True, blank=True)
    rate = MoneyField(null=True, blank=True, help_text="percent of `rate_type`")
    rate_type = models.CharField(max_length=30, blank=True)
    fixed_annual_rate = MoneyField(null=True, blank=True, help_text="percent a year")
    annual_rate = MoneyField(null=True, blank=True, help_text="its return in percent a year")
    last_month_rate = MoneyField(null=True, blank=True, help_text="its return in percent")
    last_year_rate = MoneyField(null=True, blank=True, help_text="its return of twelve months in percent")
    is_tax_exempt = models.BooleanField(null=True, blank=True)
    withdrawable = MoneyField(null=True, blank=True, help_text="what can be withdrawn, after taxes")
    withdrawable_from = models.DateField(null=True, blank=True, help_text="end of its grace period")
    priced_on = models.DateField(null=True, blank=True)
    purchased_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=20, blank=True, help_text="ACTIVE, PENDING or TOTAL_WITHDRAWAL")
    missing_since = models.DateTimeField(null=True, blank=True, help_text="not in the last list of the bank")

    counted_as = models.UUIDField(
        null=True,
        blank=True,
        help_text="derived: the account or investment that is the same money and counts",
    )

    objects = OwnedQuerySet["Investment"].as_manager()

    class Meta:
        ordering = ("type", "name", "id")

    def __str__(self) -> str:
        return self.name

    @property
    def is_held(self) -> bool:
        """Tell whether the user still holds it: some banks list withdrawn positions with their last balance."""
        return self.status != self.WITHDRAWN and self.missing_since is None

    @property
    def is_counted(self) -> bool:
        """Tell whether it counts now; it does not if the same money counts elsewhere."""
        return self.is_held and self.counted_as is None

    @property
    def current_value(self) -> Decimal:
        """Return the balance, zero once it was withdrawn."""
        return Decimal(0) if self.status == self.WITHDRAWN else self.balance


class InvestmentTransaction(models.Model):
    """A movement of a position: a purchase, a sale, interest or tax."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    investment = models.ForeignKey(
        Investment, on_delete=models.CASCADE, related_name="transactions", db_index=False
    )
    type = models.CharField(max_length=20)
    movement = models.CharField(max_length=10, blank=True, help_text="CREDIT into the position, or DEBIT")
    description = models.CharField(max_length=500, blank=True)
    local_date = models.DateField()
    traded_on = models.DateField(null=True, blank=True)
    amount = MoneyField(null=True, blank=True)
    net_amount = MoneyField(null=True, blank=True)
    unit_value = MoneyField(null=True, blank=True)
    quantity = MoneyField(null=True, blank=True)
    expenses = models.JSONField(default=dict, help_text="name → amount (text)")
    brokerage_note = models.CharField(max_length=60, blank=True, help_text="number of the brokerage note")

    objects = OwnedQuerySet["InvestmentTransaction"].as_manager()

    class Meta:
        ordering = ("-local_date", "id")
        indexes = (
            models.Index(fields=["investment", "-local_date"], name="investment_transaction_date"),
            models.Index(fields=["user"], name="investment_transaction_user"),
        )

    def __str__(self) -> str:
        return f"{self.local_date} {self.type} {self.amount}"
