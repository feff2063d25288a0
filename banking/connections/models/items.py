"""Connectors (institutions) and items (a user's connections to them)."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from accounts.querysets import OwnedQuerySet


class Connector(models.Model):
    """An institution that Pluggy can connect. Its id is Pluggy's number (0 is a valid one)."""

    # MeuPluggy shows the accounts of a bank that the user connected there. It collects them by itself: Pluggy
    # refuses an update, and its name is not the bank's.
    MEU_PLUGGY_ID: ClassVar[int] = 200

    id = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=40, blank=True, help_text="Pluggy's `type`, e.g. PERSONAL_BANK")
    country = models.CharField(max_length=2, blank=True)
    image_url = models.CharField(max_length=500, blank=True)
    primary_color = models.CharField(max_length=8, blank=True, help_text="hex, without #")
    institution_url = models.CharField(max_length=500, blank=True)
    reset_password_url = models.CharField(max_length=500, blank=True)
    has_mfa = models.BooleanField(default=False)
    is_open_finance = models.BooleanField(default=False)
    is_sandbox = models.BooleanField(default=False)
    health_status = models.CharField(max_length=20, blank=True, help_text="ONLINE, UNSTABLE or OFFLINE")
    health_stage = models.CharField(max_length=20, blank=True)
    products = models.JSONField(default=list)
    product_coverage = models.JSONField(default=list, help_text="products that it sends, if Pluggy says so")
    incidents = models.JSONField(
        default=list, help_text="current problems, as banking/connections/incidents.py"
    )
    seen_at = models.DateTimeField(help_text="when Pluggy last sent it")

    def __str__(self) -> str:
        return self.name

    @property
    def is_meu_pluggy(self) -> bool:
        return self.id == self.MEU_PLUGGY_ID


class ItemQuerySet(OwnedQuerySet["Item"]):
    def connected(self) -> "ItemQuerySet":
        """Return the items that the user has not disconnected."""
        return self.filter(disconnected_at=None)

    def readable(self) -> "ItemQuerySet":
        """Return the connected items that are read.

        Those of deactivated users wait until they are active again; imported ones are another installation's.
        """
        return self.connected().filter(user__is_active=True, is_imported=False)

    def unsuccessful(self) -> "ItemQuerySet":
        """Return the items that wait for the user or whose last collection failed."""
        healthy = (*Item.RUNNING, Item.Status.UPDATED)
        return self.connected().filter(gone_at=None).exclude(status__in=healthy)

    def reported_gone(self, since: datetime) -> "ItemQuerySet":
        """Return the items that Pluggy called gone in a sync since then."""
        runs = Item.objects.filter(runs__item_status=Item.GONE, runs__started_at__gte=since)
        return self.connected().filter(pk__in=runs.values("pk"))

    def overdue(self, now: datetime, *, patience: timedelta, run_patience: timedelta) -> "ItemQuerySet":
        """Return the items whose next webhook is overdue.

        Either an auto-sync should have happened `patience` ago, or a run of Pluggy's did not end within
        `run_patience`. An item is returned until it is read again. A run is looked at again after 5, 10, 20 …
        minutes: each time after as long as it has taken already, but at least every `patience`.
        """
        expected = Q(next_auto_sync_at__lt=now - patience, read_at__lt=F("next_auto_sync_at") + patience)
        duration = F("read_at") - Coalesce("bank_updated_at", "read_at")
        looked_at = Q(read_at__lt=now - run_patience) & Q(
            read_at__lt=ExpressionWrapper(Value(now) - duration, models.DateTimeField())
        )
        unended = Q(status__in=Item.UNENDED) & (looked_at | Q(read_at__lt=now - patience))
        return self.readable().filter(expected | unended, gone_at=None)

    def with_failed_products(self, now: datetime) -> "ItemQuerySet":
        """Return the items of which a product could not be read and has to be asked for again."""
        return self.readable().filter(product_states__retry_at__lte=now, gone_at=None).distinct()


