"""A day of the credit card: purchases, subscriptions, parts, a refund, dollars and their tax."""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from random import Random

from dev.sandbox.world.calendar import add_months
from dev.sandbox.world.rows import CARD, Instalment, Row
from dev.sandbox.world.shops import INSTALMENT_BUYS, SUBSCRIPTIONS, choose, merchant

INSTALMENT_DAYS = (4, 14, 24)
COFFEE_DAYS = (3, 23)
REFUND_BOUGHT, REFUND_BACK = 19, 25


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """A local time of a day."""
    return dt.datetime.combine(day, dt.time(hour, minute))


def on(day: dt.date, seed: str) -> Iterator[Row]:
    """All card rows of a day, but the payment of the bill."""
    yield from _everyday(day, seed)
    yield from _subscriptions(day)
    yield from _coffees(day)
    yield from _parts(day, seed)
    yield from _refund(day, seed)
    yield from _abroad(day, seed)
    yield from _seldom(day)


def _everyday(day: dt.date, seed: str) -> Iterator[Row]:
    dice = Random(f"{seed}/{day}/card")
    for number in range(dice.choice((0, 1, 1, 2, 3) if day.weekday() >= 4 else (0, 1, 1, 1, 2))):
        text, shop, price = choose(dice)
        moment = at(day, dice.randrange(8, 24), dice.randrange(60))
        yield Row(
            CARD, f"{day}/buy/{number}", moment, text, -price, shop.category,
            operation="PAGAMENTO", mcc=shop.mcc, shop=merchant(text),
        )  # fmt: skip


def _subscriptions(day: dt.date) -> Iterator[Row]:
    for when, key, text, category, price, mcc in SUBSCRIPTIONS:
        if day.day == when:
            raised = price + 300 if key == "video" and day.month >= 7 else price
            yield Row(
                CARD, f"{day}/{key}", at(day, 6, 10), text, -raised, category,
                operation="PAGAMENTO", mcc=mcc, shop=merchant(text),
            )  # fmt: skip


def _coffees(day: dt.date) -> Iterator[Row]:
    if day.day in COFFEE_DAYS:
        for number in range(2):  # the same price, text and minute twice: not a duplicate
            yield Row(
                CARD, f"{day}/coffee/{number}", at(day, 9, 30), "CAFE DA ESQUINA", -850, "11010000",
                operation="PAGAMENTO", mcc=5814, shop=merchant("CAFE DA ESQUINA"),
            )  # fmt: skip


@lru_cache(maxsize=10_000)
def bought_in_parts(day: dt.date, seed: str) -> tuple[str, str, int, int, int] | None:
    """What was bought in parts that day: text, category, total, number of parts, merchant code."""
    dice = Random(f"{seed}/{day}/parts")
    return dice.choice(INSTALMENT_BUYS) if day.day in INSTALMENT_DAYS and dice.random() < 0.22 else None


def _parts(day: dt.date, seed: str) -> Iterator[Row]:
    if day.day in INSTALMENT_DAYS:
        for months in range(12):
            yield from part(add_months(day, -months), months, seed)


def part(bought: dt.date, months: int, seed: str) -> Iterator[Row]:
    """The part that falls due `months` after a purchase, if there is one."""
    found = bought_in_parts(bought, seed)
    if not found or months >= found[3]:
        return
    text, category, total, count, mcc = found
    cents = total // count + (total % count if months == 0 else 0)
    yield Row(
        CARD, f"{bought}/part/{months}", at(add_months(bought, months), 15, 20), text, -cents, category,
        operation="PAGAMENTO", mcc=mcc, shop=merchant(text),
        instalment=Instalment(months + 1, count, bought, total),
    )  # fmt: skip


def _refund(day: dt.date, seed: str) -> Iterator[Row]:
    text, price = "MERCADOPAGO*LOJAVARAL", 8990 + 1000 * (day.month % 5)
    if day.month % 2 == 0 and day.day == REFUND_BOUGHT:
        yield Row(
            CARD, f"{day}/regretted", at(day, 21, 40), text, -price, "08010000",
            operation="PAGAMENTO", mcc=5399, shop=merchant(text),
        )  # fmt: skip
    if day.month % 2 == 0 and day.day == REFUND_BACK:
        yield Row(
            CARD, f"{day}/refund", at(day, 10), f"ESTORNO {text}", price, "08010000",
            operation="ESTORNO", mcc=5399, shop=merchant(text),
        )  # fmt: skip


def _abroad(day: dt.date, seed: str) -> Iterator[Row]:
    if day.day != 9:
        return
    rate = Random(f"{seed}/{day}/rate").randrange(508, 572)  # BRL cents per dollar
    dollars = 2000
    brl = dollars * rate // 100
    yield Row(
        CARD, f"{day}/abroad", at(day, 23, 15), "CLOUDNEST INC +14155550100", -brl, "09000000",
        operation="PAGAMENTO", mcc=4816, dollars=-dollars,
    )  # fmt: skip
    tax = brl * 35 // 1000
    yield Row(
        CARD, f"{day}/iof", at(day, 23, 15), "IOF COMPRA INTERNACIONAL", -tax, "15030000",
        operation="TARIFA", fee="OTHER",
    )  # fmt: skip


def _seldom(day: dt.date) -> Iterator[Row]:
    if (day.month, day.day) == (4, 12):
        yield Row(
            CARD, f"{day}/annual-fee", at(day, 5), "ANUIDADE CARTAO", -4990, "16030000",
            operation="TARIFA", fee="ANNUAL_FEE",
        )  # fmt: skip
    if day.month % 3 == 0 and day.day == 28:
        text = "CASHBACK PROGRAMA DE PONTOS"
        yield Row(CARD, f"{day}/cashback", at(day, 5), text, 1870, "08090000", operation="CASHBACK")
