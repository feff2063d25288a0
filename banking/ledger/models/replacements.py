"""Transactions that the bank sent again under another id."""

from django.db import models

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.ledger.models.accounts import Account


class TransactionReplacementQuerySet(OwnedQuerySet["TransactionReplacement"]):
    def suggested(self) -> "TransactionReplacementQuerySet":
        return self.filter(state=TransactionReplacement.State.SUGGESTED)


class TransactionReplacement(models.Model):
    """A deleted transaction and the one that replaces it, or seems to, or that has got its id.

    They are referred to by ids, not foreign keys, so that a connection's transactions can be deleted in one
    statement.
    """

    class State(models.TextChoices):
        AUTOMATIC = "automatic"  # no doubt: the user's edits were carried over
        SUGGESTED = "suggested"  # the user is asked, on the transaction's page
        ACCEPTED = "accepted"
        REJECTED = "rejected"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="replacements")
    old_id = models.UUIDField()
    new_id = models.UUIDField(db_index=True)
    state = models.CharField(max_length=10, choices=State)
    changed_at = models.DateTimeField()
    is_reused_id = models.BooleanField(
        default=False, help_text="the bank gave the id of the old transaction to the new one"
    )

    objects = TransactionReplacementQuerySet.as_manager()

    class Meta:
        ordering = ("-changed_at", "-id")
        constraints = (models.UniqueConstraint(fields=["old_id", "new_id"], name="replacement_one_per_pair"),)

    def __str__(self) -> str:
        return f"{self.old_id} as {self.new_id}: {self.state}"
