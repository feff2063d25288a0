"""Row-level security: a session sees only its user's connections."""

from django.db import migrations

from accounts.migration_operations import THROUGH_ITEM, row_policy


class Migration(migrations.Migration):
    dependencies = [("connections", "0001_initial")]

    operations = [
        row_policy("connections_item"),
        row_policy("connections_consent"),
        row_policy("connections_productstate"),
        row_policy("connections_syncrun"),
        row_policy("connections_synchint", condition=THROUGH_ITEM),
        row_policy("connections_syncstate", condition=THROUGH_ITEM),
    ]
