"""One checking account with any number of transactions (`user-ok-perf-{N}x`), generated as a stream."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from pluggy_sandbox.clock import SAO_PAULO, parse
from pluggy_sandbox.world.calendar import at
from pluggy_sandbox.world.merchants import PURCHASE_KINDS, merchant
from pluggy_sandbox.world.movements import CHECKING, Movement

TRANSACTIONS_PER_FACTOR = 200


@dataclass(frozen=True)
class BulkSchedule:
    """Transaction number n happens n steps after the start."""

    start: dt.datetime
    step: dt.timedelta


def schedule(variant: str, *, opened: str, connected: str) -> BulkSchedule:
    """Return the schedule of N × 200 transactions (`perf-{N}x`).

    They lie between the start of the history and the connection.
    """
    count = int(variant.removeprefix("perf-").removesuffix("x")) * TRANSACTIONS_PER_FACTOR
    start = at(dt.date.fromisoformat(opened), 0).replace(tzinfo=SAO_PAULO)
    return BulkSchedule(start, (parse(connected) - start) // count)


def transaction_id(account_id: str, number: int) -> str:
    """Return an id that grows with the number.

    A million ids in ascending order are stored three times as fast.
    """
    return f"{number:08x}{account_id[8:]}"


def movements(schedule: BulkSchedule, *, after: int, until: dt.datetime) -> Iterator[tuple[int, Movement]]:
    """Yield the movements after a number and up to a moment, oldest first.

    They are cheap purchases, and wages to pay for them.
    """
    number = after + 1
    while (moment := schedule.start + number * schedule.step) <= until:
        yield number, _movement(number, moment.astimezone(SAO_PAULO).replace(tzinfo=None))
        number += 1


def _movement(number: int, moment: dt.datetime) -> Movement:
    if number % 100 == 0:
        return Movement(CHECKING, f"bulk/{number}", moment, "SALARIO", 150000, "01010000", "TED")
    kind = PURCHASE_KINDS[number % len(PURCHASE_KINDS)]
    text = kind.texts[number % len(kind.texts)]
    cents = 500 + number * 7919 % 2000
    return Movement(
        CHECKING, f"bulk/{number}", moment, f"COMPRA {text}", -cents, kind.category,
        operation_type="OUTROS", merchant=merchant(text),
    )  # fmt: skip
