"""Bank accounts and credit cards, as the bank describes them."""

from decimal import Decimal
from typing import ClassVar

from django.db import models

from accounts.models import User
from banking.models.items import Item
from banking.models.money import MoneyField
from banking.models.owned import OwnedQuerySet


class AccountQuerySet(OwnedQuerySet["Account"]):
    def shown(self) -> "AccountQuerySet":
        return self.filter(item__disconnected_at=None)


class Account(models.Model):
    """A checking or savings account (BANK) or a card (CREDIT) of one item."""

    class Type(models.TextChoices):
        BANK = "BANK"
        CREDIT = "CREDIT"

    PROGRESS: ClassVar[tuple[str, ...]] = (
        "created_read_to",
        "first_read_after",
        "first_read_newest",
        "transactions_read_at",
    )

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="accounts")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="accounts")
    type = models.CharField(max_length=10)
    subtype = models.CharField(max_length=40, blank=True)
    number = models.CharField(max_length=60, blank=True, help_text="last four digits only for cards")
    name = models.CharField(max_length=200)
    marketing_name = models.CharField(max_length=200, blank=True)
    owner_name = models.CharField(max_length=200, blank=True)
    owner_hash = models.CharField(max_length=64, blank=True, help_text="keyed hash of the owner's document")
    currency = models.CharField(max_length=3)
    balance = MoneyField(help_text="BANK: available; CREDIT: used, sign as the bank sends")
    # Cards.
    brand = models.CharField(max_length=40, blank=True)
    level = models.CharField(max_length=40, blank=True)
    credit_limit = MoneyField(null=True, blank=True)
    available_limit = MoneyField(null=True, blank=True)
    minimum_payment = MoneyField(null=True, blank=True)
    closes_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    # Bank accounts.
    transfer_number = models.CharField(max_length=60, blank=True, help_text="bank/agency/account")
    overdraft_limit = MoneyField(null=True, blank=True)
    invested_balance = MoneyField(null=True, blank=True)
    details = models.JSONField(default=dict, help_text="what is left of bankData and creditData")
    bank_created_at = models.DateTimeField(null=True, blank=True)
    bank_updated_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(help_text="when the bank last listed it")
    missing_since = models.DateTimeField(null=True, blank=True, help_text="not in the last list of the bank")
    missing_reads = models.IntegerField(default=0, help_text="lists in a row that did not hold it")
    # How far its transactions were read.
    created_read_to = models.DateTimeField(
        null=True,
        blank=True,
        help_text="every row that Pluggy made before this is known; its clock, not ours",
    )
    first_read_after = models.TextField(
        blank=True, default="", help_text="where the first reading stopped, should it have been interrupted"
    )
    first_read_newest = models.DateTimeField(
        null=True, blank=True, help_text="the newest row, by Pluggy's clock, when the first reading began"
    )
    transactions_read_at = models.DateTimeField(null=True, blank=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ("type", "name", "id")
        indexes = (models.Index(fields=["user", "item"], name="account_user_item"),)

    def __str__(self) -> str:
        return self.label

    @property
    def is_card(self) -> bool:
        return self.type == self.Type.CREDIT

    @property
    def standing(self) -> Decimal:
        """What it comes to for the person: what is used of a card is money that is missing."""
        balance: Decimal = self.balance
        return -abs(balance) if self.is_card else balance

    @property
    def is_missing(self) -> bool:
        """One list without it may be a bank's bad moment; two are an answer."""
        return self.missing_reads > 1

    @property
    def label(self) -> str:
        """`Conta corrente ···· 1234`: a name, and enough of the number to tell two apart."""
        digits = "".join(character for character in self.number if character.isalnum())
        return f"{self.marketing_name or self.name} ·· {digits[-4:]}" if digits else self.name
