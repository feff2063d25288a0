"""What a loan says of its instalments; each change of what people see of a row."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from banking.migrations._rows import own_rows


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0007_wordings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="loan",
            name="first_due_on",
            field=models.DateField(blank=True, help_text="of its first instalment", null=True),
        ),
        migrations.AddField(
            model_name="loan",
            name="periodicity",
            field=models.CharField(blank=True, help_text="of its instalments: MONTHLY, …", max_length=40),
        ),
        migrations.CreateModel(
            name="RowChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="by the clock of the write itself",
                    ),
                ),
                (
                    "by",
                    models.CharField(
                        choices=[("bank", "Bank"), ("you", "You"), ("rule", "Rule"), ("link", "Link")],
                        max_length=4,
                    ),
                ),
                (
                    "changes",
                    models.JSONField(help_text="column → [before, after]; amounts and dates as text"),
                ),
                (
                    "row",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="banking.transaction",
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
                "ordering": ("-at", "-id"),
                "indexes": [models.Index(fields=["row", "-at"], name="row_change_row_at")],
            },
        ),
        own_rows("banking_rowchange"),
    ]
