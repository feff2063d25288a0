"""Compare reports and pages of a user with a million transactions and a user with five thousand.

    make bench-reports                    python -m dev.bench reports --users 20 --big 50000

The database has ten million transactions of other users. Creating them takes minutes; --keep reuses those of
the last run. Compared times are the minimum of several turns, so that other load on the machine matters less.
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
from banking.ledger.models import CategoryTree, Transaction
from banking.money.periods import Month, Period
from banking.reports import (
    cash_flow,
    categories,
    spending,
    transactions,
)
from banking.reports.transaction_filter import TransactionFilter
from bench._users import BIG, MONTHS, NEWEST, build

BYTES_PER_TRANSACTION = 1_200  # with indexes and the space for creating them
LAST = Month.of(NEWEST)
MONTH = Period.of_month(LAST + -1)
TWO_YEARS = Period((LAST + -24).first, (LAST + -1).last)
SOME_DAYS = Period((LAST + -9).day(10), (LAST + -1).day(20))
EVER = Period((LAST + -MONTHS).first, LAST.last)
SEARCH_TEXTS = (
    "uber", "padaria", "açougue são joão", "FARMÁCIA", "cantina da vila 3", "ipê", "Três Irmãos",
    "pix enviado", "presente", "posto estrela", "guaira 12", "livraria", "cinema central", "clinica", "zzz",
    "silva 7", "pet",
    "restaurante aurora", "quitanda bom jesus 30", "papelaria",
)  # fmt: skip

Work = Callable[[User], object]


@dataclass
class QueryTimer:
    """Count the queries and sum up their seconds."""

    seconds: float = 0
    queries: list[str] = field(default_factory=list)

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, *rest)
        finally:
            self.seconds += time.perf_counter() - started
            self.queries.append(sql)


@contextmanager
def timed_queries() -> Iterator[QueryTimer]:
    timer = QueryTimer()
    with connection.execute_wrapper(timer):
        yield timer


def database_ms(work: Work, user: User) -> float:
    with timed_queries() as timer:
        work(user)
    return timer.seconds * 1000


def minimum_ms(works: dict[str, tuple[Work, User]], turns: int) -> dict[str, float]:
    """Return the fewest milliseconds in the database by name. The first turn only warms up."""
    results = [{name: database_ms(*work) for name, work in works.items()} for _ in range(turns + 1)]
    return {name: min(result[name] for result in results[1:]) for name in works}


tree = cache(CategoryTree.load)


def categories_report(user: User, period: Period) -> object:
    """Return the categories with the period before and the average."""
    return categories.category_report(TransactionFilter(user, period), tree(), today=NEWEST)


def figures(period: Period, user: User) -> object:
    return spending.figures(TransactionFilter(user, period), tree())


def group_by_query(period: Period) -> Work:
    """Return a function that computes the same sums from the transactions, without the monthly totals."""

    def grouped(user: User) -> object:
        rows = TransactionFilter(user, period).transactions(tree())
        groups = rows.order_by().values_list("signed_amount_currency", "category_id", "kind")
        return list(groups.annotate(Sum("signed_amount"), Count("id")))

    return grouped


def page(name: str, query: dict[str, str]) -> Work:
    def open_page(user: User) -> object:
        response = signed_in_client(user).get(reverse(name), query)
        assert response.status_code == 200, response
        return response

    return open_page


_clients: dict[int, Client] = {}


def signed_in_client(user: User) -> Client:
    if user.id not in _clients:
        _clients[user.id] = Client()
        _clients[user.id].force_login(user)
    return _clients[user.id]


REPORTS: dict[str, Work] = {
    "spending of a month": lambda user: spending.spending_report(TransactionFilter(user, MONTH), tree()),
    "spending of 24 months": lambda user: spending.spending_report(
        TransactionFilter(user, TWO_YEARS), tree()
    ),
    "spending of some days": lambda user: spending.spending_report(
        TransactionFilter(user, SOME_DAYS), tree()
    ),
    "categories of a month": lambda user: categories_report(user, MONTH),
    "categories of 24 months": lambda user: categories_report(user, TWO_YEARS),
    "cash flow of 24 months": lambda user: cash_flow.cash_flow_report(
        TransactionFilter(user, TWO_YEARS), months=24
    ),
    "overview of a month": page("overview", MONTH.query),
    "overview of 24 months": page("overview", TWO_YEARS.query),
    "report of categories": page("report_categories", MONTH.query),
    "report of cash flow": page("report_cash_flow", MONTH.query),
    "report of merchants": page("report_merchants", MONTH.query),
    "report of pace": page("report_pace", MONTH.query),
    "report of the flow": page("report_money_flow", MONTH.query),
    "list of a month": page("transactions", MONTH.query),
    "list of 24 months": page("transactions", TWO_YEARS.query),
}
PAGES = [name for name in REPORTS if name.startswith(("overview", "report", "list"))]
# Their cost grows with the days at the ends of the period, or with all transactions of the period.
GROWING = frozenset({"spending of some days", "report of merchants", "report of pace"})


def growth(small: User, big: User, turns: int) -> float:
    """Print each report's growth and return the worst of those whose cost must not depend on the history."""
    worst = 0.0
    print(f"{'milliseconds in the database':<32}{'small user':>10}{'big user':>10}{'growth':>9}")
    for name, work in REPORTS.items():
        times = minimum_ms({"small": (work, small), "big": (work, big)}, turns)
        ratio = times["big"] / times["small"]
        worst = worst if name in GROWING else max(worst, ratio)
        print(f"{name:<32}{times['small']:>10.2f}{times['big']:>10.2f}{ratio:>9.2f}", flush=True)
    return worst


