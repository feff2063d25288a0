"""Progress of the jobs that reclassify all transactions after a definition has changed."""

from django.db import models


class ReclassificationJob(models.Model):
    """A job that goes through the accounts by id, and through the transactions of each, newest first.

    The progress is saved in the database transactions that write the results: a job that was interrupted
    continues where it stopped, and its report counts nothing twice.
    """

    email = models.CharField(max_length=254, blank=True, help_text="of one user; empty: all users")
    start_date = models.DateField(null=True, blank=True, help_text="earlier transactions stay as they are")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    account_id = models.UUIDField(null=True, blank=True, help_text="the account in progress")
    last_occurred_at = models.DateTimeField(
        null=True, blank=True, help_text="of the last transaction; null: at the start of the account"
    )
    last_transaction_id = models.UUIDField(null=True, blank=True)
    transaction_count = models.BigIntegerField(default=0)
    changed_count = models.BigIntegerField(default=0)
    changes = models.JSONField(
        default=dict, help_text="`currency before after`: [count, sum of signed_amount]"
    )

    def __str__(self) -> str:
        of_whom = self.email or "all users"
        counts = f"{self.changed_count} of {self.transaction_count}"
        return f"{self.started_at:%Y-%m-%d %H:%M} {of_whom}: {counts}"
