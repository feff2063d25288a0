"""A firm's life: clients pay invoices; suppliers, wages and taxes are paid."""

import datetime as dt
from collections.abc import Iterator

from dev.sandbox.world.calendar import at
from dev.sandbox.world.friends import pix
from dev.sandbox.world.home import Bill, pay
from dev.sandbox.world.life import Life
from dev.sandbox.world.people import company, person
from dev.sandbox.world.rows import CHECKING, Party, Row

SUPPLIERS = (
    Bill(9, "supplier-1", "ATACADO NORTE SUL", "08000000", 620000, swing=20),
    Bill(17, "supplier-2", "DISTRIBUIDORA CAMPO LARGO", "08000000", 340000, swing=30),
    Bill(10, "rent", "IMOBILIARIA PONTO COMERCIAL", "17010000", 450000),
    Bill(15, "energy", "ENERGIA PAULISTA", "17020002", 88000, swing=25),
    Bill(22, "accountant", "ESCRITORIO CONTABIL PRUMO", "07000000", 95000),
)
STAFF = (310000, 285000, 240000, 198000)
INVOICE_DAYS = (2, 6, 11, 14, 18, 21, 25, 27)
TAXES = (
    (20, "das", "PAGTO DAS SIMPLES NACIONAL", 284000),
    (20, "inss", "PAGTO GPS INSS", 96000),
    (7, "fgts", "PAGTO GUIA FGTS", 82000),
)


def invoices(life: Life, month: dt.date) -> Iterator[Row]:
    """Clients pay, by PIX, TED or boleto."""
    dice = life.dice(month, "invoices")
    for number in INVOICE_DAYS:
        day, client = month.replace(day=number), company(f"{life.story}/client/{dice.randrange(9)}")
        method, cents = dice.choice(("PIX", "TED", "BOLETO")), dice.randrange(280000, 760000, 10)
        text = f"{method} RECEBIDO {client.name.upper()}" if method != "BOLETO" else "LIQUIDACAO DE COBRANCA"
        party = Party(client.name, client.cnpj, method, f"NF {dice.randrange(1000, 9999)}")
        yield Row(CHECKING, f"{day}/invoice", at(day, 10, 20), text, cents, "01030000", method, party)


def suppliers(life: Life, month: dt.date) -> Iterator[Row]:
    """Boletos of suppliers, at times paid late."""
    for bill in SUPPLIERS:
        dice = life.dice(month, bill.key)
        base = bill.cents + bill.cents * dice.randint(-bill.swing, bill.swing) // 100
        yield pay(month.replace(day=bill.day), bill, base, 3 if dice.random() < 0.1 else 0)


def payroll(life: Life, month: dt.date) -> Iterator[Row]:
    """Wages by PIX on the 5th, and what the owner takes."""
    for number, cents in enumerate(STAFF):
        worker = person(f"{life.story}/worker/{number}")
        yield pix(month.replace(day=5), f"wage/{number}", worker, -cents, 9, category="05090004")
    yield pix(month.replace(day=5), "pro-labore", person(life.who), -700000, 9, message="pró-labore")


def taxes(life: Life, month: dt.date) -> Iterator[Row]:
    """The firm's monthly taxes."""
    for number, key, text, cents in TAXES:
        day = month.replace(day=number)
        yield Row(CHECKING, f"{day}/{key}", at(day, 9), text, -cents, "15000000", operation="OUTROS")