def speedup(big: User, turns: int) -> dict[str, float]:
    """Return how many times faster the monthly totals are than a GROUP BY, by period."""
    speedups = {}
    for name, period in {"month": MONTH, "24 months": TWO_YEARS}.items():
        works: dict[str, tuple[Work, User]] = {
            "report": (partial(figures, period), big),
            "rows": (group_by_query(period), big),
        }
        times = minimum_ms(works, turns)
        speedups[name] = times["rows"] / times["report"]
        print(f"GROUP BY of {name:<10}{times['rows']:>10.2f} ms, report {times['report']:.2f} ms")
    return speedups


def pages(big: User, turns: int) -> None:
    """Print the times of whole pages, from the request to the last byte."""
    for name in PAGES:
        work = REPORTS[name]
        times = milliseconds(work, big, turns)
        with timed_queries() as timer:
            work(big)
        print(
            f"page {name:<27}p50={median(times):.1f} p95={percentile_95(times):.1f}"
            f" queries={len(timer.queries)}"
        )


def distant_page(big: User, turns: int) -> float:
    """Return the time of the thousandth page divided by the time of the first."""
    ordered = TransactionFilter(big, EVER).transactions(tree()).order_by("-local_date", "-id")
    index = min(999 * transactions.PAGE_SIZE, ordered.count() - transactions.PAGE_SIZE) - 1
    last = ordered[index]
    far_query = EVER.query | {"before": f"{last.local_date}_{last.id}"}
    works = {"first": page("transactions", EVER.query), "far": page("transactions", far_query)}
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(turns):
        for name, work in works.items():
            times[name] += milliseconds(work, big, 1)
    far, first = min(times["far"]), min(times["first"])
    print(f"page {1 + (index + 1) // transactions.PAGE_SIZE}: {far:.1f} ms, first {first:.1f} ms")
    return far / first


def search(big: User, turns: int) -> float:
    """Search the whole history and return the 95th percentile of the page's time."""
    all_times: list[float] = []
    for text in SEARCH_TEXTS:
        match_count = TransactionFilter(big, EVER, text=text).transactions(tree()).count()
        times = milliseconds(page("transactions", EVER.query | {"q": text}), big, turns)
        all_times += times
        print(f"search {text:<24}{match_count:>9,} matches{median(times):>10.1f} ms", flush=True)
    return percentile_95(all_times)


def milliseconds(work: Work, user: User, turns: int) -> list[float]:
    times = []
    for turn in range(turns + (turns > 1)):  # the first of several only warms up
        started = time.perf_counter()
        work(user)
        if turn or turns == 1:
            times.append((time.perf_counter() - started) * 1000)
    return times


def median(times: list[float]) -> float:
    return quantiles(times, n=2)[0] if len(times) > 1 else times[0]


def percentile_95(times: list[float]) -> float:
    return quantiles(times, n=20, method="inclusive")[18] if len(times) > 1 else times[0]


def is_built(users: int, transactions: int, big: int) -> bool:
    """Tell whether the database has these users from an earlier run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [Transaction._meta.db_table])
        estimate = cursor.fetchone()[0]
    expected = users * transactions + big
    user_count = User.objects.filter(Q(email=BIG) | Q(email__startswith="user")).count()
    return user_count == users + 1 and abs(estimate - expected) <= expected / 50


def require_disk_space(transactions: int) -> None:
    free = shutil.disk_usage(".").free
    if free < transactions * BYTES_PER_TRANSACTION:
        raise SystemExit(
            f"{transactions:,} transactions need {transactions * BYTES_PER_TRANSACTION / 1e9:.0f} GB, "
            f"{free / 1e9:.0f} GB are free"
        )


def database_size() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        return str(cursor.fetchone()[0])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.bench reports", description=__doc__)
    parser.add_argument("--users", type=int, default=2_000, help="number of small users")
    parser.add_argument("--rows", type=int, default=5_000, help="transactions of each small user")
    parser.add_argument("--big", type=int, default=1_000_000, help="transactions of the big user")
    parser.add_argument("--turns", type=int, default=20)
    options = parser.parse_args()
    call_command(
        "collectstatic", interactive=False, verbosity=0
    )  # in production, pages contain the names of collected files
    if not is_built(options.users, options.rows, options.big):
        require_disk_space(options.users * options.rows + options.big)
        build(options.users, options.rows, options.big)
    print_results(options.turns)
    print(f"users={options.users} transactions={Transaction.objects.count()} disk={database_size()}")


def print_results(turns: int) -> None:
    small, big = User.objects.get(email="user7@example.com"), User.objects.get(email=BIG)
    worst = growth(small, big, turns)
    speedups = speedup(big, turns)
    pages(big, turns)
    ratio = distant_page(big, turns)
    search_ms = search(big, max(3, turns // 4))
    print(f"growth={worst:.2f}")
    print(f"speedup={speedups['24 months']:.0f} speedup_of_a_month={speedups['month']:.0f}")
    print(f"deep={ratio:.2f}")
    print(f"search_p95={search_ms:.0f}ms")


if __name__ == "__main__":
    main()
