"""The rows: what the bank sent, what we concluded of it, and what the person said about it."""

from collections.abc import Iterable
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value

from accounts.models import User
from banking.models.accounts import Account
from banking.models.categories import Category
from banking.models.kinds import Kind
from banking.models.money import MoneyField
from banking.models.owned import OwnedQuerySet
from banking.models.rules import Rule
from banking.models.wordings import Wording

# What the person may say about a row; the index of these few rows has the same words.
SPOKEN_OF = Q(person_category__isnull=False) | ~Q(person_kind="") | Q(hidden=True) | ~Q(note="") | ~Q(tags=[])
TAG_LENGTH = 40


def tags_of(own: Iterable[str], rule: Rule | None) -> tuple[str, ...]:
    """A row's own tags and its rule's, each once; `tagged` finds rows by the same."""
    return tuple(dict.fromkeys([*own, *(rule.tags if rule else ())]))


class TransactionQuerySet(OwnedQuerySet["Transaction"]):
    def live(self) -> "TransactionQuerySet":
        """Rows that the bank still has."""
        return self.filter(deleted_at=None)

    def from_bank(self) -> "TransactionQuerySet":
        """Rows that the bank sent, without the parts that the person made of them."""
        return self.filter(part_of=None)

    def spoken_of(self) -> "TransactionQuerySet":
        """Rows about which the person said something."""
        return self.filter(SPOKEN_OF)

    def tagged(self, tag: str) -> "TransactionQuerySet":
        """Rows that have the tag, of their own or by their rule."""
        return self.filter(Q(tags__contains=[tag]) | Q(rule__tags__contains=[tag]))


