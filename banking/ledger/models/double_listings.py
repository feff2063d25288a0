"""Money that the banks list twice, and the transactions that therefore count once."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.ledger.models.accounts import Account


class DoubleListingQuerySet(OwnedQuerySet["DoubleListing"]):
    def active(self) -> "DoubleListingQuerySet":
        """Return those that decide what counts."""
        return self.filter(state__in=(DoubleListing.State.AUTOMATIC, DoubleListing.State.CONFIRMED))

    def suggested(self) -> "DoubleListingQuerySet":
        """Return those that wait for the user's answer."""
        return self.filter(state=DoubleListing.State.SUGGESTED)


class DoubleListing(models.Model):
    """Two accounts, cards, investments or loans that are the same money (docs/numbers.md, 5).

    `listed_id` is the one that does not count, `counted_id` the one that counts. They are ids, not foreign
    keys, because either may be of any of these models.
    """

    class Kind(models.TextChoices):
        ACCOUNT = "account"  # one account through two connections: transactions count once as well
        CREDIT_LINE = "credit_line"  # two cards that both report the balance of their common line
        POSITION = "position"  # an investment that is within the balance of an account
        INVESTMENT = "investment"
        LOAN = "loan"

    class State(models.TextChoices):
        AUTOMATIC = "automatic"  # the evidence is sufficient
        SUGGESTED = "suggested"
        CONFIRMED = "confirmed"
        REJECTED = "rejected"  # for good: it is not suggested again

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=10, choices=State)
    listed_id = models.UUIDField()
    counted_id = models.UUIDField()
    evidence = models.CharField(max_length=40, help_text="a code; banking/web/labels has its text")
    created_at = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True, blank=True, help_text="when the user answered")

    objects = DoubleListingQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                models.functions.Least("listed_id", "counted_id"),
                models.functions.Greatest("listed_id", "counted_id"),
                name="double_listing_once",
            ),
            models.CheckConstraint(
                condition=~Q(listed_id=models.F("counted_id")), name="double_listing_of_two"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.state} {self.listed_id} {self.counted_id}"


class CoveredTransaction(models.Model):
    """A transaction that another connection to the same account lists as well, and that counts there.

    Referred to by ids, so that a connection's transactions can be deleted in one statement.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="covered_transactions")
    transaction_id = models.UUIDField(primary_key=True)
    counted_id = models.UUIDField(unique=False, db_index=True, help_text="the transaction that counts")
    has_moved_edits = models.BooleanField(default=False, help_text="the user's edits moved there")

    objects = OwnedQuerySet["CoveredTransaction"].as_manager()

    def __str__(self) -> str:
        return f"{self.transaction_id} counts as {self.counted_id}"
