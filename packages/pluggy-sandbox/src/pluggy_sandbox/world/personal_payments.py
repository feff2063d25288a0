"""Payments between people by PIX, and payments that are easily taken for mistakes."""

import datetime as dt
from collections.abc import Iterator
from random import Random

from pluggy_sandbox.world.calendar import at, days_of
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.merchants import merchant
from pluggy_sandbox.world.movements import CARD, CHECKING, Counterparty, Movement
from pluggy_sandbox.world.people import Person, person

DINNER_DAY = 12
MESSAGES = ("rolê de ontem", "valeu! 🙏", "aluguel da quadra", None, None, "presente da Bia", None)


def personal_payments(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield small debts among friends, the cleaner every other Thursday, and the market on Saturdays."""
    rng = customer.rng(month, "friends")
    for day in days_of(month):
        if rng.random() < 0.16:
            yield pix(day, "friend-out", _friend(customer, rng), -rng.randrange(1500, 14000, 50), _hour(rng))
        if rng.random() < 0.09:
            yield pix(day, "friend-in", _friend(customer, rng), rng.randrange(1500, 16000, 50), _hour(rng))
        if day.weekday() == 3 and day.day <= 14 and customer.has_activity("direct-debits"):
            yield pix(day, "cleaning", person(f"{customer.person_seed}/cleaner"), -18000, 17)
        if day.weekday() == 5 and rng.random() < 0.6 and customer.has_activity("direct-debits"):
            market_seller = person(f"{customer.person_seed}/market-stall")
            yield pix(day, "market", market_seller, -rng.randrange(2000, 7000, 100), 10, category="10000000")


def dinner(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield a dinner paid by card. A friend pays back exactly this amount one or two days later."""
    rng = customer.rng(month, "dinner")
    day, cents = month.replace(day=DINNER_DAY), rng.randrange(9000, 26000, 10)
    text = "RESTAURANTE TEMPERO MINEIRO"
    yield Movement(
        CARD, f"{day}/dinner", at(day, 21, 15), text, -cents, "11010000",
        operation_type="PAGAMENTO", mcc=5812, merchant=merchant(text),
    )  # fmt: skip
    returned_on = day + dt.timedelta(days=rng.choice((1, 2)))
    friend = person(f"{customer.person_seed}/friend/0")
    yield pix(returned_on, "dinner-back", friend, cents, 12, message="jantar")


def repeated_payments(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield two equal payments to the same person within minutes, which are not duplicates."""
    if month.month % 2:
        day, driver = month.replace(day=16), person(f"{customer.person_seed}/driver")
        for number in range(2):
            yield pix(day, f"ride/{number}", driver, -2500, 18, minute=3 + 4 * number)


def reversals(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield a PIX that is returned the next day, and a boleto that the bank reverses."""
    rng = customer.rng(month, "mishaps")
    cents = rng.randrange(5000, 40000, 100)
    day = month.replace(day=13)
    if month.month % 3 == 0:
        recipient = person(f"{customer.person_seed}/wrong/{month}")
        yield pix(day, "wrong-key", recipient, -cents, 14)
        returned_on = day + dt.timedelta(days=1)
        counterparty = Counterparty(recipient.name, recipient.cpf, "PIX", "devolução")
        key, text = f"{returned_on}/pix-back", f"DEVOLUCAO PIX {recipient.name.upper()}"
        yield Movement(CHECKING, key, at(returned_on, 9, 5), text, cents, "05070000", "PIX", counterparty)
    if month.month % 4 == 1:
        yield from _reversed_boleto(day)


def pix(
    day: dt.date, key: str, other: Person, cents: int, hour: int, *,
    minute: int = 42, category: str = "05070000", message: str | None = None,
) -> Movement:  # fmt: skip
    """Return a PIX to (negative) or from a person."""
    text = f"PIX {'ENVIADO' if cents < 0 else 'RECEBIDO'} {other.name.upper()}"
    counterparty = Counterparty(other.name, other.cpf, "PIX", message or _message(f"{day}/{key}/{other.cpf}"))
    moment = at(day, hour, minute)
    return Movement(CHECKING, f"{day}/{key}", moment, text, cents, category, "PIX", counterparty)


def _reversed_boleto(day: dt.date) -> Iterator[Movement]:
    """Yield a boleto that is paid twice by mistake; the second payment is reversed two days later."""
    returned_on, category = day + dt.timedelta(days=2), "07020000"
    paid = "PAGTO BOLETO ESCOLA DE IDIOMAS FALANTE"
    for number in range(2):
        key = f"{day}/course/{number}"
        yield Movement(CHECKING, key, at(day, 11, number), paid, -32000, category, "BOLETO")
    key = f"{returned_on}/course-back"
    yield Movement(CHECKING, key, at(returned_on, 6), f"ESTORNO {paid}", 32000, category, "BOLETO")


def _friend(customer: Customer, rng: Random) -> Person:
    return person(f"{customer.person_seed}/friend/{rng.randrange(6)}")


def _hour(rng: Random) -> int:
    return rng.randrange(9, 24)


def _message(seed: str) -> str | None:
    return Random(seed).choice(MESSAGES)
