"""A first sync end to end: a local Pluggy over HTTP on one side, our rows and sums on the other.

    make bench-whole                      python -m dev.bench whole --rows 50000

Prints where the time of the run goes, and the largest memory of this process, which is the worker.
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
from banking import rollups
from banking.actions import connections
from banking.application import pluggy
from banking.models import SyncRun, Transaction
from banking.pluggy import Client
from banking.sync import sync_item
from banking.upsert import transactions
from bench._pluggy import connect, local_pluggy

spent: dict[str, float] = defaultdict(float)


def clocked(owner: Any, name: str, part: str) -> None:
    """Count the time spent in a function from now on."""
    original: Callable[..., Any] = getattr(owner, name)

    def counted(*args: Any, **options: Any) -> Any:
        begun = time.perf_counter()
        try:
            return original(*args, **options)
        finally:
            spent[part] += time.perf_counter() - begun

    setattr(owner, name, counted)


def run(rows: int) -> None:
    call_command("load_categories", verbosity=0)
    user = User.objects.create_user(f"{uuid.uuid4()}@example.com")
    with local_pluggy() as url:
        item_id = connect(url, str(user.reference), rows)
        settings.PLUGGY_API_URL = url
        client = pluggy()
        item = connections.claim(user, UUID(item_id), client=client, now=timezone.now())
        for owner, name, part in PARTS:
            clocked(owner, name, part)
        before = _megabytes()
        begun = time.perf_counter()
        sync_item(item.id, client=client, now=timezone.now)
        seconds = time.perf_counter() - begun
    _tell(item.runs.latest("id"), user, seconds, before)


PARTS = (
    (Client, "_send", "waiting for Pluggy"),
    (msgspec.json, "decode", "decoding"),
    (transactions, "lines", "classifying and writing lines"),
    (transactions, "merge", "PostgreSQL: rows"),
    (rollups, "apply", "PostgreSQL: sums"),
)


def _tell(last: SyncRun, user: User, seconds: float, before: float) -> None:
    stored = Transaction.objects.of(user).count()
    print(f"{last.outcome}: {stored:,} rows in {seconds:.1f} s, {stored / seconds:,.0f} rows/s")
    for part, took in sorted(spent.items(), key=lambda one: -one[1]):
        print(f"  {part:<32}{took:6.1f} s  {took / seconds:4.0%}")
    print(f"  {'the rest':<32}{seconds - sum(spent.values()):6.1f} s")
    assert not rollups.differences()
    print(f"rows={stored} seconds={seconds:.1f} memory_mb={_megabytes():.0f} memory_before_mb={before:.0f}")


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.bench whole", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    run(parser.parse_args().rows)


if __name__ == "__main__":
    main()
