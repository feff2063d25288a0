"""The credit card: purchases, subscriptions, refunds, dollars and their tax, cashback."""

import datetime as dt
from collections.abc import Iterator

from dev.sandbox.world.calendar import at, days_of, first_of_month
from dev.sandbox.world.life import Life
from dev.sandbox.world.rows import CARD, Row
from dev.sandbox.world.shops import SUBSCRIPTIONS, choose, merchant

COFFEE_DAYS = (3, 23)
PRICE_RISE_MONTH, PRICE_RISE, PRICED_IN = 7, 300, 2024  # the video service, every July
REGRETTED = "MERCADOPAGO*LOJAVARAL"
RETURNED = "LOJAS LINHO E ALGODAO"
DAMAGED = "PAG*CASADOSPRESENTES"


def everyday(life: Life, month: dt.date) -> Iterator[Row]:
    """What is bought on ordinary days; more at weekends."""
    dice = life.dice(month, "card")
    for day in days_of(month):
        weekend = day.weekday() >= 4
        for number in range(dice.choice((0, 1, 1, 2, 3) if weekend else (0, 1, 1, 1, 2))):
            text, shop, price = choose(dice)
            moment = at(day, dice.randrange(8, 24), dice.randrange(60))
            if dice.randrange(100) < life.bank.busy:
                yield Row(
                    CARD, f"{day}/buy/{number}", moment, text, -price, shop.category,
                    operation="PAGAMENTO", mcc=shop.mcc, shop=merchant(text),
                )  # fmt: skip


def subscriptions(life: Life, month: dt.date) -> Iterator[Row]:
    """The same day and price each month, until the price rises."""
    for number, key, text, category, price, mcc in SUBSCRIPTIONS:
        day = month.replace(day=number)
        yield bought(day, key, 6, text, price + price_rise(key, month), category, mcc)


def price_rise(key: str, month: dt.date) -> int:
    """What a subscription has become dearer by, in cents."""
    if key != "video":
        return 0
    return PRICE_RISE * (month.year - PRICED_IN + (month.month >= PRICE_RISE_MONTH))


def coffees(life: Life, month: dt.date) -> Iterator[Row]:
    """The same price, text and minute twice: not a duplicate."""
    for number in COFFEE_DAYS:
        day = month.replace(day=number)
        for cup in range(2):
            yield bought(day, f"coffee/{cup}", 9, "CAFE DA ESQUINA", 850, "11010000", 5814)


def refunds(life: Life, month: dt.date) -> Iterator[Row]:
    """A purchase undone in its own month, one undone in the next, and one half undone."""
    price = 8990 + 1000 * (month.month % 5)
    if month.month % 2 == 0:
        yield bought(month.replace(day=19), "regretted", 21, REGRETTED, price, "08010000", 5399)
        yield _refund(month.replace(day=25), "refund", REGRETTED, price, "08010000", 5399)
    if month.month % 3 == 0:
        yield bought(month.replace(day=21), "returned", 17, RETURNED, price + 5000, "08040000", 5651)
    earlier = first_of_month(month, -1)
    if earlier.month % 3 == 0:
        before = 8990 + 1000 * (earlier.month % 5) + 5000
        yield _refund(month.replace(day=14), "refund-later", RETURNED, before, "08040000", 5651)
    if month.month % 4 == 3:
        yield bought(month.replace(day=4), "damaged", 16, DAMAGED, price * 2, "08010000", 5947)
        yield _refund(month.replace(day=9), "refund-half", DAMAGED, price, "08010000", 5947)


def abroad(life: Life, month: dt.date) -> Iterator[Row]:
    """Twenty dollars on the 9th, at the day's rate, and the tax on it."""
    day, dollars = month.replace(day=9), 2000
    brl = dollars * life.dice(month, "rate").randrange(508, 572) // 100
    yield Row(
        CARD, f"{day}/abroad", at(day, 23, 15), "CLOUDNEST INC +14155550100", -brl, "09000000",
        operation="PAGAMENTO", mcc=4816, dollars=-dollars,
    )  # fmt: skip
    yield Row(
        CARD, f"{day}/iof", at(day, 23, 15), "IOF COMPRA INTERNACIONAL", -(brl * 35 // 1000), "15030000",
        operation="TARIFA", fee="OTHER",
    )  # fmt: skip


def cashback(life: Life, month: dt.date) -> Iterator[Row]:
    """Points that come back each quarter, and the yearly fee."""
    if month.month % 3 == 0:
        day, text = month.replace(day=28), "CASHBACK PROGRAMA DE PONTOS"
        yield Row(CARD, f"{day}/cashback", at(day, 5), text, 1870, "08090000", operation="CASHBACK")
    if month.month == 4:
        day = month.replace(day=12)
        yield Row(
            CARD, f"{day}/annual-fee", at(day, 5), "ANUIDADE CARTAO", -4990, "16030000",
            operation="TARIFA", fee="ANNUAL_FEE",
        )  # fmt: skip


def bought(day: dt.date, key: str, hour: int, text: str, cents: int, category: str, mcc: int) -> Row:
    """A purchase for so many cents."""
    return Row(
        CARD, f"{day}/{key}", at(day, hour, 30), text, -cents, category,
        operation="PAGAMENTO", mcc=mcc, shop=merchant(text),
    )  # fmt: skip


def _refund(day: dt.date, key: str, text: str, cents: int, category: str, mcc: int) -> Row:
    return Row(
        CARD, f"{day}/{key}", at(day, 10), f"ESTORNO {text}", cents, category,
        operation="ESTORNO", mcc=mcc, shop=merchant(text),
    )  # fmt: skip
