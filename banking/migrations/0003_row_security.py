"""The database itself keeps each person's rows theirs."""

from django.db import migrations

from banking.migrations._rows import THROUGH_ITEM, own_rows


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0002_products_and_reviews"),
    ]

    operations = [
        own_rows("banking_account"),
        own_rows("banking_balanceonday"),
        own_rows("banking_bill"),
        own_rows("banking_helddeletion"),
        own_rows("banking_investment"),
        own_rows("banking_investmenttransaction"),
        own_rows("banking_item"),
        own_rows("banking_loan"),
        own_rows("banking_monthtotal"),
        own_rows("banking_productstate"),
        own_rows("banking_reappearance"),
        own_rows("banking_syncrun"),
        own_rows("banking_transaction"),
        own_rows("banking_unreadablerow"),
        own_rows("banking_synchint", those=THROUGH_ITEM),
        own_rows("banking_syncstate", those=THROUGH_ITEM),
    ]
