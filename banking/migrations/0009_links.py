"""What rows are linked by: the owner's document, the counterparty's account, the days to judge anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0008_worth_and_history"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="owner_hash",
            field=models.CharField(blank=True, help_text="keyed hash of the owner's document", max_length=64),
        ),
        migrations.AddField(
            model_name="syncstate",
            name="unlinked_from",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="syncstate",
            name="unlinked_to",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="transaction",
            name="counterparty_account",
            field=models.CharField(
                blank=True,
                default="",
                db_default="",
                help_text="keyed hash of branch and account, to compare",
                max_length=64,
            ),
        ),
    ]
