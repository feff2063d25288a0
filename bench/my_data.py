"""Measure the download of all of a user's data, its import and the erasure of the user.

    python -m dev.bench my_data                  python -m dev.bench my_data --rows 1000000

The memory of the download is flat: its peak for all transactions is that for a tenth of them.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from banking.ledger.models import Transaction
from banking.personal_data import archive, erasure
from banking.personal_data.importing import import_archive
from banking.web.views.personal_data import csv_lines
from bench._users import BIG, build


class NoPluggy:
    """A Pluggy without items: the benchmark's connections exist nowhere."""

    def items(self, **_: Any) -> list[Any]:
        return []


def download(user: User, path: Path) -> None:
    """Do what the view does."""
    pieces = archive.stream(
        user, csv_lines=lambda: csv_lines(user, "pt-br"), now=timezone.now(), version=settings.VERSION
    )
    with path.open("wb") as file:
        file.writelines(pieces)


def timed(name: str, work: Callable[[], object], rows: int) -> float:
    started, cpu = time.perf_counter(), time.process_time()
    work()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:<28}{rows:>10,} rows{seconds:>8.1f} s{cpu:>8.1f} s of CPU{peak:>8.0f} MB peak", flush=True)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.bench my_data", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="transactions of the user")
    rows = parser.parse_args().rows
    call_command("createcachetable", verbosity=0)
    build(1, rows // 10, rows)
    big = User.objects.get(email=BIG)
    small = User.objects.exclude(pk=big.pk).get()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive.zip"
        timed("download", lambda: download(small, path), rows // 10)
        seconds = timed("download", lambda: download(big, path), rows)
        print(f"{'size':<28}{path.stat().st_size / 2**20:>10.1f} MB")
        big.items.update(is_imported=True)  # nothing is deleted at Pluggy
        request = erasure.request(big, now=timezone.now(), language="en")
        timed("erasure", lambda: erasure.run(request.pk, client=NoPluggy(), now=timezone.now), rows)  # type: ignore[arg-type]
        assert not Transaction.objects.filter(user_id=big.pk).exists()
        options: dict[str, Any] = {"email": "", "now": timezone.now(), "keeps_connections": False}
        timed("import", lambda: import_archive(path, **options), rows)
        assert Transaction.objects.of(User.objects.get(email=BIG)).count() == rows
    print(f"download_seconds={seconds:.1f}")


if __name__ == "__main__":
    main()
