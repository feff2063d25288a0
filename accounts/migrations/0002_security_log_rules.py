"""The security log is append-only; users see only what happened to their account, and their own erasure."""

from django.db import migrations

from accounts.migration_operations import append_only, log_policies, row_policy


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        append_only("accounts_securityevent", deletion_setting="lume.deletes_security_events"),
        log_policies("accounts_securityevent"),
        row_policy("accounts_erasure"),
    ]
