"""Compare spending by category in Lume, Actual Budget, ledger and hledger on the same transactions.

    make bench-peers                      python -m dev.bench peers --rows 100000 --actual var/peers

A program that is not installed is skipped: `apt install ledger hledger`; for Actual, `npm install --prefix
var/peers @actual-app/api`. Each time is the minimum of several turns. Lume and Actual keep their database
open; ledger and hledger read their journal each time, as in normal use. All must return the same sums.
"""

import argparse
import csv
import io
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from accounts.models import User
from banking.ledger.models import SPENDING, CategoryTree, Transaction
from banking.money.periods import Month, Period
from banking.reports import spending
from banking.reports.category_totals import totals_by_category
from banking.reports.transaction_filter import TransactionFilter
from bench._users import BIG, MONTHS, NEWEST, build

EVER = Period((Month.of(NEWEST) + -MONTHS).first, Month.of(NEWEST).last)
FOLDER = Path(__file__).parent
Sums = dict[str, Decimal]
Result = tuple[float, Sums]  # milliseconds, sums by category
Row = tuple[str, Decimal, str, str]  # day, amount, description, category if it is spending


class NotInstalled(Exception):
    """Say that a program is not installed."""


def rows_of(user: User) -> list[Row]:
    rows = Transaction.objects.of(user).order_by("local_date", "id")
    columns = rows.values_list("local_date", "signed_amount", "description", "category_id", "kind")
    return [
        (f"{day}", amount, description, category if kind in SPENDING else "")
        for day, amount, description, category, kind in columns.iterator()
    ]


def minimum_ms(query: Callable[[], object], turns: int) -> float:
    times = []
    for _ in range(turns):
        started = time.perf_counter()
        query()
        times.append((time.perf_counter() - started) * 1000)
    return min(times)


def lume(user: User, turns: int) -> Result:
    filters, tree = TransactionFilter(user, EVER), CategoryTree.load()
    sums: Sums = {}
    for group in totals_by_category(filters, tree):
        if group.kind in SPENDING:
            sums[group.category_id] = sums.get(group.category_id, Decimal(0)) - group.total
    return minimum_ms(lambda: spending.figures(filters, tree), turns), sums


def actual(rows: list[Row], folder: Path, turns: int, installed: Path) -> Result:
    node = program("node")
    if not (installed / "node_modules" / "@actual-app" / "api").exists():
        raise NotInstalled(f"no @actual-app/api in {installed}")
    cents = [(day, int(amount * 100), description, category) for day, amount, description, category in rows]
    data = {"rows": cents, "categories": sorted({row[3] for row in rows if row[3]})}
    (folder / "rows.json").write_text(json.dumps(data), encoding="utf-8")
    arguments = [installed, folder / "actual", folder / "rows.json", turns]
    output = run(node, FOLDER / "actual.mjs", *arguments)
    result = json.loads(output.strip().rpartition("\n")[2])
    return result["milliseconds"], {name: Decimal(-total) / 100 for name, total in result["sums"].items()}


def journal(rows: list[Row], folder: Path) -> Path:
    """Write a journal with plain amounts. Transactions that are no spending go to the account Other."""
    path = folder / "rows.journal"
    with path.open("w", encoding="utf-8") as file:
        for day, amount, description, category in rows:
            account = f"Expenses:{category}" if category else "Other"
            file.write(f"{day} {description}\n    {account}    {-amount}\n    Assets:Conta\n\n")
    return path


def ledger(path: Path, turns: int) -> Result:
    line = "%(account),%(quantity(scrub(total)))\n"
    command = [program("ledger"), "--file", path, "balance", "^Expenses:", "--flat", "--no-total"]
    return run_report([*command, "--balance-format", line], turns)


def hledger(path: Path, turns: int) -> Result:
    command = [program("hledger"), "--file", path, "balance", "^Expenses:", "--flat", "--no-total"]
    return run_report([*command, "--output-format", "csv"], turns)


def run_report(command: list[object], turns: int) -> Result:
    lines = [row for row in csv.reader(io.StringIO(run(*command))) if row[0].startswith("Expenses:")]
    sums = {account.removeprefix("Expenses:"): Decimal(total) for account, total in lines}
    return minimum_ms(lambda: run(*command), turns), sums


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise NotInstalled(f"{name} is not installed")
    return path


def run(*command: object) -> str:
    return subprocess.run(
        [str(argument) for argument in command], capture_output=True, text=True, check=True
    ).stdout


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.bench peers", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument(
        "--actual", type=Path, default=Path("var/peers"), help="folder of the npm installation of Actual"
    )
    options = parser.parse_args()
    build(0, 0, options.rows)
    user = User.objects.get(email=BIG)
    rows = rows_of(user)
    lume_ms, sums = lume(user, options.turns * 4)
    print(f"{'lume':<10}{lume_ms:>10.2f} ms")
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        path = journal(rows, folder)
        peers: dict[str, Callable[[], Result]] = {
            "actual": lambda: actual(rows, folder, options.turns, options.actual),
            "ledger": lambda: ledger(path, options.turns),
            "hledger": lambda: hledger(path, options.turns),
        }
        for name, measure in peers.items():
            compare(name, measure, lume_ms, sums)
    print(f"rows={len(rows)} categories={len(sums)}")


def compare(name: str, measure: Callable[[], Result], lume_ms: float, sums: Sums) -> None:
    try:
        peer_ms, peer_sums = measure()
    except (NotInstalled, subprocess.CalledProcessError) as error:
        print(f"{name:<10}   skipped: {error}")
        return
    remark = "" if peer_sums == sums else "   DIFFERENT SUMS"
    print(f"{name:<10}{peer_ms:>10.2f} ms{peer_ms / lume_ms:>9.0f} x{remark}", flush=True)


if __name__ == "__main__":
    main()
