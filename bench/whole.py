"""Measure a first sync from a local Pluggy over HTTP to stored transactions and monthly totals.

    make bench-whole                      python -m dev.bench whole --rows 50000

Print how the time is spent, and the largest memory of this process, which does the work of the worker.
"""

import argparse
import resource
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import SyncRun
from banking.ingest import sync_item, transaction_upsert
from banking.ledger import monthly_totals
from banking.ledger.models import Transaction
from banking.pluggy import Client
from banking.web.api_client import pluggy
from bench._pluggy import connect, local_pluggy

seconds_by_part: dict[str, float] = defaultdict(float)


def measure_calls(owner: Any, name: str, part: str) -> None:
    """Replace a function by one that adds its time to seconds_by_part[part]."""
    original: Callable[..., Any] = getattr(owner, name)

    def measured(*args: Any, **options: Any) -> Any:
        started = time.perf_counter()
        try:
            return original(*args, **options)
        finally:
            seconds_by_part[part] += time.perf_counter() - started

    setattr(owner, name, measured)


def run(transaction_count: int) -> None:
    call_command("load_categories", verbosity=0)
    user = User.objects.create_user(f"{uuid.uuid4()}@example.com")
    with local_pluggy() as url:
        item_id = connect(url, str(user.reference), transaction_count)
        settings.PLUGGY_API_URL = url
        client = pluggy()
        item = actions.claim(user, UUID(item_id), client=client, now=timezone.now())
        for owner, name, part in PARTS:
            measure_calls(owner, name, part)
        memory_before = _memory_mb()
        started = time.perf_counter()
        sync_item(item.id, client=client, now=timezone.now)
        seconds = time.perf_counter() - started
    _print_result(item.runs.latest("id"), user, seconds, memory_before)


PARTS = (
    (Client, "_send", "waiting for Pluggy"),
    (msgspec.json, "decode", "decoding"),
    (transaction_upsert, "lines", "classifying and making COPY lines"),
    (transaction_upsert, "merge", "PostgreSQL: transactions"),
    (monthly_totals, "apply", "PostgreSQL: monthly totals"),
)


def _print_result(sync_run: SyncRun, user: User, seconds: float, memory_before: float) -> None:
    stored = Transaction.objects.of(user).count()
    print(
        f"{sync_run.outcome}: {stored:,} transactions in {seconds:.1f} s, {stored / seconds:,.0f} per second"
    )
    for part, part_seconds in sorted(seconds_by_part.items(), key=lambda item: -item[1]):
        print(f"  {part:<32}{part_seconds:6.1f} s  {part_seconds / seconds:4.0%}")
    print(f"  {'other':<32}{seconds - sum(seconds_by_part.values()):6.1f} s")
    assert not monthly_totals.differences()
    print(
        f"transactions={stored} seconds={seconds:.1f}"
        f" memory_mb={_memory_mb():.0f} memory_before_mb={memory_before:.0f}"
    )


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.bench whole", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    run(parser.parse_args().rows)


if __name__ == "__main__":
    main()
