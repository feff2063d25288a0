"""An index of the parts of a row: without it each row that goes is looked for in all others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("banking", "0011_edits")]

    operations = [
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("part_of__isnull", False)),
                fields=["part_of"],
                name="transaction_part_of",
            ),
        ),
    ]