class Item(models.Model):
    """A user's connection to one institution. The id is Pluggy's and must never be lost."""

    class Status(models.TextChoices):
        UPDATING = "UPDATING"
        MERGING = "MERGING"
        WAITING_USER_INPUT = "WAITING_USER_INPUT"
        WAITING_USER_ACTION = "WAITING_USER_ACTION"
        UPDATED = "UPDATED"
        LOGIN_ERROR = "LOGIN_ERROR"
        OUTDATED = "OUTDATED"

    RUNNING: ClassVar[frozenset[str]] = frozenset({Status.UPDATING, Status.MERGING})
    # Also a run that waits for the user ends: if the user does not answer, after some minutes.
    UNENDED: ClassVar[frozenset[str]] = RUNNING | {Status.WAITING_USER_INPUT, Status.WAITING_USER_ACTION}
    PARTIAL_SUCCESS: ClassVar[str] = "PARTIAL_SUCCESS"  # an execution status: some products came
    # Execution statuses: the user withdrew the consent, or did not give it.
    REVOKED: ClassVar[str] = "USER_AUTHORIZATION_REVOKED"
    NOT_GRANTED: ClassVar[str] = "USER_AUTHORIZATION_NOT_GRANTED"
    CONSENT_ENDS_SOON: ClassVar[timedelta] = timedelta(days=30)
    GONE: ClassVar[str] = "GONE"  # an `item_status` of a sync: Pluggy has no such item

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="items")
    connector = models.ForeignKey(Connector, on_delete=models.PROTECT, related_name="items")

    # As GET /items/{id} last returned it.
    status = models.CharField(max_length=30)
    execution_status = models.CharField(max_length=60, blank=True)
    error_code = models.CharField(max_length=80, blank=True)
    error_message = models.TextField(blank=True)
    provider_message = models.TextField(blank=True, help_text="text of the bank: untrusted")
    error_attributes = models.JSONField(default=dict, help_text="details of the error, as sent")
    status_detail = models.JSONField(null=True, blank=True, help_text="per product, on partial success")
    parameter = models.JSONField(null=True, blank=True, help_text="what the bank asks now (MFA)")
    user_action = models.JSONField(null=True, blank=True)
    products = models.JSONField(default=list)
    failed_logins = models.IntegerField(default=0)
    has_pending_resources = models.BooleanField(
        default=False, help_text="the bank waits until the user, or another holder, shares more of them"
    )
    pending_resources = models.JSONField(default=list, help_text="their types, e.g. CREDIT_CARD_ACCOUNT")
    consent_expires_at = models.DateTimeField(null=True, blank=True)
    collected_at = models.DateTimeField(null=True, blank=True, help_text="Pluggy's lastUpdatedAt: freshness")
    next_auto_sync_at = models.DateTimeField(null=True, blank=True)
    bank_created_at = models.DateTimeField(null=True, blank=True)
    bank_updated_at = models.DateTimeField(null=True, blank=True)

    # Ours.
    owner_hash = models.CharField(
        max_length=64, blank=True, help_text="keyed hash of the owner's document, of items without accounts"
    )
    connected_at = models.DateTimeField()
    read_at = models.DateTimeField(help_text="when Pluggy was last asked about it")
    gone_at = models.DateTimeField(
        null=True, blank=True, help_text="Pluggy no longer has it; the history stays until removed"
    )
    disconnected_at = models.DateTimeField(
        null=True, blank=True, help_text="the person left; Pluggy is told first, then the rows go"
    )

    is_imported = models.BooleanField(
        default=False,
        help_text="history of another installation (import_person): Pluggy is never asked about it",
    )

    objects = ItemQuerySet.as_manager()

    class Meta:
        ordering = ("connected_at",)
        indexes = (models.Index(fields=["next_auto_sync_at"], name="item_next_auto_sync"),)

    def __str__(self) -> str:
        return f"{self.connector} · {self.id}"

    @property
    def consent_ends_at(self) -> datetime | None:
        """Return when the consent ends; None if it has no end, or if data came after it, so that it was renewed."""
        ends_at = self.consent_expires_at
        is_renewed = ends_at is not None and self.collected_at is not None and self.collected_at > ends_at
        return None if is_renewed else ends_at

    def is_consent_ending(self, now: datetime) -> bool:
        """Tell whether the consent has ended, or ends soon; the user then has to give it again."""
        ends_at = self.consent_ends_at
        is_refused = self.execution_status == self.NOT_GRANTED and self.collected_at is not None
        if self.execution_status == self.REVOKED or is_refused:
            return True
        return ends_at is not None and ends_at < now + self.CONSENT_ENDS_SOON
