"""What a connection has besides accounts and their rows: bills, investments, loans; and how fresh each is."""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import User
from banking.models.accounts import Account
from banking.models.items import Item
from banking.models.money import MoneyField
from banking.models.owned import OwnedQuerySet


class Product(models.TextChoices):
    """What can be collected, by Pluggy's names in an item's `products`."""

    ACCOUNTS = "ACCOUNTS"
    CREDIT_CARDS = "CREDIT_CARDS"
    TRANSACTIONS = "TRANSACTIONS"
    INVESTMENTS = "INVESTMENTS"
    INVESTMENT_TRANSACTIONS = "INVESTMENTS_TRANSACTIONS"
    LOANS = "LOANS"


class ProductState(models.Model):
    """How fresh one product of one item is, and what the bank said about it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="product_states")
    product = models.CharField(max_length=30, choices=Product)
    is_updated = models.BooleanField(help_text="whether the last collecting brought it")
    collected_at = models.DateTimeField(null=True, blank=True, help_text="the bank's side: data as of then")
    read_at = models.DateTimeField(null=True, blank=True, help_text="our side: last read from Pluggy")
    warnings = models.JSONField(default=list, help_text="the bank's own words: untrusted text")

    objects = OwnedQuerySet["ProductState"].as_manager()

    class Meta:
        ordering = ("item", "product")
        constraints = (
            models.UniqueConstraint(fields=["item", "product"], name="product_state_one_per_product"),
        )

    def __str__(self) -> str:
        return f"{self.item_id} {self.product}"


class Bill(models.Model):
    """A closed statement of a card, as the bank drew it up. The open one is made of pending rows."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="bills")
    due_on = models.DateField()
    closes_on = models.DateField(null=True, blank=True)
    total = MoneyField(help_text="what the bank asks for")
    currency = models.CharField(max_length=3)
    minimum_payment = MoneyField(null=True, blank=True)
    allows_instalments = models.BooleanField(null=True, blank=True)
    finance_charges = models.JSONField(default=list, help_text="type, amount (text), additionalInfo")
    payments = models.JSONField(default=list, help_text="valueType, paymentDate, paymentMode, amount (text)")

    objects = OwnedQuerySet["Bill"].as_manager()

    class Meta:
        ordering = ("-due_on", "id")

    def __str__(self) -> str:
        return f"{self.due_on:%Y-%m} {self.total}"


class Investment(models.Model):
    """A position. `balance` is net of taxes and is what counts for net worth."""

    WITHDRAWN: ClassVar[str] = "TOTAL_WITHDRAWAL"

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="investments")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="investments")
    type = models.CharField(max_length=30)
    subtype = models.CharField(max_length=30, blank=True)
    name = models.CharField(max_length=200)
    code = models.CharField(max_length=40, blank=True, help_text="a ticker, or a fund's CNPJ")
    isin = models.CharField(max_length=20, blank=True)
    issuer = models.CharField(max_length=200, blank=True)
    currency = models.CharField(max_length=3)
    balance = MoneyField(help_text="net value")
    gross = MoneyField(null=True, blank=True)
    invested = MoneyField(null=True, blank=True, help_text="what was paid in")
    profit = MoneyField(null=True, blank=True)
    income_tax = MoneyField(null=True, blank=True)
    iof = MoneyField(null=True, blank=True)
    unit_value = MoneyField(null=True, blank=True)
    quantity = MoneyField(null=True, blank=True)
    rate = MoneyField(null=True, blank=True, help_text="percent of `rate_type`")
    rate_type = models.CharField(max_length=30, blank=True)
    fixed_annual_rate = MoneyField(null=True, blank=True, help_text="percent a year")
    priced_on = models.DateField(null=True, blank=True)
    purchased_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=20, blank=True, help_text="ACTIVE, PENDING or TOTAL_WITHDRAWAL")
    missing_since = models.DateTimeField(null=True, blank=True, help_text="not in the last list of the bank")

    objects = OwnedQuerySet["Investment"].as_manager()

    class Meta:
        ordering = ("type", "name", "id")

    def __str__(self) -> str:
        return self.name

    @property
    def is_held(self) -> bool:
        """Some banks go on listing what was withdrawn, with its last balance."""
        return self.status != self.WITHDRAWN and self.missing_since is None

    @property
    def standing(self) -> Decimal:
        """What it comes to."""
        return Decimal(0) if self.status == self.WITHDRAWN else self.balance


class InvestmentTransaction(models.Model):
    """A movement of a position: bought, sold, interest, tax."""

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

    objects = OwnedQuerySet["InvestmentTransaction"].as_manager()

    class Meta:
        ordering = ("-local_date", "id")
        indexes = (
            models.Index(fields=["investment", "-local_date"], name="investment_transaction_date"),
            models.Index(fields=["user"], name="investment_transaction_user"),
        )

    def __str__(self) -> str:
        return f"{self.local_date} {self.type} {self.amount}"


class Loan(models.Model):
    """A contract of debt. What is still owed counts for net worth."""

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
    first_due_on = models.DateField(null=True, blank=True, help_text="of its first instalment")
    periodicity = models.CharField(max_length=40, blank=True, help_text="of its instalments: MONTHLY, …")
    total_cost_rate = MoneyField(null=True, blank=True, help_text="CET: a fraction a year")
    instalments = models.IntegerField(null=True, blank=True)
    instalments_paid = models.IntegerField(null=True, blank=True)
    instalments_due = models.IntegerField(null=True, blank=True)
    instalments_past_due = models.IntegerField(null=True, blank=True)
    missing_since = models.DateTimeField(null=True, blank=True, help_text="not in the last list of the bank")

    objects = OwnedQuerySet["Loan"].as_manager()

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class BalanceOnDay(models.Model):
    """What an account, an investment or a loan came to at the end of a day in São Paulo, as last read."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(
        Account, null=True, on_delete=models.CASCADE, related_name="days", db_index=False
    )
    investment = models.ForeignKey(
        Investment, null=True, on_delete=models.CASCADE, related_name="days", db_index=False
    )
    loan = models.ForeignKey(Loan, null=True, on_delete=models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    currency = models.CharField(max_length=3)
    balance = MoneyField(help_text="as the bank sends it; of a loan, what is owed")

    objects = OwnedQuerySet["BalanceOnDay"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["account", "day"], name="balance_one_per_account_and_day"),
            models.UniqueConstraint(fields=["investment", "day"], name="balance_one_per_investment_and_day"),
            models.UniqueConstraint(fields=["loan", "day"], name="balance_one_per_loan_and_day"),
            models.CheckConstraint(
                name="balance_is_of_one_thing",
                condition=Q(account__isnull=False, investment=None, loan=None)
                | Q(account=None, investment__isnull=False, loan=None)
                | Q(account=None, investment=None, loan__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.balance}"
