"""Rows per second of a sync: the whole pipeline and its writing, beside COPY and what Django offers.

    make bench-sync                       python -m dev.bench sync --rows 20000 --turns 1

All of them write the same rows into the same table with the same indexes, in turns, in one run; each figure
is the median of its turns. The loop writes fewer rows, as it would take minutes.
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

from banking import rollups
from banking.classify import NO_EVIDENCE, classify, facts
from banking.models import Account, CategoryTree, MonthTotal, Transaction
from banking.pluggy import Rows, lists, payloads
from banking.sync.batches import batches
from banking.upsert import bounds, transactions
from banking.upsert.accounts import facts as account_facts
from banking.upsert.evidence import Known
from bench._ground import an_account, pages

LOOP_ROWS = 1_000
Method = Callable[[], int]  # gives the rows written


def decoded(bodies: Iterable[bytes]) -> Iterator[Rows]:
    pages = (lists.cursor(body, payloads.Transaction) for body in bodies)
    return (Rows(page.results, "", unreadable) for page, unreadable in pages)


def pipeline(account: Account, bodies: list[bytes]) -> int:
    """Bytes of pages → decoded → classified → written → rolled up, committed batch by batch as in a run."""
    roots, written = CategoryTree.load().roots, 0
    for batch in batches(decoded(bodies), now=timezone.now):
        rows, _ = bounds.sound(batch.rows, account_id=account.id)
        with transaction.atomic():
            changes = transactions.store(account, rows, roots=roots, read_at=batch.asked_at)
            rollups.apply(changes.deltas)
        written += changes.rows
    return written


def without_sums(account: Account, bodies: list[bytes]) -> int:
    """The pipeline as it would be if nothing was rolled up: what the monthly sums cost is the difference."""
    whole = transactions._SQL_MERGE  # PostgreSQL skips what nobody asks for
    merge = whole.replace("LEFT JOIN delta ON true", "").replace("delta.*", "NULL")
    with (
        mock.patch.object(transactions, "_SQL_MERGE", merge),
        mock.patch.object(rollups, "apply"),
    ):
        return pipeline(account, bodies)


def writing(ready: list[str]) -> int:
    """The same from the point where the lines for COPY are made."""
    written = 0
    for lines in ready:
        with transaction.atomic():
            changes = transactions.merge(lines)
            rollups.apply(changes.deltas)
        written += changes.rows
    return written


def lines_of(account: Account, bodies: list[bytes]) -> list[str]:
    roots, known = CategoryTree.load().roots, Known.of(account, account_facts(account))
    found = batches(decoded(bodies), now=timezone.now)
    return [
        transactions.lines(account, one.rows, known=known, roots=roots, read_at=one.asked_at) for one in found
    ]


def copy(ready: list[str]) -> int:
    """The limit: the same lines straight into the table. No comparing, no second reading, no sums."""
    table = Transaction._meta.db_table
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")  # COPY cannot keep to policies
        with cursor.copy(transactions.SQL_COPY.format(table=table)) as target:
            for lines in ready:
                target.write(lines)
        written = int(cursor.rowcount)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what the commit would do
        cursor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        return written


def models_of(account: Account, bodies: list[bytes]) -> Iterator[Transaction]:
    """What somebody who uses the ORM would make of the pages: the columns that matter to a list."""
    roots, known, now = CategoryTree.load().roots, account_facts(account), timezone.now()
    for page in decoded(bodies):
        for row in page.rows:
            said = classify(facts(row), known, roots=roots, evidence=NO_EVIDENCE)
            yield Transaction(
                id=row.id, user_id=account.user_id, account_id=account.id, description=row.description,
                description_raw=row.description_raw or "", type=row.type or "", status=row.status or "",
                amount=row.amount, currency=row.currency_code, occurred_at=row.date,
                bank_category_id=row.category_id or "", bank_created_at=row.created_at,
                bank_updated_at=row.updated_at, local_date=said.local_date, flow=said.flow,
                flow_currency=account.currency, kind=said.kind, kind_reason=said.reason,
                category_id=said.category_id, month_competence=said.month_competence,
                month_cash=said.month_cash, read_at=now,
            )  # fmt: skip


def bulk_create(account: Account, bodies: list[bytes]) -> int:
    changed = [field.name for field in Transaction._meta.concrete_fields if field.name not in NOT_THE_BANKS]
    rows = models_of(account, bodies)
    while some := list(islice(rows, 1_000)):
        Transaction.objects.bulk_create(
            some, update_conflicts=True, unique_fields=["id"], update_fields=changed
        )
    return Transaction.objects.count()


NOT_THE_BANKS = ("id", "user", "account", "deleted_at", "wording", *Transaction.PERSON_COLUMNS)


def loop(account: Account, bodies: list[bytes]) -> int:
    for row in islice(models_of(account, bodies), LOOP_ROWS):
        values = {
            field.attname: getattr(row, field.attname)
            for field in row._meta.concrete_fields
            if not field.generated
        }
        Transaction.objects.update_or_create(id=values.pop("id"), defaults=values)
    return LOOP_ROWS


def emptied() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {Transaction._meta.db_table}, {MonthTotal._meta.db_table} CASCADE")


def timed(method: Method) -> float:
    """Rows per second."""
    begun = time.perf_counter()
    return method() / (time.perf_counter() - begun)


def run(rows: int, turns: int) -> dict[str, Any]:
    account = an_account()
    bodies = pages(account, rows)
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
            emptied()
            speeds[name].append(timed(method))
            if name == "pipeline":
                begun = time.perf_counter()
                noop_rows += pipeline(account, bodies)
                speeds["noop"].append(rows / (time.perf_counter() - begun))
                assert not rollups.differences()
    return {name: median(found) for name, found in speeds.items()} | {"noop_rows": noop_rows}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.bench sync", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=3)
    chosen = parser.parse_args()
    found = run(chosen.rows, chosen.turns)
    for name in ("copy", "write", "pipeline", "without sums", "noop", "bulk_create", "update_or_create"):
        print(f"{name:<18}{found[name]:>10,.0f} rows/s   {found[name] / found['copy']:.3f} of COPY")
    print(f"rows={chosen.rows} turns={chosen.turns}")
    print(f"ratio_to_copy={found['pipeline'] / found['copy']:.2f}")
    print(f"write_ratio_to_copy={found['write'] / found['copy']:.2f}")
    print(f"noop_ratio_to_copy={found['noop'] / found['copy']:.2f}")
    print(f"rollup_cost={found['without sums'] / found['pipeline']:.2f}")
    print(f"noop_rows_written={found['noop_rows']}")
    print(f"ratio_to_bulk_create={found['pipeline'] / found['bulk_create']:.1f}")
    print(f"ratio_to_update_or_create={found['pipeline'] / found['update_or_create']:.0f}")


if __name__ == "__main__":
    main()
