"""Money between people, by PIX: small debts, the cleaner, the market, and what only looks like a mistake."""

import datetime as dt
from collections.abc import Iterator
from random import Random

from dev.sandbox.world.calendar import at, days_of
from dev.sandbox.world.life import Life
from dev.sandbox.world.people import Person, person
from dev.sandbox.world.rows import CARD, CHECKING, Party, Row
from dev.sandbox.world.shops import merchant

DINNER_DAY = 12
MESSAGES = ("rolê de ontem", "valeu! 🙏", "aluguel da quadra", None, None, "presente da Bia", None)


def friends(life: Life, month: dt.date) -> Iterator[Row]:
    """Debts among friends, the cleaner every other Thursday, the stall on Saturdays."""
    dice = life.dice(month, "friends")
    for day in days_of(month):
        if dice.random() < 0.16:
            yield pix(day, "friend-out", _friend(life, dice), -dice.randrange(1500, 14000, 50), _hour(dice))
        if dice.random() < 0.09:
            yield pix(day, "friend-in", _friend(life, dice), dice.randrange(1500, 16000, 50), _hour(dice))
        if day.weekday() == 3 and day.day <= 14 and life.tells("home"):
            yield pix(day, "cleaning", person(f"{life.who}/cleaner"), -18000, 17)
        if day.weekday() == 5 and dice.random() < 0.6 and life.tells("home"):
            stall = person(f"{life.who}/market-stall")
            yield pix(day, "market", stall, -dice.randrange(2000, 7000, 100), 10, category="10000000")


def dinner(life: Life, month: dt.date) -> Iterator[Row]:
    """The card pays for the table; a day or two later a friend sends back exactly that amount."""
    dice = life.dice(month, "dinner")
    day, cents = month.replace(day=DINNER_DAY), dice.randrange(9000, 26000, 10)
    text = "RESTAURANTE TEMPERO MINEIRO"
    yield Row(
        CARD, f"{day}/dinner", at(day, 21, 15), text, -cents, "11010000",
        operation="PAGAMENTO", mcc=5812, shop=merchant(text),
    )  # fmt: skip
    back = day + dt.timedelta(days=dice.choice((1, 2)))
    yield pix(back, "dinner-back", person(f"{life.who}/friend/0"), cents, 12, message="jantar")


def twice(life: Life, month: dt.date) -> Iterator[Row]:
    """Two true payments that look like one told twice: same person, same amount, minutes apart."""
    if month.month % 2:
        day, driver = month.replace(day=16), person(f"{life.who}/driver")
        for number in range(2):
            yield pix(day, f"ride/{number}", driver, -2500, 18, minute=3 + 4 * number)


def mishaps(life: Life, month: dt.date) -> Iterator[Row]:
    """A PIX that comes back the next day, and a boleto that the bank gives back."""
    dice = life.dice(month, "mishaps")
    cents = dice.randrange(5000, 40000, 100)
    day = month.replace(day=13)
    if month.month % 3 == 0:
        wrong = person(f"{life.who}/wrong/{month}")
        yield pix(day, "wrong-key", wrong, -cents, 14)
        back, party = day + dt.timedelta(days=1), Party(wrong.name, wrong.cpf, "PIX", "devolução")
        text = f"DEVOLUCAO PIX {wrong.name.upper()}"
        yield Row(CHECKING, f"{back}/pix-back", at(back, 9, 5), text, cents, "05070000", "PIX", party)
    if month.month % 4 == 1:
        yield from _returned_boleto(day)


def pix(
    day: dt.date, key: str, other: Person, cents: int, hour: int, *,
    minute: int = 42, category: str = "05070000", message: str | None = None,
) -> Row:  # fmt: skip
    """A PIX to (negative) or from somebody."""
    text = f"PIX {'ENVIADO' if cents < 0 else 'RECEBIDO'} {other.name.upper()}"
    party = Party(other.name, other.cpf, "PIX", message or _message(f"{day}/{key}/{other.cpf}"))
    return Row(CHECKING, f"{day}/{key}", at(day, hour, minute), text, cents, category, "PIX", party)


def _returned_boleto(day: dt.date) -> Iterator[Row]:
    """Paid twice by mistake; the second comes back two days later."""
    back, text, firm = day + dt.timedelta(days=2), "ESCOLA DE IDIOMAS FALANTE", "07020000"
    for number in range(2):
        paid = f"PAGTO BOLETO {text}"
        yield Row(CHECKING, f"{day}/course/{number}", at(day, 11, number), paid, -32000, firm, "BOLETO")
    yield Row(CHECKING, f"{back}/course-back", at(back, 6), f"ESTORNO {paid}", 32000, firm, "BOLETO")


def _friend(life: Life, dice: Random) -> Person:
    return person(f"{life.who}/friend/{dice.randrange(6)}")


def _hour(dice: Random) -> int:
    return dice.randrange(9, 24)


def _message(seed: str) -> str | None:
    return Random(seed).choice(MESSAGES)
