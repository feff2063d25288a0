"""Uniqueness holds because the database holds it; and the balance of a day is the balance."""

from datetime import datetime

from django.db import connection
from django.db.models import F

from banking.classify import local_date
from banking.models import BalanceOnDay, Reappearance, Transaction
from banking.reports.health.violation import Violation

_SQL_UNHELD = """
    SELECT 'constraint ' || conname FROM pg_constraint
    WHERE NOT convalidated AND connamespace = current_schema()::regnamespace
    UNION ALL
    SELECT 'index ' || indexrelid::regclass::text FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid
    WHERE NOT (indisvalid AND indisready) AND relnamespace = current_schema()::regnamespace
"""


def violations(now: datetime) -> list[Violation]:
    return [*_unheld(), *_balances(), *_future_days(now), *_strange_pairs()]


def _unheld() -> list[Violation]:
    """One row per id, one sum per group, one event per delivery: each is a constraint or an index."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL_UNHELD)
        return [Violation("every constraint and index is in force", name) for (name,) in cursor.fetchall()]


def _balances() -> list[Violation]:
    """Of accounts that were read in a run that went well: until its end the two may differ."""
    read_well = {"account__missing_since": None, "account__item__sync__synced_at__gte": F("account__read_at")}
    days = BalanceOnDay.objects.filter(account__isnull=False, **read_well)
    wrong = days.exclude(balance=F("account__balance")).select_related("account")
    return [
        Violation("a day's balance is the account's", f"account {account.id} on {day.day}", account.item_id)
        for day in wrong
        if (account := day.account) is not None and day.day == local_date(account.read_at)
    ]


def _future_days(now: datetime) -> list[Violation]:
    ahead = BalanceOnDay.objects.filter(day__gt=local_date(now))
    return [Violation("no balance is of a day to come", f"balance {day.pk} of {day.day}") for day in ahead]


def _strange_pairs() -> list[Violation]:
    """A person's word never goes over to a row of another account."""
    pairs = {pair.came_id: pair for pair in Reappearance.objects.all()}
    rows = Transaction.objects.filter(id__in=pairs).values_list("id", "account_id", "account__item_id")
    return [
        Violation("a row comes back in its own account", f"transaction {row_id}", item_id)
        for row_id, account_id, item_id in rows
        if account_id != pairs[row_id].account_id
    ]
