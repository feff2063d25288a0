"""The movements of a company: invoices, suppliers, payroll and taxes."""

import datetime as dt
from collections.abc import Iterator

from pluggy_sandbox.world.calendar import at
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.household import HouseholdBill, boleto_payment
from pluggy_sandbox.world.movements import CHECKING, Counterparty, Movement
from pluggy_sandbox.world.people import company, person
from pluggy_sandbox.world.personal_payments import pix

SUPPLIERS = (
    HouseholdBill(9, "supplier-1", "ATACADO NORTE SUL", "08000000", 620000, variation_percent=20),
    HouseholdBill(17, "supplier-2", "DISTRIBUIDORA CAMPO LARGO", "08000000", 340000, variation_percent=30),
    HouseholdBill(10, "rent", "IMOBILIARIA PONTO COMERCIAL", "17010000", 450000),
    HouseholdBill(15, "energy", "ENERGIA PAULISTA", "17020002", 88000, variation_percent=25),
    HouseholdBill(22, "accountant", "ESCRITORIO CONTABIL PRUMO", "07000000", 95000),
)
STAFF = (310000, 285000, 240000, 198000)
INVOICE_DAYS = (2, 6, 11, 14, 18, 21, 25, 27)
TAXES = (
    (20, "das", "PAGTO DAS SIMPLES NACIONAL", 284000),
    (20, "inss", "PAGTO GPS INSS", 96000),
    (7, "fgts", "PAGTO GUIA FGTS", 82000),
)


def invoices(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield invoices paid by clients by PIX, TED or boleto."""
    rng = customer.rng(month, "invoices")
    for number in INVOICE_DAYS:
        day, client = month.replace(day=number), company(f"{customer.seed}/client/{rng.randrange(9)}")
        method, cents = rng.choice(("PIX", "TED", "BOLETO")), rng.randrange(280000, 760000, 10)
        text = f"{method} RECEBIDO {client.name.upper()}" if method != "BOLETO" else "LIQUIDACAO DE COBRANCA"
        counterparty = Counterparty(client.name, client.cnpj, method, f"NF {rng.randrange(1000, 9999)}")
        yield Movement(
            CHECKING, f"{day}/invoice", at(day, 10, 20), text, cents, "01030000", method, counterparty
        )


def suppliers(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield boletos of suppliers, which are sometimes paid late."""
    for bill in SUPPLIERS:
        rng = customer.rng(month, bill.key)
        percent = rng.randint(-bill.variation_percent, bill.variation_percent)
        base_cents = bill.cents + bill.cents * percent // 100
        yield boleto_payment(month.replace(day=bill.day), bill, base_cents, 3 if rng.random() < 0.1 else 0)


def payroll(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield wages paid by PIX on the 5th, and the owner's withdrawal."""
    for number, cents in enumerate(STAFF):
        worker = person(f"{customer.seed}/worker/{number}")
        yield pix(month.replace(day=5), f"wage/{number}", worker, -cents, 9, category="05090004")
    owner = person(customer.person_seed)
    yield pix(month.replace(day=5), "pro-labore", owner, -700000, 9, message="pró-labore")


def taxes(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield the monthly taxes of the company."""
    for number, key, text, cents in TAXES:
        day = month.replace(day=number)
        yield Movement(
            CHECKING, f"{day}/{key}", at(day, 9), text, -cents, "15000000", operation_type="OUTROS"
        )
