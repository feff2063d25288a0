"""The daily listings of the application's items at Pluggy, for operators and to continue an interrupted one."""

from django.db import models


class ItemListing(models.Model):
    """One listing of the items at Pluggy: how far it is, and what it found."""

    class Way(models.TextChoices):
        APPLICATION = "all items"
        BY_USER = "by user"  # where Pluggy lists only the items of one clientUserId

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    way = models.CharField(max_length=20, choices=Way, default=Way.APPLICATION)
    cursor = models.TextField(blank=True, default="", help_text="Pluggy's cursor, or the last user's id")
    listed_count = models.IntegerField(default=0)
    claimed_count = models.IntegerField(default=0, help_text="items that nobody had claimed")
    failure = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-started_at", "-id")

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}: {self.listed_count} listed, {self.claimed_count} claimed"
