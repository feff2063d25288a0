"""Transactions: what the bank sent, what is derived from it, and what the user edited."""

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Lookup, Q, Value

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.connections.models import SyncState
from banking.ledger.models.accounts import Account
from banking.ledger.models.categories import Category
from banking.ledger.models.kinds import Kind
from banking.ledger.models.rules import Rule
from banking.ledger.models.search_texts import SearchText
from banking.money.fields import MoneyField

# What the user decided that changes the classification, and any edit; one partial index serves both.
IS_CLASSIFIED_BY_USER = Q(user_category__isnull=False) | ~Q(user_kind="") | Q(hidden=True)
HAS_EDITS = IS_CLASSIFIED_BY_USER | ~Q(note="") | ~Q(tags=[])
TAG_LENGTH = 40


def tags_of(own: Iterable[str], rule: Rule | None) -> tuple[str, ...]:
    """Return a transaction's own tags and those of its rule, each once; tagged() finds by the same."""
    return tuple(dict.fromkeys([*own, *(rule.tags if rule else ())]))


class _IsAnyOf(Lookup):  # type: ignore[type-arg]
    """`column = ANY(array)`. Unlike in `IN`, thousands of values are one parameter, which costs a fifth."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", (*params, list(self.rhs))


class TransactionQuerySet(OwnedQuerySet["Transaction"]):
    def with_ids(self, ids: Iterable[UUID]) -> "TransactionQuerySet":
        """Return the transactions with these ids, of which there may be thousands."""
        return self.filter(_IsAnyOf(F("id"), list(ids)))

    def live(self) -> "TransactionQuerySet":
        """Return the transactions that the bank still has."""
        return self.filter(deleted_at=None)

    def from_bank(self) -> "TransactionQuerySet":
        """Return the transactions that the bank sent, without splits."""
        return self.filter(parent_transaction=None)

    def edited(self) -> "TransactionQuerySet":
        """Return the transactions that the user edited."""
        return self.filter(HAS_EDITS)

    def tagged(self, tag: str) -> "TransactionQuerySet":
        """Return the transactions that have the tag, of their own or by their rule."""
        return self.filter(Q(tags__contains=[tag]) | Q(rule__tags__contains=[tag]))


class Transaction(models.Model):
    """A transaction of one account. The id is Pluggy's; user and account never change."""

    USER_COLUMNS: ClassVar[tuple[str, ...]] = (
        "user_category",
        "user_kind",
        "note",
        "tags",
        "hidden",
        "parent_transaction",
    )

    id = models.UUIDField(primary_key=True)
    # No index for each foreign key: those of Meta begin with them, and every index slows down every write.
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
    occurred_at = models.DateTimeField(help_text="as sent; `local_date` is the date that counts")
    sort_order = models.IntegerField(null=True, blank=True)
    bank_category_id = models.CharField(max_length=12, blank=True)
    operation_type = models.CharField(max_length=80, blank=True)
    provider_code = models.CharField(max_length=200, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    payment_method = models.CharField(max_length=20, blank=True)
    counterparty = models.CharField(max_length=200, blank=True, help_text="payer or receiver: untrusted text")
    counterparty_document = models.CharField(max_length=20, blank=True, help_text="masked")
    counterparty_hash = models.CharField(max_length=64, blank=True, help_text="keyed hash, to compare")
    is_between_two_documents = models.BooleanField(
        default=False, db_default=False, help_text="payer and receiver have different documents"
    )
    counterparty_account = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="keyed hash of branch and account, to compare",
    )
    payment_reason = models.CharField(
        max_length=500, blank=True, default="", db_default="", help_text="message of a PIX: untrusted text"
    )
    merchant_name = models.CharField(max_length=200, blank=True)
    merchant_cnpj = models.CharField(max_length=14, blank=True)
    installment_number = models.IntegerField(null=True, blank=True)
    total_installments = models.IntegerField(null=True, blank=True)
    purchased_on = models.DateField(null=True, blank=True)
    card_number = models.CharField(max_length=20, blank=True)
    bill_id = models.UUIDField(null=True, blank=True)
    bill_forecast = models.CharField(max_length=7, blank=True, help_text="YYYY-MM")
    details = models.JSONField(default=dict, help_text="other fields as sent, without documents")
    bank_created_at = models.DateTimeField()
    bank_updated_at = models.DateTimeField()

    # What is derived (banking/ledger/classification.py).
    local_date = models.DateField()
    signed_amount = MoneyField(help_text="in `signed_amount_currency`: out negative, in positive")
    signed_amount_currency = models.CharField(
        max_length=3,
        help_text="of `signed_amount`: the account's currency; the transaction's own until it is converted",
    )
    kind = models.CharField(max_length=12, choices=Kind)
    kind_reason = models.CharField(max_length=40)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+", db_index=False)
    accrual_month = models.DateField(help_text="first day of the month in which it happened")
    cash_month = models.DateField(help_text="first day of the month in which it was or will be paid")
    rule = models.ForeignKey(
        Rule,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="the user's rule that applies to it",
    )
    read_at = models.DateTimeField(help_text="when the response that this was stored from was requested")
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="tombstone: the bank no longer has it")

    # What the user edited. A sync never changes these; it only carries them over to a transaction that came
    # back under another id (TransactionReplacement).
    user_category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    user_kind = models.CharField(max_length=12, choices=Kind, blank=True, default="", db_default="")
    note = models.TextField(blank=True, default="", db_default="")
    tags = ArrayField(models.CharField(max_length=TAG_LENGTH), blank=True, default=list, db_default=Value([]))
    hidden = models.BooleanField(default=False, db_default=False)
    parent_transaction = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="splits",
        db_index=False,
        help_text="of a split: the bank's transaction, which counts what its splits leave",
    )

    search_key = models.GeneratedField(
        expression=Func(
            Func(*SearchText.COLUMNS, function=SearchText.FUNCTION), Value(0), function="hashtextextended"
        ),
        output_field=models.BigIntegerField(),
        db_persist=True,
        help_text="hash of the searchable text: the key of its SearchText",
    )

    objects = TransactionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(accrual_month__day=1) & Q(cash_month__day=1),
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
                    "signed_amount",
                    "signed_amount_currency",
                    "deleted_at",
                    "search_key",
                ],
            ),
            models.Index(
                "user",
                "search_key",
                F("local_date").desc(),
                F("id").desc(),
                name="transaction_user_search_key",
                include=[
                    "account_id",
                    "category_id",
                    "kind",
                    "signed_amount",
                    "signed_amount_currency",
                    "deleted_at",
                ],
            ),
            models.Index(
                fields=["account"],
                name="transaction_edited",
                condition=HAS_EDITS,
            ),
            models.Index(
                fields=["parent_transaction"],
                name="transaction_parent",
                condition=Q(parent_transaction__isnull=False),
            ),
            models.Index(
                fields=["account", "parent_transaction"],
                name="transaction_splits",
                condition=Q(parent_transaction__isnull=False),
            ),
            models.Index(fields=["rule"], name="transaction_rule", condition=Q(rule__isnull=False)),
            models.Index(
                fields=["user", "cash_month"],
                name="transaction_paid_later",
                condition=~Q(cash_month=F("accrual_month")),
            ),
            models.Index(
                fields=["user", "cash_month"],
                name="transaction_installments",
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
        return f"{self.local_date} {self.description} {self.signed_amount}"

    @property
    def is_pending(self) -> bool:
        return self.status == "PENDING"

    @property
    def is_unconverted(self) -> bool:
        """Tell whether the bank has not converted it into the account's currency yet."""
        return self.signed_amount_currency != self.account.currency

    @property
    def is_classified_by_user(self) -> bool:
        return bool(self.user_category_id or self.user_kind or self.hidden)

    @property
    def all_tags(self) -> tuple[str, ...]:
        return tags_of(self.tags, self.rule)

    @property
    def title(self) -> str:
        return self.merchant_name or self.description

    def lock(self) -> None:
        """Lock its connection until the end of the database transaction, and load it again.

        A sync renews its lease in the same row before each write: while it is locked, nobody else writes the
        connection's transactions. Raises ObjectDoesNotExist if the connection was removed meanwhile.
        """
        SyncState.objects.select_for_update().get(item_id=self.account.item_id)
        self.refresh_from_db(from_queryset=Transaction.objects.select_related("account__item__connector"))
