"""Movements of the credit card: purchases, subscriptions, refunds, a foreign purchase, cashback."""

import datetime as dt
from collections.abc import Iterator

from pluggy_sandbox.world.calendar import at, days_of, first_of_month
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.merchants import SUBSCRIPTIONS, choose, merchant
from pluggy_sandbox.world.movements import CARD, Movement

DUPLICATE_COFFEE_DAYS = (3, 23)
# The video service increases its price every July by this many cents, for the first time in this year.
PRICE_INCREASE_MONTH, PRICE_INCREASE, FIRST_INCREASE_YEAR = 7, 300, 2024
REFUNDED_SAME_MONTH = "MERCADOPAGO*LOJAVARAL"
REFUNDED_NEXT_MONTH = "LOJAS LINHO E ALGODAO"
REFUNDED_HALF = "PAG*CASADOSPRESENTES"


def daily_purchases(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield ordinary purchases; more of them at weekends."""
    rng = customer.rng(month, "card")
    for day in days_of(month):
        weekend = day.weekday() >= 4
        for number in range(rng.choice((0, 1, 1, 2, 3) if weekend else (0, 1, 1, 1, 2))):
            text, kind, price = choose(rng)
            moment = at(day, rng.randrange(8, 24), rng.randrange(60))
            if rng.randrange(100) < customer.bank.card_activity_percent:
                yield Movement(
                    CARD, f"{day}/buy/{number}", moment, text, -price, kind.category,
                    operation_type="PAGAMENTO", mcc=kind.mcc, merchant=merchant(text),
                )  # fmt: skip


def subscriptions(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield subscriptions on a fixed day, with a fixed price until it increases."""
    for number, key, text, category, price, mcc in SUBSCRIPTIONS:
        day = month.replace(day=number)
        yield purchase(day, key, 6, text, price + price_increase(key, month), category, mcc)


def price_increase(key: str, month: dt.date) -> int:
    """Return the price increase of a subscription so far, in cents."""
    if key != "video":
        return 0
    return PRICE_INCREASE * (month.year - FIRST_INCREASE_YEAR + (month.month >= PRICE_INCREASE_MONTH))


def duplicate_coffees(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield two purchases with the same price, text and minute, which are not duplicates."""
    for number in DUPLICATE_COFFEE_DAYS:
        day = month.replace(day=number)
        for cup in range(2):
            yield purchase(day, f"coffee/{cup}", 9, "CAFE DA ESQUINA", 850, "11010000", 5814)


def refunds(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield purchases with a refund in the same month, in the next month, and of half the price."""
    price = 8990 + 1000 * (month.month % 5)
    if month.month % 2 == 0:
        yield purchase(month.replace(day=19), "regretted", 21, REFUNDED_SAME_MONTH, price, "08010000", 5399)
        yield _refund(month.replace(day=25), "refund", REFUNDED_SAME_MONTH, price, "08010000", 5399)
    if month.month % 3 == 0:
        yield purchase(
            month.replace(day=21), "returned", 17, REFUNDED_NEXT_MONTH, price + 5000, "08040000", 5651
        )
    earlier = first_of_month(month, -1)
    if earlier.month % 3 == 0:
        refund_cents = 8990 + 1000 * (earlier.month % 5) + 5000
        yield _refund(
            month.replace(day=14), "refund-later", REFUNDED_NEXT_MONTH, refund_cents, "08040000", 5651
        )
    if month.month % 4 == 3:
        yield purchase(month.replace(day=4), "damaged", 16, REFUNDED_HALF, price * 2, "08010000", 5947)
        yield _refund(month.replace(day=9), "refund-half", REFUNDED_HALF, price, "08010000", 5947)


def foreign_purchase(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield a purchase of 20 US dollars at the rate of the day, and the tax on it."""
    day, usd_cents = month.replace(day=9), 2000
    brl = usd_cents * customer.rng(month, "rate").randrange(508, 572) // 100
    yield Movement(
        CARD, f"{day}/abroad", at(day, 23, 15), "CLOUDNEST INC +14155550100", -brl, "09000000",
        operation_type="PAGAMENTO", mcc=4816, usd_cents=-usd_cents,
    )  # fmt: skip
    yield Movement(
        CARD, f"{day}/iof", at(day, 23, 15), "IOF COMPRA INTERNACIONAL", -(brl * 35 // 1000), "15030000",
        operation_type="TARIFA", fee_type="OTHER",
    )  # fmt: skip


def cashback(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield quarterly cashback and the annual fee."""
    if month.month % 3 == 0:
        day, text = month.replace(day=28), "CASHBACK PROGRAMA DE PONTOS"
        yield Movement(CARD, f"{day}/cashback", at(day, 5), text, 1870, "08090000", operation_type="CASHBACK")
    if month.month == 4:
        day = month.replace(day=12)
        yield Movement(
            CARD, f"{day}/annual-fee", at(day, 5), "ANUIDADE CARTAO", -4990, "16030000",
            operation_type="TARIFA", fee_type="ANNUAL_FEE",
        )  # fmt: skip


def purchase(day: dt.date, key: str, hour: int, text: str, cents: int, category: str, mcc: int) -> Movement:
    """Return a purchase on the card."""
    return Movement(
        CARD, f"{day}/{key}", at(day, hour, 30), text, -cents, category,
        operation_type="PAGAMENTO", mcc=mcc, merchant=merchant(text),
    )  # fmt: skip


def _refund(day: dt.date, key: str, text: str, cents: int, category: str, mcc: int) -> Movement:
    return Movement(
        CARD, f"{day}/{key}", at(day, 10), f"ESTORNO {text}", cents, category,
        operation_type="ESTORNO", mcc=mcc, merchant=merchant(text),
    )  # fmt: skip
