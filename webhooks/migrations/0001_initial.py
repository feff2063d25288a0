"""Create the tables of webhooks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="DeliveryCount",
            fields=[
                ("start", models.DateTimeField(primary_key=True, serialize=False)),
                ("refused", models.IntegerField(default=0, help_text="with a secret that is not ours")),
                (
                    "with_previous_secret",
                    models.IntegerField(default=0, help_text="accepted, while the secret is replaced"),
                ),
            ],
            options={
                "ordering": ("-start",),
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "event_id",
                    models.UUIDField(
                        help_text="Pluggy's idempotency key, or one made of the body", unique=True
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("item_id", models.UUIDField(blank=True, null=True)),
                ("account_id", models.UUIDField(blank=True, null=True)),
                ("client_user_id", models.CharField(blank=True, max_length=255)),
                ("triggered_by", models.CharField(blank=True, max_length=20)),
                ("body", models.JSONField()),
                ("received_at", models.DateTimeField()),
                ("deliveries", models.IntegerField(default=1, help_text="how often it was delivered")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("done", "Done"),
                            ("parked", "Parked"),
                            ("ignored", "Ignored"),
                            ("dead", "Dead"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "seq",
                    models.BigIntegerField(
                        blank=True, help_text="the item's dirty_seq that it caused", null=True
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("attempts", models.IntegerField(default=0)),
                ("try_at", models.DateTimeField(blank=True, null=True)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["item_id", "-id"], name="event_item"),
                    models.Index(
                        condition=models.Q(("state", "queued")),
                        fields=["item_id", "seq"],
                        name="event_queued",
                    ),
                    models.Index(
                        condition=models.Q(("state", "parked")), fields=["try_at"], name="event_parked"
                    ),
                ],
            },
        ),
    ]
