"""Bank accounts and credit cards, as the bank describes them."""

from datetime import date
from decimal import Decimal
from typing import ClassVar

from django.db import models

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.connections.models.items import Item
from banking.ledger.models.account_details import (
    SetAside,
    amounts_set_aside,
    customized_limit,
    line_limit,
)
from banking.money.documents import agree, visible_part
from banking.money.fields import MoneyField


class AccountQuerySet(OwnedQuerySet["Account"]):
    def shown(self) -> "AccountQuerySet":
        """Return the accounts whose connection the user has not ended."""
        return self.filter(item__disconnected_at=None)


class Account(models.Model):
    """A checking or savings account (BANK) or a credit card (CREDIT) of one connection."""

    class Type(models.TextChoices):
        BANK = "BANK"
        CREDIT = "CREDIT"

    READ_PROGRESS: ClassVar[tuple[str, ...]] = (
        "created_read_until",
        "first_read_cursor",
        "first_read_latest",
        "transactions_read_at",
        "full_read_at",
        "full_read_cursor",
    )
    # What follows from other data than the bank's list of accounts, which therefore does not change it.
    NOT_LISTED: ClassVar[tuple[str, ...]] = (
        *READ_PROGRESS,
        "bill_evidence",
        "is_overpaid",
        "counted_as",
        "is_superseded",
        "closed_on",
        "is_confirmed_open",
        "is_left_out",
        "rejected_owners",
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
    owner_shown = models.CharField(
        max_length=14,
        blank=True,
        default="",
        help_text="what is kept of the owner's document, as ******12322; all that is known if the bank masks it",
    )
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
    bill_evidence = models.JSONField(
        default=dict,
        help_text="what the card's bills show about the month of its transactions (ledger/bill_evidence.py)",
    )
    # Bank accounts.
    transfer_number = models.CharField(max_length=60, blank=True, help_text="bank/agency/account")
    overdraft_limit = MoneyField(null=True, blank=True)
    invested_balance = MoneyField(null=True, blank=True)
    details = models.JSONField(default=dict, help_text="bankData and creditData as sent")
    bank_created_at = models.DateTimeField(null=True, blank=True)
    bank_updated_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(help_text="when the bank last listed it")
    missing_since = models.DateTimeField(null=True, blank=True, help_text="when the bank no longer listed it")
    missing_reads = models.IntegerField(default=0, help_text="lists in a row without it")
    # Up to where its transactions were read (banking/ingest/account_reader.py).
    created_read_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="every transaction that Pluggy created before this is stored; by Pluggy's clock",
    )
    first_read_cursor = models.TextField(
        blank=True,
        default="",
        help_text="Pluggy's cursor at which the first, complete reading was interrupted",
    )
    first_read_latest = models.DateTimeField(
        null=True,
        blank=True,
        help_text="when Pluggy created the latest transaction of the first reading; by Pluggy's clock",
    )
    transactions_read_at = models.DateTimeField(null=True, blank=True)
    full_read_at = models.DateTimeField(
        null=True, blank=True, help_text="when all its transactions were last read again"
    )
    full_read_cursor = models.TextField(
        blank=True, default="", help_text="Pluggy's cursor at which reading them again was interrupted"
    )
    is_overpaid = models.BooleanField(
        default=False,
        db_default=False,
        help_text="of a card: payments and refunds exceed the purchases by its balance or more",
    )

    # Derived: see DoubleListing.
    counted_as = models.UUIDField(
        null=True, blank=True, help_text="the account or card whose balance is the same money and counts"
    )
    is_superseded = models.BooleanField(
        default=False, help_text="`counted_as` is the same account through another connection"
    )
    # What the user decided.
    closed_on = models.DateField(null=True, blank=True, help_text="it counts in no balance from this day on")
    is_confirmed_open = models.BooleanField(
        default=False, help_text="the user said that it is not closed although the bank no longer lists it"
    )
    is_left_out = models.BooleanField(default=False, help_text="in no total of all accounts")
    rejected_owners = models.JSONField(
        default=list, help_text="keyed hashes of documents that the user said are not the owner's"
    )

    counted_in: "Account | None" = None  # the account of `counted_as`, set by banking/reports/connections.py

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
    def bill_closes_on(self) -> date | None:
        """Return a closing day of the card: the bank's, else that of its newest bill."""
        from_bills = self.bill_evidence.get("closes_on")
        return self.closes_on or (date.fromisoformat(from_bills) if from_bills else None)

    @property
    def bill_due_on(self) -> date | None:
        """Return a due day of the card: the bank's, else that of its newest bill."""
        from_bills = self.bill_evidence.get("due_on")
        return self.due_on or (date.fromisoformat(from_bills) if from_bills else None)

    @property
    def is_in_credit(self) -> bool:
        """Tell whether a card's balance is in the user's favour (docs/numbers.md, 5).

        Banks disagree about the sign of a card's balance, so the sign alone proves nothing. Example: a balance
        of -150 with a limit of 5000, of which 5150 are available, is in the user's favour.
        """
        if not self.is_card or not self.balance:
            return False
        if self._unused_limit > 0:
            return bool(self.balance < 0 or self._unused_limit == self.balance)
        return bool(self.balance < 0 and self.is_overpaid and not self._unused_limit)

    @property
    def is_balance_unclear(self) -> bool:
        """Tell whether a card's balance may be owed or in the user's favour; until it is clear, it is owed."""
        if not self.is_card or not self.balance or self.is_in_credit:
            return False
        if self.balance > 0:
            return bool(self._unused_limit > 0)
        return bool(self._unused_limit != self.balance)

    @property
    def _unused_limit(self) -> Decimal:
        """Return by how much the available limit of a card exceeds its limit; 0 if it is not known."""
        if not self.limit or self.available_limit is None:
            return Decimal(0)
        unused: Decimal = self.available_limit - self.limit
        return unused

    @property
    def customized_limit(self) -> Decimal | None:
        """Return the lower limit that the customer has chosen, if the available limit is what remains of it."""
        return customized_limit(self.details, self.credit_limit, self.available_limit, self.balance)

    @property
    def limit(self) -> Decimal | None:
        """Return the limit of a card of which `available_limit` is what remains."""
        return self.customized_limit or self.credit_limit or line_limit(self.details)

    @property
    def set_aside(self) -> tuple[SetAside, ...]:
        """Return the reserved and automatically invested amounts within the balance of a bank account."""
        return () if self.is_card else amounts_set_aside(self.details, self.invested_balance)

    @property
    def signed_balance(self) -> Decimal:
        """Return the balance from the user's view, as it counts for net worth: what is owed is negative."""
        balance: Decimal = self.balance
        if not self.is_card:
            return balance
        return abs(balance) if self.is_in_credit else -abs(balance)

    @property
    def stated_balance(self) -> Decimal:
        """Return the balance as snapshots keep it: what is owed on a card is positive."""
        return -self.signed_balance if self.is_card else self.signed_balance

    @property
    def is_missing(self) -> bool:
        """Tell whether the bank has left it out twice in a row; once may be a failure of the bank."""
        return self.missing_reads > 1

    @property
    def may_be_closed(self) -> bool:
        """Tell whether the user has to say if it was closed."""
        is_answered = self.closed_on is not None or self.is_confirmed_open or self.is_left_out
        return self.is_missing and not is_answered and self.counted_as is None

    def may_be_owned_by(self, counterparty_hash: str, *, shown: str) -> bool:
        """Tell whether the user has to say if this counterparty is the owner, whom the bank shows only in part.

        `shown` is the counterparty's document as transactions keep it, such as `***.456.789-**`.
        """
        if self.owner_hash or not counterparty_hash or counterparty_hash in self.rejected_owners:
            return False
        return agree(self.owner_shown, visible_part(shown)) is True

    @property
    def is_counted(self) -> bool:
        """Tell whether its balance counts today."""
        return self.counted_as is None and self.closed_on is None and not self.is_left_out

    def is_counted_on(self, day: date) -> bool:
        """Tell whether its balance of that day counts, if no other account had the same balance then."""
        return not self.is_left_out and (self.closed_on is None or day < self.closed_on)

    @property
    def card_status(self) -> str:
        """Return the bank's word for the status of a card that is not active: BLOCKED, CANCELLED."""
        data = self.details.get("creditData")
        status = data.get("status") if isinstance(data, dict) else None
        word = status.strip().upper() if isinstance(status, str) else ""
        return "" if word in ("ACTIVE", "ATIVO") else word

    @property
    def label(self) -> str:
        """Return the name and the last digits of the number, such as `Conta corrente ·· 1234`."""
        digits = "".join(character for character in self.number if character.isalnum())
        return f"{self.marketing_name or self.name} ·· {digits[-4:]}" if digits else self.name
