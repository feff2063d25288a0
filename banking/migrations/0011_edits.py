"""What a person says of many rows at once, and what was said before."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banking.migrations._rows import own_rows


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0010_rules_at_work"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Edit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("change", models.JSONField(help_text="banking.actions.edits.Change")),
                ("rows", models.IntegerField(default=0, help_text="of which it was said")),
                ("made_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, help_text="all rows say so, or no more", null=True),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EditedRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("row_id", models.UUIDField()),
                (
                    "before",
                    models.JSONField(
                        blank=True, help_text="what was said before; none: not done yet", null=True
                    ),
                ),
                (
                    "edit",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="edited",
                        to="banking.edit",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="edit",
            index=models.Index(fields=["user", "-made_at"], name="edit_user_made"),
        ),
        migrations.AddIndex(
            model_name="edit",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", True)), fields=["made_at"], name="edit_unfinished"
            ),
        ),
        migrations.AddIndex(
            model_name="editedrow",
            index=models.Index(
                condition=models.Q(("before__isnull", True)),
                fields=["edit", "account_id"],
                name="edited_row_to_do",
            ),
        ),
        migrations.AddConstraint(
            model_name="editedrow",
            constraint=models.UniqueConstraint(fields=("edit", "row_id"), name="edited_row_once"),
        ),
        own_rows("banking_edit"),
        own_rows("banking_editedrow"),
    ]
