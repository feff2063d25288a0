"""Matches of two transactions that belong together, such as the two sides of a transfer."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.ledger.models.transactions import Transaction


class TransactionMatchQuerySet(OwnedQuerySet["TransactionMatch"]):
    def active(self) -> "TransactionMatchQuerySet":
        """Return the matches that decide the kind of their transactions; the bank must have both."""
        return self.live().filter(
            state__in=(TransactionMatch.State.AUTOMATIC, TransactionMatch.State.CONFIRMED)
        )

    def live(self) -> "TransactionMatchQuerySet":
        return self.filter(outflow__deleted_at=None, inflow__deleted_at=None)

    def suggested(self) -> "TransactionMatchQuerySet":
        """Return the matches that wait for the user's review."""
        return self.live().filter(state=TransactionMatch.State.SUGGESTED)


class TransactionMatch(models.Model):
    """Two transactions of one user that belong together, or may (docs/numbers.md, 3).

    `outflow` is the one in which money went out; of two duplicates, the one that counts.
    """

    class Kind(models.TextChoices):
        TRANSFER = "transfer"  # between own accounts
        CARD_PAYMENT = "card_payment"  # the bank's debit and the card's credit
        REFUND = "refund"  # a purchase and the money back
        DUPLICATE = "duplicate"  # two equal credits on a card in one cycle

    class State(models.TextChoices):
        AUTOMATIC = "automatic"  # the evidence is sufficient
        SUGGESTED = "suggested"
        CONFIRMED = "confirmed"
        REJECTED = "rejected"  # for good: it is not suggested again

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=10, choices=State)
    outflow = models.ForeignKey(
        Transaction, on_delete=models.CASCADE, related_name="matches_as_outflow", db_index=False
    )
    inflow = models.ForeignKey(
        Transaction, on_delete=models.CASCADE, related_name="matches_as_inflow", db_index=False
    )
    evidence = models.CharField(max_length=40, help_text="a code; banking/web/labels has its text")
    created_at = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True, blank=True, help_text="when the user answered")

    objects = TransactionMatchQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["outflow", "inflow", "kind"], name="match_once"),
            models.CheckConstraint(
                condition=~Q(outflow=models.F("inflow")), name="match_of_two_transactions"
            ),
        )
        indexes = (
            models.Index(fields=["inflow"], name="match_inflow"),
            models.Index(fields=["user", "state"], name="match_user_state"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.state} {self.outflow_id} {self.inflow_id}"
