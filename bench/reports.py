"""What pages cost a person with a million rows beside one with five thousand, among ten million rows.

    make bench-reports                    python -m dev.bench reports --people 20 --big 50000

The people take minutes to make: --keep goes on with those of the last run. Of times that are compared, each
is the least of its turns, taken in turns: what it costs when nothing else disturbs.
"""

import argparse
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from statistics import quantiles
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.models import Count, Q, Sum
from django.test import Client
from django.urls import reverse

from accounts.models import User
from banking.models import CategoryTree, Transaction
from banking.periods import Month, Period
from banking.reports import cash_flow, categories, spending, transactions
from banking.reports.scope import Scope
from bench._people import BIG, MONTHS, NEWEST, build

BYTES_PER_ROW = 1_200  # with indexes and what building them needs
LAST = Month.of(NEWEST)
MONTH = Period.of_month(LAST + -1)
TWO_YEARS = Period((LAST + -24).first, (LAST + -1).last)
SOME_DAYS = Period((LAST + -9).day(10), (LAST + -1).day(20))
EVER = Period((LAST + -MONTHS).first, LAST.last)
SOUGHT = (
    "uber", "padaria", "açougue são joão", "FARMÁCIA", "cantina da vila 3", "ipê", "Três Irmãos",
    "pix enviado", "presente", "posto estrela", "guaira 12", "livraria", "cinema central", "clinica", "zzz",
    "silva 7", "pet",
    "restaurante aurora", "quitanda bom jesus 30", "papelaria",
)  # fmt: skip

Work = Callable[[User], object]


@dataclass
class Clock:
    """Time that the database takes, and how often it is asked."""

    seconds: float = 0
    queries: list[str] = field(default_factory=list)

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, *rest)
        finally:
            self.seconds += time.perf_counter() - begun
            self.queries.append(sql)


@contextmanager
def clocked() -> Iterator[Clock]:
    clock = Clock()
    with connection.execute_wrapper(clock):
        yield clock


def database_ms(work: Work, user: User) -> float:
    with clocked() as clock:
        work(user)
    return clock.seconds * 1000


def least(works: dict[str, tuple[Work, User]], turns: int) -> dict[str, float]:
    """Milliseconds in the database, of each."""
    took = [{name: database_ms(*work) for name, work in works.items()} for _ in range(turns + 1)]
    return {name: min(one[name] for one in took[1:]) for name in works}


tree = cache(CategoryTree.load)


def compared(user: User, period: Period) -> object:
    """With the period before and the average."""
    return categories.categories(Scope(user, period), tree(), today=NEWEST)


def figures(period: Period, user: User) -> object:
    return spending.figures(Scope(user, period), tree())


def by_rows(period: Period) -> Work:
    """The same sums without the rollup."""

    def grouped(user: User) -> object:
        rows = Scope(user, period).rows(tree())
        groups = rows.order_by().values_list("flow_currency", "category_id", "kind")
        return list(groups.annotate(Sum("flow"), Count("id")))

    return grouped


def page(name: str, query: dict[str, str]) -> Work:
    def opened(user: User) -> object:
        answer = browser(user).get(reverse(name), query)
        assert answer.status_code == 200, answer
        return answer

    return opened


_browsers: dict[int, Client] = {}


def browser(user: User) -> Client:
    if user.id not in _browsers:
        _browsers[user.id] = Client()
        _browsers[user.id].force_login(user)
    return _browsers[user.id]


REPORTS: dict[str, Work] = {
    "spending of a month": lambda user: spending.spending(Scope(user, MONTH), tree()),
    "spending of 24 months": lambda user: spending.spending(Scope(user, TWO_YEARS), tree()),
    "spending of some days": lambda user: spending.spending(Scope(user, SOME_DAYS), tree()),
    "categories of a month": lambda user: compared(user, MONTH),
    "categories of 24 months": lambda user: compared(user, TWO_YEARS),
    "cash flow of 24 months": lambda user: cash_flow.cash_flow(Scope(user, TWO_YEARS), months=24),
    "overview of a month": page("overview", MONTH.query),
    "overview of 24 months": page("overview", TWO_YEARS.query),
    "report of categories": page("report_categories", MONTH.query),
    "report of cash flow": page("report_cash_flow", MONTH.query),
    "report of merchants": page("report_merchants", MONTH.query),
    "report of pace": page("report_pace", MONTH.query),
    "report of the flow": page("report_flow", MONTH.query),
    "list of a month": page("transactions", MONTH.query),
    "list of 24 months": page("transactions", TWO_YEARS.query),
}
PAGES = [name for name in REPORTS if name.startswith(("overview", "report", "list"))]
# Their cost is in proportion to the days at the ends of the period, or to what is read on the way to a page.
GROWING = frozenset({"spending of some days", "report of merchants", "report of pace"})


