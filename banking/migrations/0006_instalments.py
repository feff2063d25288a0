"""An index of the few rows that are parts of purchases in instalments."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("banking", "0005_persons_hand")]

    operations = [
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("total_installments__gt", 1)),
                fields=["user", "month_cash"],
                name="transaction_instalments",
            ),
        ),
    ]
