"""Whether a person counts by purchase or by payment."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="counts_when_paid",
            field=models.BooleanField(
                default=False, verbose_name="Count card purchases in the month in which their bill is due"
            ),
        ),
    ]
