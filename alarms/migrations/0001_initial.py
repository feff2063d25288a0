"""The tables of the first release."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Alarm",
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
                        ],
                        max_length=40,
                    ),
                ),
                ("detail", models.CharField(max_length=500)),
                ("raised_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("cleared_at", models.DateTimeField(blank=True, null=True)),
                (
                    "acknowledged_at",
                    models.DateTimeField(blank=True, help_text="an operator knows of it", null=True),
                ),
            ],
            options={
                "ordering": ("-raised_at",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("cleared_at", None)), fields=("code",), name="alarm_open_once"
                    )
                ],
            },
        ),
    ]
