"""Row-level security: a session sees only its user's ledger."""

from django.db import migrations

from accounts.migration_operations import row_policy


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        row_policy("ledger_account"),
        row_policy("ledger_balancesnapshot"),
        row_policy("ledger_bill"),
        row_policy("ledger_bulkedit"),
        row_policy("ledger_bulkedititem"),
        row_policy("ledger_coveredtransaction"),
        row_policy("ledger_deletionreview"),
        row_policy("ledger_doublelisting"),
        row_policy("ledger_investment"),
        row_policy("ledger_investmenttransaction"),
        row_policy("ledger_transactionmatch"),
        row_policy("ledger_loan"),
        row_policy("ledger_monthlytotal"),
        row_policy("ledger_transactionreplacement"),
        row_policy("ledger_transactionchange"),
        row_policy("ledger_rule"),
        row_policy("ledger_categoryupdate"),
        row_policy("ledger_transaction"),
        row_policy("ledger_quarantinedrecord"),
        row_policy("ledger_searchtext"),
    ]
