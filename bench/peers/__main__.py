"""Spending by category of the same rows: Lume beside Actual Budget, ledger and hledger, side by side.

    make bench-peers                      python -m dev.bench peers --rows 100000 --actual var/peers

Who is not installed is skipped: `apt install ledger hledger`; for Actual, `npm install --prefix var/peers
@actual-app/api`. Each time is the least of its turns. Lume and Actual answer from what is open; ledger
and hledger read their journal at each question, as at each use. All must come to the same sums.
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
from banking.models import SPENDING, CategoryTree, Transaction
from banking.periods import Month, Period
from banking.reports import spending
from banking.reports.scope import Scope
from banking.reports.sums import groups
from bench._people import BIG, MONTHS, NEWEST, build

EVER = Period((Month.of(NEWEST) + -MONTHS).first, Month.of(NEWEST).last)
HERE = Path(__file__).parent
Sums = dict[str, Decimal]
Answer = tuple[float, Sums]  # milliseconds
Row = tuple[str, Decimal, str, str]  # day, flow, what it says, its category if it is spending


class Absent(Exception):
    """It is not installed here."""


def rows_of(user: User) -> list[Row]:
    rows = Transaction.objects.of(user).order_by("local_date", "id")
    columns = rows.values_list("local_date", "flow", "description", "category_id", "kind")
    return [
        (f"{day}", flow, said, category if kind in SPENDING else "")
        for day, flow, said, category, kind in columns.iterator()
    ]


def least(ask: Callable[[], object], turns: int) -> float:
    took = []
    for _ in range(turns):
        begun = time.perf_counter()
        ask()
        took.append((time.perf_counter() - begun) * 1000)
    return min(took)


def lume(user: User, turns: int) -> Answer:
    scope, tree, sums = Scope(user, EVER), CategoryTree.load(), {}
    for one in groups(scope, tree):
        if one.kind in SPENDING:
            sums[one.category_id] = sums.get(one.category_id, Decimal(0)) - one.total
    return least(lambda: spending.figures(scope, tree), turns), sums


def actual(rows: list[Row], folder: Path, turns: int, installed: Path) -> Answer:
    node = program("node")
    if not (installed / "node_modules" / "@actual-app" / "api").exists():
        raise Absent(f"no @actual-app/api in {installed}")
    cents = [(day, int(flow * 100), said, category) for day, flow, said, category in rows]
    told = {"rows": cents, "categories": sorted({row[3] for row in rows if row[3]})}
    (folder / "rows.json").write_text(json.dumps(told), encoding="utf-8")
    words = [installed, folder / "actual", folder / "rows.json", turns]
    said = run(node, HERE / "actual.mjs", *words)
    answer = json.loads(said.strip().rpartition("\n")[2])
    return answer["milliseconds"], {name: Decimal(-total) / 100 for name, total in answer["sums"].items()}


def journal(rows: list[Row], folder: Path) -> Path:
    """Plain amounts; what is no spending lies in an account of its own."""
    path = folder / "rows.journal"
    with path.open("w", encoding="utf-8") as file:
        for day, flow, said, category in rows:
            account = f"Expenses:{category}" if category else "Other"
            file.write(f"{day} {said}\n    {account}    {-flow}\n    Assets:Conta\n\n")
    return path


def ledger(path: Path, turns: int) -> Answer:
    line = "%(account),%(quantity(scrub(total)))\n"
    words = [program("ledger"), "--file", path, "balance", "^Expenses:", "--flat", "--no-total"]
    return asked([*words, "--balance-format", line], turns)


def hledger(path: Path, turns: int) -> Answer:
    words = [program("hledger"), "--file", path, "balance", "^Expenses:", "--flat", "--no-total"]
    return asked([*words, "--output-format", "csv"], turns)


def asked(words: list[object], turns: int) -> Answer:
    found = [row for row in csv.reader(io.StringIO(run(*words))) if row[0].startswith("Expenses:")]
    sums = {account.removeprefix("Expenses:"): Decimal(total) for account, total in found}
    return least(lambda: run(*words), turns), sums


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Absent(f"{name} is not installed")
    return found


def run(*words: object) -> str:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.bench peers", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--actual", type=Path, default=Path("var/peers"), help="where npm installed it")
    chosen = parser.parse_args()
    build(0, 0, chosen.rows)
    user = User.objects.get(email=BIG)
    rows = rows_of(user)
    ours, sums = lume(user, chosen.turns * 4)
    print(f"{'lume':<10}{ours:>10.2f} ms")
    with TemporaryDirectory() as made:
        folder = Path(made)
        path = journal(rows, folder)
        peers: dict[str, Callable[[], Answer]] = {
            "actual": lambda: actual(rows, folder, chosen.turns, chosen.actual),
            "ledger": lambda: ledger(path, chosen.turns),
            "hledger": lambda: hledger(path, chosen.turns),
        }
        for name, ask in peers.items():
            beside(name, ask, ours, sums)
    print(f"rows={len(rows)} categories={len(sums)}")


def beside(name: str, ask: Callable[[], Answer], ours: float, sums: Sums) -> None:
    try:
        took, theirs = ask()
    except (Absent, subprocess.CalledProcessError) as trouble:
        print(f"{name:<10}   skipped: {trouble}")
        return
    remark = "" if theirs == sums else "   OTHER SUMS"
    print(f"{name:<10}{took:>10.2f} ms{took / ours:>9.0f} x{remark}", flush=True)


if __name__ == "__main__":
    main()
