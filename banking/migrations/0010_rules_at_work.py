"""Rules that are being applied or withdrawn; what Pluggy is told of categories; walks that conclude anew."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banking.migrations._rows import own_rows


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0009_links"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Reclassification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "email",
                    models.CharField(blank=True, help_text="of one person; empty: everybody", max_length=254),
                ),
                (
                    "since",
                    models.DateField(blank=True, help_text="rows of earlier days are left alone", null=True),
                ),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account_id",
                    models.UUIDField(blank=True, help_text="the account that it is at", null=True),
                ),
                (
                    "row_at",
                    models.DateTimeField(
                        blank=True, help_text="of the last row; none: at its beginning", null=True
                    ),
                ),
                ("row_id", models.UUIDField(blank=True, null=True)),
                ("rows", models.BigIntegerField(default=0)),
                ("changed", models.BigIntegerField(default=0)),
                (
                    "moves",
                    models.JSONField(
                        default=dict, help_text="“what it was → what it is”: [rows, sum of flow]"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Telling",
            fields=[
                (
                    "transaction",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="telling",
                        serialize=False,
                        to="banking.transaction",
                    ),
                ),
                ("category_id", models.CharField(max_length=12)),
                ("bank_category_id", models.CharField(blank=True, max_length=12)),
                ("is_open", models.BooleanField(default=True, help_text="neither told nor given up")),
                ("attempts", models.IntegerField(default=0, help_text="that failed")),
                ("tried_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="rule",
            name="changed_at",
            field=models.DateTimeField(
                blank=True,
                help_text="rows are yet to be concluded anew because it changed; none: done",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="is_leaving",
            field=models.BooleanField(
                default=False, help_text="withdrawn: it goes as soon as no row falls under it"
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="since",
            field=models.DateField(blank=True, help_text="rows of earlier days are left alone", null=True),
        ),
        migrations.AddIndex(
            model_name="rule",
            index=models.Index(
                condition=models.Q(("changed_at__isnull", False)),
                fields=["changed_at"],
                name="rule_unapplied",
            ),
        ),
        migrations.AddField(
            model_name="telling",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="telling",
            index=models.Index(
                condition=models.Q(("is_open", True)), fields=["tried_at"], name="telling_open"
            ),
        ),
        own_rows("banking_telling"),
    ]
