"""What Pluggy is yet to be told, or was told, of the categories that people chose."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from banking.models.owned import OwnedQuerySet
from banking.models.transactions import Transaction


class Telling(models.Model):
    """The category of one of the bank's rows, as it should be at Pluggy: best effort, tried a few times.

    Pluggy shows what it is told as its own word; `bank_category_id` is what it had said before, so that a
    choice can be withdrawn.
    """

    transaction = models.OneToOneField(
        Transaction, primary_key=True, on_delete=models.CASCADE, related_name="telling"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    category_id = models.CharField(max_length=12)
    bank_category_id = models.CharField(max_length=12, blank=True)
    is_open = models.BooleanField(default=True, help_text="neither told nor given up")
    attempts = models.IntegerField(default=0, help_text="that failed")
    tried_at = models.DateTimeField(null=True, blank=True)

    objects = OwnedQuerySet["Telling"].as_manager()

    class Meta:
        indexes = (models.Index(fields=["tried_at"], name="telling_open", condition=Q(is_open=True)),)

    def __str__(self) -> str:
        return f"{self.transaction_id} is {self.category_id}"
