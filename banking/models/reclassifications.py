"""How far a walk over all rows has come that concludes them anew, after a definition has changed."""

from django.db import models


class Reclassification(models.Model):
    """One walk over the accounts, in the order of their ids, and over each one's rows, newest first.

    It moves on in the transactions that write the rows: one that was interrupted goes on where it was, and
    its report counts nothing twice.
    """

    email = models.CharField(max_length=254, blank=True, help_text="of one person; empty: everybody")
    since = models.DateField(null=True, blank=True, help_text="rows of earlier days are left alone")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    account_id = models.UUIDField(null=True, blank=True, help_text="the account that it is at")
    row_at = models.DateTimeField(null=True, blank=True, help_text="of the last row; none: at its beginning")
    row_id = models.UUIDField(null=True, blank=True)
    rows = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    moves = models.JSONField(default=dict, help_text="“what it was → what it is”: [rows, sum of flow]")

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.email or 'everybody'}: {self.changed} of {self.rows}"
