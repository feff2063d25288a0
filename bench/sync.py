"""Measure transactions per second of a sync, against plain COPY and the methods of Django's ORM.

    make bench-sync                       python -m dev.bench sync --rows 20000 --turns 1

All methods write the same transactions into the same table with the same indexes. They run in turns, and each
figure is the median of its turns. update_or_create writes fewer transactions, because it would take minutes.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from statistics import median
from typing import Any
from unittest import mock

from django.db import connection, transaction
from django.utils import timezone

from banking.ingest import copy_lines, transaction_upsert, validation
from banking.ingest.batches import in_batches
from banking.ledger import monthly_totals
from banking.ledger.classification import NO_EVIDENCE, ClassificationInput, classify
from banking.ledger.classification_context import ClassificationContext, account_context
from banking.ledger.models import (
    Account,
    CategoryTree,
    MonthlyTotal,
    Transaction,
)
from banking.pluggy import TransactionPage, lists, payloads
from bench._fixtures import create_account, transaction_pages

LOOP_ROWS = 1_000
Method = Callable[[], int]  # returns the number of written transactions


def decoded(bodies: Iterable[bytes]) -> Iterator[TransactionPage]:
    pages = (lists.decode_cursor(body, payloads.Transaction) for body in bodies)
    return (TransactionPage(page.results, "", unreadable) for page, unreadable in pages)


def pipeline(account: Account, bodies: list[bytes]) -> int:
    """Decode, classify and write the pages and update the monthly totals in batches, as a sync run does."""
    roots, written = CategoryTree.load().roots, 0
    for batch in in_batches(decoded(bodies), now=timezone.now):
        valid, _ = validation.split_valid(batch.transactions, account=account)
        with transaction.atomic():
            result = transaction_upsert.store(account, valid, roots=roots, read_at=batch.requested_at)
            monthly_totals.apply(result.deltas)
        written += result.count
    return written


def without_sums(account: Account, bodies: list[bytes]) -> int:
    """Run the pipeline without monthly totals. The difference to `pipeline` is their cost."""
    whole = transaction_upsert.SQL_MERGE  # PostgreSQL does not run an unused CTE
    merge = whole.replace("LEFT JOIN delta ON true", "").replace("delta.*", "NULL")
    with (
        mock.patch.object(transaction_upsert, "SQL_MERGE", merge),
        mock.patch.object(monthly_totals, "apply"),
    ):
        return pipeline(account, bodies)


def writing(ready: list[str]) -> int:
    """Run only the part of the pipeline after the COPY lines are made."""
    written = 0
    for lines in ready:
        with transaction.atomic():
            result = transaction_upsert.merge(lines)
            monthly_totals.apply(result.deltas)
        written += result.count
    return written


def lines_of(account: Account, bodies: list[bytes]) -> list[str]:
    roots, context = CategoryTree.load().roots, ClassificationContext.of(account)
    return [
        copy_lines.lines(
            account, batch.transactions, context=context, roots=roots, read_at=batch.requested_at
        )
        for batch in in_batches(decoded(bodies), now=timezone.now)
    ]


def copy(ready: list[str]) -> int:
    """COPY the same lines directly into the table, without merge and totals: the fastest possible write."""
    table = Transaction._meta.db_table
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")  # COPY does not support policies
        with cursor.copy(transaction_upsert.SQL_COPY.format(table=table)) as target:
            for lines in ready:
                target.write(lines)
        written = int(cursor.rowcount)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the checks of the commit
        cursor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        return written


def models_of(account: Account, bodies: list[bytes]) -> Iterator[Transaction]:
    """Build model instances with the columns that a list of transactions needs, as ORM code would."""
    roots, context, now = CategoryTree.load().roots, account_context(account), timezone.now()
    for page in decoded(bodies):
        for payload in page.transactions:
            entry = ClassificationInput.from_payload(payload)
            derived = classify(entry, context, roots=roots, evidence=NO_EVIDENCE)
            yield Transaction(
                id=payload.id, user_id=account.user_id, account_id=account.id, description=payload.description,
                description_raw=payload.description_raw or "", type=payload.type or "", status=payload.status or "",
                amount=payload.amount, currency=payload.currency_code, occurred_at=payload.date,
                bank_category_id=payload.category_id or "", bank_created_at=payload.created_at or now,
                bank_updated_at=payload.updated_at or now, local_date=derived.local_date,
                signed_amount=derived.signed_amount, signed_amount_currency=account.currency, kind=derived.kind,
                kind_reason=derived.kind_reason,
                category_id=derived.category_id, accrual_month=derived.accrual_month,
                cash_month=derived.cash_month, read_at=now,
            )  # fmt: skip


def bulk_create(account: Account, bodies: list[bytes]) -> int:
    changed = [field.name for field in Transaction._meta.concrete_fields if field.name not in OTHER_COLUMNS]
    rows = models_of(account, bodies)
    while some := list(islice(rows, 1_000)):
        Transaction.objects.bulk_create(
            some, update_conflicts=True, unique_fields=["id"], update_fields=changed
        )
    return Transaction.objects.count()


OTHER_COLUMNS = ("id", "user", "account", "deleted_at", "search_key", *Transaction.USER_COLUMNS)


def loop(account: Account, bodies: list[bytes]) -> int:
    for row in islice(models_of(account, bodies), LOOP_ROWS):
        values = {
            field.attname: getattr(row, field.attname)
            for field in row._meta.concrete_fields
            if not field.generated
        }
        Transaction.objects.update_or_create(id=values.pop("id"), defaults=values)
    return LOOP_ROWS


def empty_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {Transaction._meta.db_table}, {MonthlyTotal._meta.db_table} CASCADE")


def per_second(method: Method) -> float:
    """Return the written transactions per second."""
    started = time.perf_counter()
    return method() / (time.perf_counter() - started)


def run(rows: int, turns: int) -> dict[str, Any]:
    account = create_account()
    bodies = transaction_pages(account, rows)
    ready = lines_of(account, bodies)
    fresh: dict[str, Method] = {
        "copy": partial(copy, ready),
        "write": partial(writing, ready),
        "pipeline": partial(pipeline, account, bodies),
        "without sums": partial(without_sums, account, bodies),
        "bulk_create": partial(bulk_create, account, bodies),
        "update_or_create": partial(loop, account, bodies),
    }
    speeds: dict[str, list[float]] = {name: [] for name in (*fresh, "noop")}
    noop_rows = 0
    for turn in range(turns):
        print(f"turn {turn + 1} of {turns}", flush=True)
        for name, method in fresh.items():
            empty_tables()
            speeds[name].append(per_second(method))
            if name == "pipeline":
                started = time.perf_counter()
                noop_rows += pipeline(account, bodies)
                speeds["noop"].append(rows / (time.perf_counter() - started))
                assert not monthly_totals.differences()
    return {name: median(results) for name, results in speeds.items()} | {"noop_rows": noop_rows}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.bench sync", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    results = run(options.rows, options.turns)
    for name in ("copy", "write", "pipeline", "without sums", "noop", "bulk_create", "update_or_create"):
        print(f"{name:<18}{results[name]:>10,.0f} per second   {results[name] / results['copy']:.3f} of COPY")
    print(f"rows={options.rows} turns={options.turns}")
    print(f"ratio_to_copy={results['pipeline'] / results['copy']:.2f}")
    print(f"write_ratio_to_copy={results['write'] / results['copy']:.2f}")
    print(f"noop_ratio_to_copy={results['noop'] / results['copy']:.2f}")
    print(f"rollup_cost={results['without sums'] / results['pipeline']:.2f}")
    print(f"noop_rows_written={results['noop_rows']}")
    print(f"ratio_to_bulk_create={results['pipeline'] / results['bulk_create']:.1f}")
    print(f"ratio_to_update_or_create={results['pipeline'] / results['update_or_create']:.0f}")


if __name__ == "__main__":
    main()
