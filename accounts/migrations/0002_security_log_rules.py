"""Rules of the database: the log is append-only, the outbox unreadable for users, and the rest their own."""

from django.db import migrations

from accounts.migration_operations import append_only, log_policies, outbox_policies, row_policy


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        append_only("accounts_securityevent", deletion_setting="lume.deletes_security_events"),
        log_policies("accounts_securityevent"),
        outbox_policies("accounts_outgoingmail"),
        row_policy("accounts_emailchange"),
        row_policy("accounts_erasure"),
    ]