def growth(small: User, big: User, turns: int) -> float:
    """The worst of the reports whose cost must not depend on the history."""
    worst = 0.0
    print(f"{'milliseconds in the database':<32}{'few rows':>10}{'million':>10}{'growth':>9}")
    for name, work in REPORTS.items():
        took = least({"small": (work, small), "big": (work, big)}, turns)
        ratio = took["big"] / took["small"]
        worst = worst if name in GROWING else max(worst, ratio)
        print(f"{name:<32}{took['small']:>10.2f}{took['big']:>10.2f}{ratio:>9.2f}", flush=True)
    return worst


def speedup(big: User, turns: int) -> dict[str, float]:
    """Of the sums alone, which is what the rollup replaces."""
    found = {}
    for name, period in {"month": MONTH, "24 months": TWO_YEARS}.items():
        works = {
            "report": (partial(figures, period), big),
            "rows": (by_rows(period), big),
        }
        took = least(works, turns)
        found[name] = took["rows"] / took["report"]
        print(f"GROUP BY over the rows of {name:<10}{took['rows']:>10.2f} ms, report {took['report']:.2f} ms")
    return found


def pages(big: User, turns: int) -> None:
    """Whole pages: from the request to the last byte."""
    for name in PAGES:
        work = REPORTS[name]
        took = milliseconds(work, big, turns)
        with clocked() as clock:
            work(big)
        print(f"page {name:<27}p50={middle(took):.1f} p95={late(took):.1f} queries={len(clock.queries)}")


def deep(big: User, turns: int) -> float:
    """The thousandth page beside the first, as a ratio."""
    rows = Scope(big, EVER).rows(tree()).order_by("-local_date", "-id")
    place = min(999 * transactions.PAGE, rows.count() - transactions.PAGE) - 1
    row = rows[place]
    far = EVER.query | {"before": f"{row.local_date}_{row.id}"}
    works = {"first": page("transactions", EVER.query), "far": page("transactions", far)}
    took: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(turns):
        for name, work in works.items():
            took[name] += milliseconds(work, big, 1)
    far, first = min(took["far"]), min(took["first"])
    print(f"page {1 + (place + 1) // transactions.PAGE}: {far:.1f} ms, first {first:.1f} ms")
    return min(took["far"]) / min(took["first"])


def search(big: User, turns: int) -> float:
    """The whole page, over all rows."""
    took: list[float] = []
    for text in SOUGHT:
        found = Scope(big, EVER, text=text).rows(tree()).count()
        some = milliseconds(page("transactions", EVER.query | {"q": text}), big, turns)
        took += some
        print(f"search {text:<24}{found:>9,} rows{middle(some):>10.1f} ms", flush=True)
    return late(took)


def milliseconds(work: Work, user: User, turns: int) -> list[float]:
    took = []
    for turn in range(turns + (turns > 1)):  # the first of several only warms up
        begun = time.perf_counter()
        work(user)
        if turn or turns == 1:
            took.append((time.perf_counter() - begun) * 1000)
    return took


def middle(took: list[float]) -> float:
    return quantiles(took, n=2)[0] if len(took) > 1 else took[0]


def late(took: list[float]) -> float:
    return quantiles(took, n=20, method="inclusive")[18] if len(took) > 1 else took[0]


def made(people: int, rows: int, big: int) -> bool:
    """These people are here from an earlier run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [Transaction._meta.db_table])
        about = cursor.fetchone()[0]
    expected = people * rows + big
    here = User.objects.filter(Q(email=BIG) | Q(email__startswith="person")).count()
    return here == people + 1 and abs(about - expected) <= expected / 50


def need_disk(rows: int) -> None:
    free = shutil.disk_usage(".").free
    if free < rows * BYTES_PER_ROW:
        raise SystemExit(f"{rows:,} rows need {rows * BYTES_PER_ROW / 1e9:.0f} GB, {free / 1e9:.0f} are free")


def disk() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        return str(cursor.fetchone()[0])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.bench reports", description=__doc__)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=5_000, help="of each of the people")
    parser.add_argument("--big", type=int, default=1_000_000, help="rows of one person more")
    parser.add_argument("--turns", type=int, default=20)
    chosen = parser.parse_args()
    call_command("collectstatic", interactive=False, verbosity=0)  # a page of production names its files
    if not made(chosen.people, chosen.rows, chosen.big):
        need_disk(chosen.people * chosen.rows + chosen.big)
        build(chosen.people, chosen.rows, chosen.big)
    tell(chosen.turns)
    print(f"people={chosen.people} rows={Transaction.objects.count()} disk={disk()}")


def tell(turns: int) -> None:
    small, big = User.objects.get(email="person7@example.com"), User.objects.get(email=BIG)
    worst = growth(small, big, turns)
    faster = speedup(big, turns)
    pages(big, turns)
    ratio = deep(big, turns)
    sought = search(big, max(3, turns // 4))
    print(f"growth={worst:.2f}")
    print(f"speedup={faster['24 months']:.0f} speedup_of_a_month={faster['month']:.0f}")
    print(f"deep={ratio:.2f}")
    print(f"search_p95={sought:.0f}ms")


if __name__ == "__main__":
    main()
