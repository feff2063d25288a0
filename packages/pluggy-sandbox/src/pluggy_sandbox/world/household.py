"""Movements of a household: rent, utilities and other bills, and yearly taxes."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from pluggy_sandbox.world.calendar import at
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.movements import CHECKING, Boleto, Counterparty, Movement
from pluggy_sandbox.world.people import cnpj


@dataclass(frozen=True)
class HouseholdBill:
    """A monthly bill."""

    day: int
    key: str
    payee: str
    category: str
    cents: int
    variation_percent: int = 0  # the amount varies by at most this
    discount_cents: int = 0  # deducted for paying on time


DIRECT_DEBITS = (
    HouseholdBill(12, "internet", "FIBRA LIGADA TELECOM", "07010001", 11990),
    HouseholdBill(18, "mobile", "CELULAR ALO MOVEL", "07010002", 6499),
    HouseholdBill(20, "gas", "GAS ENCANADO SP", "17020003", 5200, variation_percent=30),
    HouseholdBill(21, "water", "AGUAS DA SERRA SANEAMENTO", "17020001", 8800, variation_percent=20),
)
BOLETOS = (
    HouseholdBill(8, "condominio", "CONDOMINIO EDIFICIO IPANEMA", "17000000", 68000),
    HouseholdBill(10, "rent", "IMOBILIARIA CHAVE DE OURO", "17010000", 230000, discount_cents=5000),
    HouseholdBill(15, "energy", "ENERGIA PAULISTA", "17020002", 19000, variation_percent=35),
    HouseholdBill(24, "health", "PLANO SAUDE VIDA PLENA", "200300000", 48700),
)
LATE_DAYS = 4  # no bill is due after the 24th, so late payments stay in their month
YEARLY = {
    1: (20, "ipva", "PAGTO IPVA SEFAZ SP", -142350, "19050004"),
    2: (15, "iptu", "PAGTO IPTU PREFEITURA SAO PAULO", -98760, "17040000"),
    5: (29, "tax-refund", "RESTITUICAO IRPF RECEITA FEDERAL", 121843, "01050000"),
}


def direct_debits(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield bills that are paid by automatic debit."""
    for bill in DIRECT_DEBITS:
        day, cents = month.replace(day=bill.day), _price(customer, month, bill)
        yield Movement(
            CHECKING, f"{day}/{bill.key}", at(day, 8), f"DEB AUT {bill.payee}", -cents, bill.category,
            operation_type="DEBITO_AUTOMATICO",
        )  # fmt: skip


def boletos(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield bills that are paid by boleto, on time or late with a fine and interest."""
    for bill in BOLETOS:
        days_late = LATE_DAYS if customer.rng(month, f"{bill.key}/late").random() < 0.15 else 0
        yield boleto_payment(month.replace(day=bill.day), bill, _price(customer, month, bill), days_late)


def boleto_payment(due: dt.date, bill: HouseholdBill, base_cents: int, days_late: int) -> Movement:
    """Return a boleto paid this many days late, with a fine of 2 % and interest of 1 % a month."""
    if days_late:
        interest, fine = base_cents * days_late // 3000, base_cents * 2 // 100
        boleto = Boleto(due, base_cents, interest_cents=interest, penalty_cents=fine)
    else:
        boleto = Boleto(due, base_cents, discount_cents=bill.discount_cents)
    day = due + dt.timedelta(days=days_late)
    return Movement(
        CHECKING, f"{due}/{bill.key}", at(day, 8), f"PAGTO BOLETO {bill.payee}", -boleto.paid_cents,
        bill.category, operation_type="BOLETO", counterparty=payee_of(bill.payee), boleto=boleto,
    )  # fmt: skip


def payee_of(name: str) -> Counterparty:
    """Return the payee of a boleto as counterparty."""
    return Counterparty(name.title(), cnpj(Random(name.title())), "BOLETO")


def yearly_taxes(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield taxes on the car and the home, and the income tax refund."""
    if month.month in YEARLY:
        number, key, text, cents, category = YEARLY[month.month]
        day = month.replace(day=number)
        yield Movement(CHECKING, f"{day}/{key}", at(day, 9), text, cents, category, operation_type="OUTROS")


def monthly_fee(customer: Customer, month: dt.date) -> Iterator[Movement]:
    """Yield the monthly fee of the bank."""
    day, text = month.replace(day=3), "TARIFA PACOTE DE SERVICOS"
    yield Movement(CHECKING, f"{day}/fee", at(day, 4), text, -1990, "16010000", "TARIFA_SERVICOS_AVULSOS")


def _price(customer: Customer, month: dt.date, bill: HouseholdBill) -> int:
    percent = customer.rng(month, bill.key).randint(-bill.variation_percent, bill.variation_percent)
    return bill.cents + bill.cents * percent // 100
