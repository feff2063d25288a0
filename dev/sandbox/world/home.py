"""The household: rent, utilities and other bills by boleto or automatic debit, and what comes once a year."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from dev.sandbox.world.calendar import at
from dev.sandbox.world.life import Life
from dev.sandbox.world.people import cnpj
from dev.sandbox.world.rows import CHECKING, Boleto, Party, Row


@dataclass(frozen=True)
class Bill:
    """A monthly bill of the home."""

    day: int
    key: str
    firm: str
    category: str
    cents: int
    swing: int = 0  # percent it may vary
    discount: int = 0  # cents taken off for paying on time


DEBITED = (
    Bill(12, "internet", "FIBRA LIGADA TELECOM", "07010001", 11990),
    Bill(18, "mobile", "CELULAR ALO MOVEL", "07010002", 6499),
    Bill(20, "gas", "GAS ENCANADO SP", "17020003", 5200, swing=30),
    Bill(21, "water", "AGUAS DA SERRA SANEAMENTO", "17020001", 8800, swing=20),
)
BOLETOS = (
    Bill(8, "condominio", "CONDOMINIO EDIFICIO IPANEMA", "17000000", 68000),
    Bill(10, "rent", "IMOBILIARIA CHAVE DE OURO", "17010000", 230000, discount=5000),
    Bill(15, "energy", "ENERGIA PAULISTA", "17020002", 19000, swing=35),
    Bill(24, "health", "PLANO SAUDE VIDA PLENA", "200300000", 48700),
)
LATE_DAYS = 4  # and no bill is due after the 24th: a month's rows stay in their month
YEARLY = {
    1: (20, "ipva", "PAGTO IPVA SEFAZ SP", -142350, "19050004"),
    2: (15, "iptu", "PAGTO IPTU PREFEITURA SAO PAULO", -98760, "17040000"),
    5: (29, "tax-refund", "RESTITUICAO IRPF RECEITA FEDERAL", 121843, "01050000"),
}


def home(life: Life, month: dt.date) -> Iterator[Row]:
    """What is debited by itself."""
    for bill in DEBITED:
        day, cents = month.replace(day=bill.day), _price(life, month, bill)
        yield Row(
            CHECKING, f"{day}/{bill.key}", at(day, 8), f"DEB AUT {bill.firm}", -cents, bill.category,
            operation="DEBITO_AUTOMATICO",
        )  # fmt: skip


def boletos(life: Life, month: dt.date) -> Iterator[Row]:
    """What is paid by slip: on the day, or at times late with a fine and interest."""
    for bill in BOLETOS:
        late = LATE_DAYS if life.dice(month, f"{bill.key}/late").random() < 0.15 else 0
        yield pay(month.replace(day=bill.day), bill, _price(life, month, bill), late)


def pay(due: dt.date, bill: Bill, base: int, late: int) -> Row:
    """A boleto paid so many days late: a fine of 2 % and interest of 1 % a month."""
    if late:
        slip = Boleto(due, base, interest=base * late // 3000, penalty=base * 2 // 100)
    else:
        slip = Boleto(due, base, discount=bill.discount)
    day = due + dt.timedelta(days=late)
    return Row(
        CHECKING, f"{due}/{bill.key}", at(day, 8), f"PAGTO BOLETO {bill.firm}", -slip.paid, bill.category,
        operation="BOLETO", party=firm(bill.firm), boleto=slip,
    )  # fmt: skip


def firm(name: str) -> Party:
    """The firm behind a boleto."""
    return Party(name.title(), cnpj(Random(name.title())), "BOLETO")


def yearly(life: Life, month: dt.date) -> Iterator[Row]:
    """Taxes on the car and the home, and what the tax office gives back."""
    if month.month in YEARLY:
        number, key, text, cents, category = YEARLY[month.month]
        day = month.replace(day=number)
        yield Row(CHECKING, f"{day}/{key}", at(day, 9), text, cents, category, operation="OUTROS")


def fees(life: Life, month: dt.date) -> Iterator[Row]:
    """The bank's monthly package."""
    day, text = month.replace(day=3), "TARIFA PACOTE DE SERVICOS"
    yield Row(CHECKING, f"{day}/fee", at(day, 4), text, -1990, "16010000", "TARIFA_SERVICOS_AVULSOS")


def _price(life: Life, month: dt.date, bill: Bill) -> int:
    swing = life.dice(month, bill.key).randint(-bill.swing, bill.swing)
    return bill.cents + bill.cents * swing // 100
