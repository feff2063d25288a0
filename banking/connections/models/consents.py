"""Consents: what the user allowed a bank to share in Open Finance."""

from django.db import models

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.connections.models.items import Item


class Consent(models.Model):
    """A consent of one connection. It stays after it was revoked, as a proof of what had been allowed."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="consents")
    products = models.JSONField(default=list, help_text="names of Pluggy's products")
    permissions = models.JSONField(default=list, help_text="names of Open Finance permissions")
    given_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="empty: it has no end")
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = OwnedQuerySet["Consent"].as_manager()

    class Meta:
        ordering = ("item", models.F("given_at").desc(nulls_last=True), "id")

    def __str__(self) -> str:
        return f"{self.item_id} {self.given_at}"
