"""The products of an item and how fresh each one is."""

from django.db import models

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.connections.models.items import Item


class Product(models.TextChoices):
    """The products that can be collected, by Pluggy's names in an item's `products`."""

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
    empty_since = models.DateTimeField(
        null=True, blank=True, help_text="the last list was empty although accounts came, since then"
    )
    # Why our last reading failed although the bank has updated it; the other products were read.
    failing_since = models.DateTimeField(null=True, blank=True)
    is_refused = models.BooleanField(default=False, help_text="Pluggy refuses it; else it did not answer")
    failure = models.CharField(max_length=200, blank=True)
    attempts = models.IntegerField(default=0, help_text="failed readings in a row")
    retry_at = models.DateTimeField(null=True, blank=True, help_text="a sync is started then")

    objects = OwnedQuerySet["ProductState"].as_manager()

    class Meta:
        ordering = ("item", "product")
        constraints = (
            models.UniqueConstraint(fields=["item", "product"], name="product_state_one_per_product"),
        )
        indexes = (
            models.Index(
                fields=["retry_at"], name="product_state_retry", condition=models.Q(retry_at__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.item_id} {self.product}"
