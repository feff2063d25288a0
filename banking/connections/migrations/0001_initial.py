"""Create the tables of connections."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banking.connections.migrations import _mark_changed as mark_changed


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Connector",
            fields=[
                ("id", models.IntegerField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        blank=True, help_text="Pluggy's `type`, e.g. PERSONAL_BANK", max_length=40
                    ),
                ),
                ("country", models.CharField(blank=True, max_length=2)),
                ("image_url", models.CharField(blank=True, max_length=500)),
                ("primary_color", models.CharField(blank=True, help_text="hex, without #", max_length=8)),
                ("institution_url", models.CharField(blank=True, max_length=500)),
                ("reset_password_url", models.CharField(blank=True, max_length=500)),
                ("has_mfa", models.BooleanField(default=False)),
                ("is_open_finance", models.BooleanField(default=False)),
                ("is_sandbox", models.BooleanField(default=False)),
                (
                    "health_status",
                    models.CharField(blank=True, help_text="ONLINE, UNSTABLE or OFFLINE", max_length=20),
                ),
                ("health_stage", models.CharField(blank=True, max_length=20)),
                ("products", models.JSONField(default=list)),
                (
                    "product_coverage",
                    models.JSONField(default=list, help_text="products that it sends, if Pluggy says so"),
                ),
                (
                    "incidents",
                    models.JSONField(
                        default=list, help_text="current problems, as banking/connections/incidents.py"
                    ),
                ),
                ("seen_at", models.DateTimeField(help_text="when Pluggy last sent it")),
            ],
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("status", models.CharField(max_length=30)),
                ("execution_status", models.CharField(blank=True, max_length=60)),
                ("error_code", models.CharField(blank=True, max_length=80)),
                ("error_message", models.TextField(blank=True)),
                ("provider_message", models.TextField(blank=True, help_text="text of the bank: untrusted")),
                (
                    "error_attributes",
                    models.JSONField(default=dict, help_text="details of the error, as sent"),
                ),
                (
                    "status_detail",
                    models.JSONField(blank=True, help_text="per product, on partial success", null=True),
                ),
                (
                    "parameter",
                    models.JSONField(blank=True, help_text="what the bank asks now (MFA)", null=True),
                ),
                ("user_action", models.JSONField(blank=True, null=True)),
                ("products", models.JSONField(default=list)),
                ("failed_logins", models.IntegerField(default=0)),
                (
                    "has_pending_resources",
                    models.BooleanField(
                        default=False,
                        help_text="the bank waits until the user, or another holder, shares more of them",
                    ),
                ),
                (
                    "pending_resources",
                    models.JSONField(default=list, help_text="their types, e.g. CREDIT_CARD_ACCOUNT"),
                ),
                ("consent_expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "collected_at",
                    models.DateTimeField(
                        blank=True, help_text="Pluggy's lastUpdatedAt: freshness", null=True
                    ),
                ),
                ("next_auto_sync_at", models.DateTimeField(blank=True, null=True)),
                ("bank_created_at", models.DateTimeField(blank=True, null=True)),
                ("bank_updated_at", models.DateTimeField(blank=True, null=True)),
                (
                    "owner_hash",
                    models.CharField(
                        blank=True,
                        help_text="keyed hash of the owner's document, of items without accounts",
                        max_length=64,
                    ),
                ),
                ("connected_at", models.DateTimeField()),
                ("read_at", models.DateTimeField(help_text="when Pluggy was last asked about it")),
                (
                    "gone_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Pluggy no longer has it; the history stays until removed",
                        null=True,
                    ),
                ),
                (
                    "disconnected_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="the person left; Pluggy is told first, then the rows go",
                        null=True,
                    ),
                ),
                (
                    "is_imported",
                    models.BooleanField(
                        default=False,
                        help_text="history of another installation (import_person): Pluggy is never asked about it",
                    ),
                ),
                (
                    "connector",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="connections.connector",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("connected_at",),
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("products", models.JSONField(default=list, help_text="names of Pluggy's products")),
                (
                    "permissions",
                    models.JSONField(default=list, help_text="names of Open Finance permissions"),
                ),
                ("given_at", models.DateTimeField(blank=True, null=True)),
                (
                    "expires_at",
                    models.DateTimeField(blank=True, help_text="empty: it has no end", null=True),
                ),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to="connections.item",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("item", models.F("given_at").desc(nulls_last=True), "id"),
            },
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("webhook registration", "Registration"),
                            ("deliveries refused", "Refused"),
                            ("no deliveries", "Silence"),
                            ("credentials refused", "Credentials"),
                            ("connections gone at once", "Gone"),
                            ("connections quarantined", "Quarantined"),
                            ("items not listed", "Not Listed"),
                            ("no categories", "Categories"),
                        ],
                        max_length=40,
                    ),
                ),
                ("detail", models.CharField(max_length=500)),
                ("opened_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "acknowledged_at",
                    models.DateTimeField(blank=True, help_text="when an operator acknowledged it", null=True),
                ),
            ],
            options={
                "ordering": ("-opened_at",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at", None)), fields=("code",), name="alert_open_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ItemListing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "way",
                    models.CharField(
                        choices=[("all items", "Application"), ("by user", "By User")],
                        default="all items",
                        max_length=20,
                    ),
                ),
                (
                    "cursor",
                    models.TextField(
                        blank=True, default="", help_text="Pluggy's cursor, or the last user's id"
                    ),
                ),
                ("listed_count", models.IntegerField(default=0)),
                (
                    "claimed_count",
                    models.IntegerField(default=0, help_text="items that nobody had claimed"),
                ),
                ("failure", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "ordering": ("-started_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="ProductState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.CharField(
                        choices=[
                            ("ACCOUNTS", "Accounts"),
                            ("CREDIT_CARDS", "Credit Cards"),
                            ("TRANSACTIONS", "Transactions"),
                            ("INVESTMENTS", "Investments"),
                            ("INVESTMENTS_TRANSACTIONS", "Investment Transactions"),
                            ("LOANS", "Loans"),
                        ],
                        max_length=30,
                    ),
                ),
                ("is_updated", models.BooleanField(help_text="whether the last collecting brought it")),
                (
                    "collected_at",
                    models.DateTimeField(blank=True, help_text="the bank's side: data as of then", null=True),
                ),
                (
                    "read_at",
                    models.DateTimeField(blank=True, help_text="our side: last read from Pluggy", null=True),
                ),
                (
                    "warnings",
                    models.JSONField(default=list, help_text="the bank's own words: untrusted text"),
                ),
                (
                    "empty_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="the last list was empty although accounts came, since then",
                        null=True,
                    ),
                ),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                (
                    "is_refused",
                    models.BooleanField(default=False, help_text="Pluggy refuses it; else it did not answer"),
                ),
                ("failure", models.CharField(blank=True, max_length=200)),
                ("attempts", models.IntegerField(default=0, help_text="failed readings in a row")),
                ("retry_at", models.DateTimeField(blank=True, help_text="a sync is started then", null=True)),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="product_states",
                        to="connections.item",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("item", "product"),
            },
        ),
        migrations.CreateModel(
            name="SyncHint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seq", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("created", "Created"), ("updated", "Updated"), ("deleted", "Deleted")],
                        max_length=10,
                    ),
                ),
                ("account_id", models.UUIDField()),
                (
                    "transaction_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                ("created_from", models.DateTimeField(blank=True, null=True)),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hints",
                        to="connections.item",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SyncRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fence", models.BigIntegerField()),
                ("target_seq", models.BigIntegerField()),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("succeeded", "Succeeded"),
                            ("nothing to read", "Nothing To Read"),
                            ("failed", "Failed"),
                            ("superseded", "Superseded"),
                            ("moved to bulk", "Moved To Bulk"),
                            ("quarantined", "Quarantined"),
                        ],
                        default="running",
                        max_length=20,
                    ),
                ),
                ("item_status", models.CharField(blank=True, max_length=90)),
                (
                    "is_full_read",
                    models.BooleanField(
                        default=False, help_text="read all transactions again (banking/ingest/full_read.py)"
                    ),
                ),
                ("accounts_read", models.IntegerField(default=0)),
                ("transactions_read", models.IntegerField(default=0)),
                (
                    "new_transactions",
                    models.IntegerField(
                        default=0, help_text="of those read: created at Pluggy in the last days"
                    ),
                ),
                ("new_categorized", models.IntegerField(default=0, help_text="of those: with a category")),
                ("records_written", models.IntegerField(default=0)),
                ("transactions_removed", models.IntegerField(default=0)),
                (
                    "transactions_under_review",
                    models.IntegerField(default=0, help_text="missing at the bank, kept until reviewed"),
                ),
                ("records_quarantined", models.IntegerField(default=0, help_text="see QuarantinedRecord")),
                ("error", models.TextField(blank=True)),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="runs",
                        to="connections.item",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-started_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="SyncState",
            fields=[
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="sync",
                        serialize=False,
                        to="connections.item",
                    ),
                ),
                ("dirty_seq", models.BigIntegerField(default=0)),
                ("synced_seq", models.BigIntegerField(default=0)),
                ("due_at", models.DateTimeField(help_text="no sync before this; later after each failure")),
                ("attempts", models.IntegerField(default=0, help_text="failed syncs in a row")),
                (
                    "is_bulk",
                    models.BooleanField(
                        default=False, help_text="too large for interactive workers: left to the bulk queue"
                    ),
                ),
                ("fence", models.BigIntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                (
                    "quarantined_until",
                    models.DateTimeField(
                        blank=True, help_text="its syncs crash their worker: none before this", null=True
                    ),
                ),
                (
                    "synced_at",
                    models.DateTimeField(blank=True, help_text="the last successful sync", null=True),
                ),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("failure", models.CharField(blank=True, max_length=200)),
                (
                    "full_read_due_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="all transactions are read again then (banking/ingest/full_read.py)",
                        null=True,
                    ),
                ),
                ("unmatched_from", models.DateField(blank=True, null=True)),
                ("unmatched_to", models.DateField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("dirty_seq__gt", models.F("synced_seq"))),
                        fields=["due_at"],
                        name="sync_state_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("synced_seq__lte", models.F("dirty_seq"))),
                        name="synced_seq_is_not_ahead_of_dirty_seq",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(fields=["next_auto_sync_at"], name="item_next_auto_sync"),
        ),
        migrations.AddIndex(
            model_name="productstate",
            index=models.Index(
                condition=models.Q(("retry_at__isnull", False)),
                fields=["retry_at"],
                name="product_state_retry",
            ),
        ),
        migrations.AddConstraint(
            model_name="productstate",
            constraint=models.UniqueConstraint(
                fields=("item", "product"), name="product_state_one_per_product"
            ),
        ),
        migrations.AddIndex(
            model_name="synchint",
            index=models.Index(fields=["item", "seq"], name="sync_hint_item_seq"),
        ),
        migrations.AddIndex(
            model_name="syncrun",
            index=models.Index(fields=["item", "-started_at"], name="sync_run_item_started"),
        ),
        migrations.RunSQL(mark_changed.CREATE_FUNCTION, mark_changed.DROP_FUNCTION),
    ]
