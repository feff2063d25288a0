"""Check monthly totals, constraints and indexes, balance snapshots and replacements."""

from datetime import datetime

from django.db import connection
from django.db.models import F

from banking.ledger import monthly_totals
from banking.ledger.models import Account, BalanceSnapshot, Transaction, TransactionReplacement
from banking.money.dates import local_date
from banking.verify.violation import Violation

_SQL_INVALID = """
    SELECT 'constraint ' || conname FROM pg_constraint
    WHERE NOT convalidated AND connamespace = current_schema()::regnamespace
    UNION ALL
    SELECT 'index ' || indexrelid::regclass::text FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid
    WHERE NOT (indisvalid AND indisready) AND relnamespace = current_schema()::regnamespace
"""


def violations(now: datetime) -> list[Violation]:
    return [
        *_wrong_totals(),
        *_invalid_constraints(),
        *_wrong_balances(),
        *_future_balances(now),
        *_foreign_replacements(),
    ]


def _wrong_totals() -> list[Violation]:
    differences = monthly_totals.differences()
    account_ids = {account_id for _, account_id, *_ in differences}
    accounts: dict[object, Account] = {**Account.objects.in_bulk(account_ids)}
    return [
        Violation(
            "every monthly total is the sum of its transactions",
            " ".join(map(str, difference)),
            accounts[difference[1]].item_id if difference[1] in accounts else None,
        )
        for difference in differences
    ]


def _invalid_constraints() -> list[Violation]:
    """Find constraints and indexes that PostgreSQL does not enforce; uniqueness depends on them."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL_INVALID)
        return [Violation("every constraint and index is valid", name) for (name,) in cursor.fetchall()]


def _wrong_balances() -> list[Violation]:
    """Find snapshots of today that differ from their account, unless a sync is under way or has failed."""
    is_synced = {"account__missing_since": None, "account__item__sync__synced_at__gte": F("account__read_at")}
    snapshots = BalanceSnapshot.objects.filter(account__isnull=False, **is_synced)
    wrong = snapshots.exclude(balance=F("account__balance")).select_related("account")
    return [
        Violation(
            "a snapshot has the account's balance", f"account {account.id} on {snapshot.day}", account.item_id
        )
        for snapshot in wrong
        if (account := snapshot.account) is not None
        and snapshot.day == local_date(account.read_at)
        and snapshot.balance != account.stated_balance
    ]


def _future_balances(now: datetime) -> list[Violation]:
    future = BalanceSnapshot.objects.filter(day__gt=local_date(now))
    return [
        Violation("no snapshot is of a future day", f"snapshot {snapshot.pk} of {snapshot.day}")
        for snapshot in future
    ]


def _foreign_replacements() -> list[Violation]:
    """Find replacements in another account: edits would have moved there."""
    replacements = {pair.new_id: pair for pair in TransactionReplacement.objects.all()}
    new = Transaction.objects.filter(id__in=replacements)
    return [
        Violation("a replacement is in the same account", f"transaction {transaction_id}", item_id)
        for transaction_id, account_id, item_id in new.values_list("id", "account_id", "account__item_id")
        if account_id != replacements[transaction_id].account_id
    ]
