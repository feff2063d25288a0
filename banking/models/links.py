"""Two rows that belong together: both legs of a transfer, a purchase and its refund."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from banking.models.owned import OwnedQuerySet
from banking.models.transactions import Transaction


class LinkQuerySet(OwnedQuerySet["Link"]):
    def in_force(self) -> "LinkQuerySet":
        """Those that decide what their rows are: as long as the bank has both."""
        return self.live().filter(state__in=(Link.State.FOUND, Link.State.CONFIRMED))

    def live(self) -> "LinkQuerySet":
        return self.filter(out__deleted_at=None, into__deleted_at=None)

    def suggested(self) -> "LinkQuerySet":
        """Those that wait for the person's answer."""
        return self.live().filter(state=Link.State.SUGGESTED)


class Link(models.Model):
    """What was found out, or asked, about two rows of one person (docs/numbers.md, 3).

    `out` is the row in which money went out (of two doubled credits: the first), `into` the other.
    """

    class Kind(models.TextChoices):
        TRANSFER = "transfer"  # between own accounts
        CARD_PAYMENT = "card_payment"  # the bank's debit and the card's credit
        REFUND = "refund"  # a purchase and the money back
        DUPLICATE = "duplicate"  # two equal credits on a card in one cycle

    class State(models.TextChoices):
        FOUND = "found"  # the evidence suffices
        SUGGESTED = "suggested"
        CONFIRMED = "confirmed"
        REJECTED = "rejected"  # for ever: it is not asked again

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=10, choices=State)
    out = models.ForeignKey(Transaction, on_delete=models.CASCADE, related_name="links_out", db_index=False)
    into = models.ForeignKey(Transaction, on_delete=models.CASCADE, related_name="links_into", db_index=False)
    evidence = models.CharField(max_length=40, help_text="a code that views put into words")
    found_at = models.DateTimeField()
    said_at = models.DateTimeField(null=True, blank=True, help_text="when the person answered")

    objects = LinkQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["out", "into", "kind"], name="link_once"),
            models.CheckConstraint(condition=~Q(out=models.F("into")), name="link_of_two_rows"),
        )
        indexes = (
            models.Index(fields=["into"], name="link_into"),
            models.Index(fields=["user", "state"], name="link_user_state"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.state} {self.out_id} {self.into_id}"
