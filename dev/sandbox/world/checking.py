"""A day of the checking account: wages, home, people paid by PIX, debit purchases and taxes."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from dev.sandbox.world.card import at
from dev.sandbox.world.people import Person, cnpj, person
from dev.sandbox.world.rows import CHECKING, Party, Row
from dev.sandbox.world.shops import choose, merchant

# day of month, key, text, category, cents, percent it may vary
HOME = (
    (8, "condominio", "PAGTO BOLETO CONDOMINIO EDIFICIO IPANEMA", "17000000", 68000, 0),
    (10, "rent", "PAGTO BOLETO IMOBILIARIA CHAVE DE OURO", "17010000", 230000, 0),
    (12, "internet", "DEB AUT FIBRA LIGADA TELECOM", "07010001", 11990, 0),
    (15, "energy", "PAGTO BOLETO ENERGIA PAULISTA", "17020002", 19000, 35),
    (18, "mobile", "DEB AUT CELULAR ALO MOVEL", "07010002", 6499, 0),
    (20, "gas", "DEB AUT GAS ENCANADO SP", "17020003", 5200, 30),
    (26, "health", "PAGTO BOLETO PLANO SAUDE VIDA PLENA", "200300000", 48700, 0),
)

EMPLOYER = Party("Horizonte Sistemas Ltda", cnpj(Random("employer")), "TED")


@dataclass(frozen=True)
class Household:
    """Who lives this life: the owner, the wage, and whether own money moves to or from another bank."""

    owner: Person
    wage_cents: int
    own_pix: int = 0  # -1 sends to the person's other bank, +1 receives from it


def household(seed: str, own_pix: int = 0) -> Household:
    """The household of a seed."""
    return Household(person(seed), 880000 + 5000 * Random(f"wage/{seed}").randrange(40), own_pix)


def on(day: dt.date, home: Household, seed: str) -> Iterator[Row]:
    """All checking rows of a day that do not depend on balances."""
    yield from _income(day, home)
    yield from _home(day, seed)
    yield from _people(day, seed)
    yield from _debit_card(day, seed)
    yield from _own_pix(day, home)
    yield from _yearly(day)


def _income(day: dt.date, home: Household) -> Iterator[Row]:
    paid = {(5, 0): ("salary", "SALARIO HORIZONTE SISTEMAS", home.wage_cents)}
    paid[30, 11] = ("13th-1", "13 SALARIO 1A PARCELA HORIZONTE", home.wage_cents // 2)
    paid[20, 12] = ("13th-2", "13 SALARIO 2A PARCELA HORIZONTE", home.wage_cents * 2 // 5)
    for (when, month), (key, text, cents) in paid.items():
        if day.day == when and month in (0, day.month):
            yield Row(CHECKING, f"{day}/{key}", at(day, 7), text, cents, "01010000", "TED", EMPLOYER)


def _home(day: dt.date, seed: str) -> Iterator[Row]:
    for when, key, text, category, cents, percent in HOME:
        if day.day == when:
            swing = Random(f"{seed}/{day}/{key}").randint(-percent, percent)
            firm = text.split(" ", 2)[2].title()
            boleto = text.startswith("PAGTO BOLETO")
            party = Party(firm, cnpj(Random(firm)), "BOLETO") if boleto else None
            yield Row(
                CHECKING, f"{day}/{key}", at(day, 8), text, -(cents + cents * swing // 100), category,
                operation="BOLETO" if boleto else "DEBITO_AUTOMATICO", party=party,
            )  # fmt: skip


def _people(day: dt.date, seed: str) -> Iterator[Row]:
    dice = Random(f"{seed}/{day}/people")
    if day.weekday() == 3 and day.day <= 14:
        yield _pix(day, "cleaning", person(f"{seed}/cleaner"), -18000, 17, "05070000")
    if dice.random() < 0.16:
        friend = person(f"{seed}/friend/{dice.randrange(6)}")
        price = dice.randrange(1500, 14000, 50)
        yield _pix(day, "friend-out", friend, -price, dice.randrange(9, 24), "05070000")
    if dice.random() < 0.09:
        friend = person(f"{seed}/friend/{dice.randrange(6)}")
        price = dice.randrange(1500, 16000, 50)
        yield _pix(day, "friend-in", friend, price, dice.randrange(9, 24), "05070000")
    if day.weekday() == 5 and dice.random() < 0.6:
        seller = person(f"{seed}/market-stall")
        yield _pix(day, "market", seller, -dice.randrange(2000, 7000, 100), 10, "10000000")


def _pix(day: dt.date, key: str, other: Person, cents: int, hour: int, category: str) -> Row:
    text = f"PIX {'ENVIADO' if cents < 0 else 'RECEBIDO'} {other.name.upper()}"
    party = Party(other.name, other.cpf, "PIX")
    return Row(CHECKING, f"{day}/{key}", at(day, hour, 42), text, cents, category, "PIX", party)


def _debit_card(day: dt.date, seed: str) -> Iterator[Row]:
    dice = Random(f"{seed}/{day}/debit")
    if dice.random() < 0.27:
        text, shop, price = choose(dice)
        yield Row(
            CHECKING, f"{day}/debit", at(day, dice.randrange(8, 23), 5), f"COMPRA DEBITO {text}", -price // 2,
            shop.category, operation="CARTAO", shop=merchant(text),
        )  # fmt: skip
    if day.day == 22 and dice.random() < 0.5:
        yield Row(CHECKING, f"{day}/cash", at(day, 12), "SAQUE 24H", -20000, "05020000", operation="SAQUE")


def _own_pix(day: dt.date, home: Household) -> Iterator[Row]:
    if home.own_pix and day.day == 7:
        cents = 30000 + 5000 * (day.month % 4)
        yield _pix(day, "own-pix", home.owner, home.own_pix * cents, 11, "04020000")


def _yearly(day: dt.date) -> Iterator[Row]:
    if day.day == 3:
        text = "TARIFA PACOTE DE SERVICOS"
        yield Row(CHECKING, f"{day}/fee", at(day, 4), text, -1990, "16010000", "TARIFA_SERVICOS_AVULSOS")
    yearly = {
        (1, 20): ("ipva", "PAGTO IPVA SEFAZ SP", -142350, "19050004"),
        (2, 15): ("iptu", "PAGTO IPTU PREFEITURA SAO PAULO", -98760, "17040000"),
        (5, 29): ("tax-refund", "RESTITUICAO IRPF RECEITA FEDERAL", 121843, "01050000"),
    }
    if (day.month, day.day) in yearly:
        key, text, cents, category = yearly[day.month, day.day]
        yield Row(CHECKING, f"{day}/{key}", at(day, 9), text, cents, category, operation="OUTROS")