class Transaction(models.Model):
    """One movement on one account. The id is Pluggy's; a row never changes its owner or its account."""

    PERSON_COLUMNS: ClassVar[tuple[str, ...]] = (
        "person_category",
        "person_kind",
        "note",
        "tags",
        "hidden",
        "part_of",
    )

    id = models.UUIDField(primary_key=True)
    # Foreign keys have no index of their own: those of Meta begin with them, and each costs every write.
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="transactions", db_index=False
    )

    # What the bank sent.
    description = models.TextField()
    description_raw = models.TextField(blank=True)
    type = models.CharField(max_length=10, blank=True, help_text="DEBIT, CREDIT or nothing")
    status = models.CharField(max_length=10, blank=True, help_text="POSTED or PENDING")
    amount = MoneyField(help_text="signed, in `currency`, as sent")
    currency = models.CharField(max_length=3)
    amount_in_account_currency = MoneyField(null=True, blank=True)
    balance = MoneyField(null=True, blank=True)
    occurred_at = models.DateTimeField(help_text="the instant as sent; `local_date` is the day that counts")
    sort_order = models.IntegerField(null=True, blank=True)
    bank_category_id = models.CharField(max_length=12, blank=True)
    operation_type = models.CharField(max_length=80, blank=True)
    provider_code = models.CharField(max_length=200, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    payment_method = models.CharField(max_length=20, blank=True)
    counterparty = models.CharField(max_length=200, blank=True, help_text="payer or receiver: untrusted text")
    counterparty_document = models.CharField(max_length=20, blank=True, help_text="masked")
    counterparty_hash = models.CharField(max_length=64, blank=True, help_text="keyed hash, to compare")
    counterparty_account = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="keyed hash of branch and account, to compare",
    )
    merchant_name = models.CharField(max_length=200, blank=True)
    merchant_cnpj = models.CharField(max_length=14, blank=True)
    installment_number = models.IntegerField(null=True, blank=True)
    total_installments = models.IntegerField(null=True, blank=True)
    purchased_on = models.DateField(null=True, blank=True)
    card_number = models.CharField(max_length=20, blank=True)
    bill_id = models.UUIDField(null=True, blank=True)
    bill_forecast = models.CharField(max_length=7, blank=True, help_text="YYYY-MM")
    details = models.JSONField(default=dict, help_text="what is left, without anybody's document")
    bank_created_at = models.DateTimeField()
    bank_updated_at = models.DateTimeField()

    # What we concluded (banking/classify.py).
    local_date = models.DateField()
    flow = MoneyField(help_text="in the account's currency: out negative, in positive")
    flow_currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=12, choices=Kind)
    kind_reason = models.CharField(max_length=40)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+", db_index=False)
    month_competence = models.DateField(help_text="first day of the month in which it happened")
    month_cash = models.DateField(help_text="first day of the month in which it was or will be paid")
    rule = models.ForeignKey(
        Rule,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="the person's rule that matches it",
    )
    read_at = models.DateTimeField(help_text="when the bank's answer that wrote this row was asked for")
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="a confirmed absence at the bank")

    # What the person said. Sync never changes these; it only carries them over to a row that came back
    # under another id (Reappearance).
    person_category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    person_kind = models.CharField(max_length=12, choices=Kind, blank=True, default="", db_default="")
    note = models.TextField(blank=True, default="", db_default="")
    tags = ArrayField(models.CharField(max_length=TAG_LENGTH), blank=True, default=list, db_default=Value([]))
    hidden = models.BooleanField(default=False, db_default=False)
    part_of = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="parts",
        db_index=False,
        help_text="the bank's row out of which the person took this part; that row counts what is left",
    )

    wording = models.GeneratedField(
        expression=Func(
            Func(*Wording.COLUMNS, function=Wording.FUNCTION), Value(0), function="hashtextextended"
        ),
        output_field=models.BigIntegerField(),
        db_persist=True,
        help_text="of the texts that people read: the key of its Wording",
    )

    objects = TransactionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(month_competence__day=1) & Q(month_cash__day=1),
                name="transaction_months_are_first_days",
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="transaction_kind_is_known"),
        )
        indexes = (
            models.Index(fields=["account", "-occurred_at", "-id"], name="transaction_account_time"),
            models.Index(fields=["account", "bank_created_at"], name="transaction_account_created"),
            models.Index(
                "user",
                F("local_date").desc(),
                F("id").desc(),
                name="transaction_user_date",
                include=[
                    "account_id",
                    "category_id",
                    "kind",
                    "flow",
                    "flow_currency",
                    "deleted_at",
                    "wording",
                ],
            ),
            models.Index(
                "user",
                "wording",
                F("local_date").desc(),
                F("id").desc(),
                name="transaction_user_wording",
                include=["account_id", "category_id", "kind", "flow", "flow_currency", "deleted_at"],
            ),
            models.Index(
                fields=["account"],
                name="transaction_spoken_of",
                condition=SPOKEN_OF,
            ),
            models.Index(
                fields=["part_of"],
                name="transaction_part_of",
                condition=Q(part_of__isnull=False),
            ),
            models.Index(
                fields=["account", "part_of"],
                name="transaction_parts",
                condition=Q(part_of__isnull=False),
            ),
            models.Index(fields=["rule"], name="transaction_rule", condition=Q(rule__isnull=False)),
            models.Index(
                fields=["user", "month_cash"],
                name="transaction_paid_later",
                condition=~Q(month_cash=F("month_competence")),
            ),
            models.Index(
                fields=["user", "month_cash"],
                name="transaction_instalments",
                condition=Q(total_installments__gt=1),
            ),
            models.Index(
                fields=["user", "local_date"],
                name="transaction_pending",
                condition=Q(status="PENDING"),
            ),
            models.Index(
                fields=["account", "deleted_at"],
                name="transaction_tombstones",
                condition=Q(deleted_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.local_date} {self.description} {self.flow}"

    @property
    def is_pending(self) -> bool:
        return self.status == "PENDING"

    @property
    def all_tags(self) -> tuple[str, ...]:
        return tags_of(self.tags, self.rule)

    @property
    def title(self) -> str:
        return self.merchant_name or self.description
