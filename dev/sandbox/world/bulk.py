"""One checking account with far more rows than anybody has (`user-ok-perf-{N}x`), told as a stream."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from dev.sandbox.clock import SAO_PAULO, parse
from dev.sandbox.world.calendar import at
from dev.sandbox.world.rows import CHECKING, Row
from dev.sandbox.world.shops import SHOPS, merchant

ROWS_PER_X = 200


@dataclass(frozen=True)
class Pace:
    """Row number n happens n steps after the start."""

    start: dt.datetime
    step: dt.timedelta


def pace(special: str, *, opened: str, connected: str) -> Pace:
    """N × 200 rows (`perf-{N}x`) between the first day of the history and the moment of connecting."""
    count = int(special.removeprefix("perf-").removesuffix("x")) * ROWS_PER_X
    start = at(dt.date.fromisoformat(opened), 0).replace(tzinfo=SAO_PAULO)
    return Pace(start, (parse(connected) - start) // count)


def transaction_id(account_id: str, number: int) -> str:
    """An id that grows with the rows: a million of them in order are stored three times as fast."""
    return f"{number:08x}{account_id[8:]}"


def rows(pace: Pace, *, after: int, until: dt.datetime) -> Iterator[tuple[int, Row]]:
    """The rows after a number and up to a moment, oldest first: cheap purchases, and wages to pay them."""
    number = after + 1
    while (moment := pace.start + number * pace.step) <= until:
        yield number, _row(number, moment.astimezone(SAO_PAULO).replace(tzinfo=None))
        number += 1


def _row(number: int, moment: dt.datetime) -> Row:
    if number % 100 == 0:
        return Row(CHECKING, f"bulk/{number}", moment, "SALARIO", 150000, "01010000", "TED")
    shop = SHOPS[number % len(SHOPS)]
    text = shop.texts[number % len(shop.texts)]
    cents = 500 + number * 7919 % 2000
    return Row(
        CHECKING, f"bulk/{number}", moment, f"COMPRA {text}", -cents, shop.category,
        operation="OUTROS", shop=merchant(text),
    )  # fmt: skip
