"""What a person has invested at a bank or a broker: positions that follow from their transactions."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from dev.sandbox.world.calendar import first_of_month, months
from dev.sandbox.world.life import Life
from dev.sandbox.world.people import cnpj
from dev.sandbox.world.reserves import INVESTED
from dev.sandbox.world.story import BEGINNING
from dev.sandbox.world.voice import identity, money

Json = dict[str, Any]
ASSETS = Path(__file__).parents[1] / "data" / "assets.json"


@dataclass(frozen=True)
class Asset:
    """Something that can be held; prices in cents of a whole unit."""

    name: str
    type: str
    subtype: str
    code: str | None
    price: int  # in the month of the beginning
    growth: int  # per hundred thousand a month
    swing: int = 0  # percent the price may be off its path
    taxed: bool = False  # income tax on profit, as the holding gets older
    facts: Json = field(default_factory=dict)  # of the API, as they are


@dataclass
class Trade:
    """A movement of a position: hundredths of a unit and cents."""

    day: dt.date
    type: str  # BUY, SELL, INTEREST, AMORTIZATION or TAX
    units: int  # hundredths; 0 when only money moves
    price: int
    cents: int
    tax: int = 0


@dataclass
class Position:
    """One investment with its transactions, as the API gives them."""

    data: Json
    transactions: list[Json] = field(default_factory=list)


@cache
def assets() -> dict[str, Asset]:
    """What can be held, by the names that data/banks.json uses."""
    return {name: Asset(**facts) for name, facts in json.loads(ASSETS.read_text(encoding="utf-8")).items()}


def positions(life: Life, item_id: str, today: dt.date) -> list[Position]:
    """Everything held at the life's bank."""
    return [_position(life, item_id, name, today) for name in life.bank.holds]


def price(asset: Asset, life: Life, day: dt.date) -> int:
    """Cents of a unit on a day: a path that grows, and by chance a little off it."""
    elapsed = (day - BEGINNING).days
    path = asset.price + asset.price * asset.growth * elapsed // 3_000_000
    off = Random(f"{life.who}/{asset.code}/{first_of_month(day)}").randint(-asset.swing, asset.swing)
    return path + path * off // 100


def trades(life: Life, name: str, today: dt.date) -> list[Trade]:
    """What was bought, sold, earned and taken until a day, oldest first."""
    asset, found = assets()[name], list[Trade]()
    units = 0
    for month in months(BEGINNING, today):
        for trade in _of_month(asset, life, name, month, units):
            if trade.day <= today:
                found.append(trade)
                units += trade.units
    return found


def _of_month(asset: Asset, life: Life, name: str, month: dt.date, units: int) -> Iterator[Trade]:
    day, number = month.replace(day=9), month.month
    cost = price(asset, life, day)
    if name == "cdb":
        yield Trade(day, "BUY", INVESTED * 100 // cost, cost, INVESTED)
    elif name == "matured-lci":
        yield from _matured(asset, life, month)
    elif name == "treasury" and number in (1, 7):
        yield Trade(day, "BUY", 35, cost, 35 * cost // 100)
    elif name == "fund":
        yield from _fund(month, number, cost, units)
    elif name in ("stock", "fii", "etf"):
        yield from _shares(name, month, cost, units)


def _matured(asset: Asset, life: Life, month: dt.date) -> Iterator[Trade]:
    """Bought at the beginning, paid back a year and two months later."""
    bought, back = BEGINNING.replace(day=16), BEGINNING.replace(year=BEGINNING.year + 1, month=3, day=17)
    if month == first_of_month(bought):
        yield Trade(bought, "BUY", 500, asset.price, 5 * asset.price)
    if month == first_of_month(back):
        cost = price(asset, life, back)
        yield Trade(back, "SELL", -500, cost, 5 * cost)


def _fund(month: dt.date, number: int, cost: int, units: int) -> Iterator[Trade]:
    """Bought each quarter; in May and November the tax office takes quotas."""
    if number % 3 == 1:
        yield Trade(month.replace(day=10), "BUY", 400, cost, 4 * cost)
    if number in (5, 11) and units > 100:
        yield Trade(month.replace(day=28), "TAX", -(units // 100), cost, units // 100 * cost // 100)


def _shares(name: str, month: dt.date, cost: int, units: int) -> Iterator[Trade]:
    """Bought each month (half a year in the case of an ETF), sold a little each June; income while held."""
    pays = {"stock": month.month % 3 == 0, "fii": True, "etf": False}[name]
    earned = units * cost * (8 if name == "fii" else 12) // 100_000
    if month.month % (6 if name == "etf" else 1) == 0:
        whole = 2 if name == "fii" else 5
        yield Trade(month.replace(day=11), "BUY", whole * 100, cost, whole * cost)
    if pays and earned:
        yield Trade(month.replace(day=15), "INTEREST", 0, cost, earned)
    if name == "fii" and month.month == 12 and units:
        yield Trade(month.replace(day=18), "AMORTIZATION", 0, cost, units * cost * 5 // 100_000)
    if name == "stock" and month.month == 6 and units > 2000:
        yield Trade(month.replace(day=20), "SELL", -1000, cost, 10 * cost)


def _position(life: Life, item_id: str, name: str, today: dt.date) -> Position:
    asset, done = assets()[name], trades(life, name, today)
    investment_id = identity(item_id, f"investment/{name}")
    data = _figures(asset, life, done, today) | asset.facts
    data |= {"id": investment_id, "itemId": item_id, "owner": life.owner.name}
    told = [_transaction(investment_id, number, trade) for number, trade in enumerate(done)]
    return Position(_shaped(data), told[::-1])


def _figures(asset: Asset, life: Life, done: list[Trade], today: dt.date) -> Json:
    """Gross value, what was put in for what is still held, taxes as of today, and the net balance."""
    units, cost = sum(trade.units for trade in done), price(asset, life, today)
    bought = sum(trade.units for trade in done if trade.type == "BUY")
    paid = sum(trade.cents for trade in done if trade.type == "BUY")
    original = paid * units // bought if bought else 0
    gross = units * cost // 100
    income_tax = _income_tax(done, gross - original, today) if asset.taxed else 0
    iof = _iof(done, today, cost) if asset.taxed else 0
    held = done[0].day if done else today
    return {
        "name": asset.name,
        "type": asset.type,
        "subtype": asset.subtype,
        "code": asset.code,
        "balance": money(gross - income_tax - iof),
        "amount": money(gross),
        "amountOriginal": money(original),
        "amountProfit": money(gross - original),
        "amountWithdrawal": money(gross - income_tax - iof),
        "taxes": money(income_tax) if asset.taxed else None,
        "taxes2": money(iof) if asset.taxed else None,
        "quantity": money(units),
        "value": money(cost),
        "date": f"{today}T00:00:00.000Z",
        "purchaseDate": f"{held}T00:00:00.000Z",
        "issueDate": f"{held}T00:00:00.000Z" if asset.type == "FIXED_INCOME" else None,
        "lastMonthRate": round(asset.growth / 1000, 2),
        "lastTwelveMonthsRate": round(asset.growth * 12 / 1000, 2),
        "status": "ACTIVE" if units else "TOTAL_WITHDRAWAL",
    }


def _income_tax(done: list[Trade], profit: int, today: dt.date) -> int:
    """22.5 % of the profit at first, 15 % after two years; by the age of the average purchase."""
    days = [(today - trade.day).days for trade in done if trade.type == "BUY"]
    age = sum(days) // len(days) if days else 0
    rate = 225 if age <= 180 else 200 if age <= 360 else 175 if age <= 720 else 150
    return max(0, profit) * rate // 1000


def _iof(done: list[Trade], today: dt.date, cost: int) -> int:
    """On the profit of what is younger than a month: less each day."""
    young = [trade for trade in done if trade.type == "BUY" and (today - trade.day).days < 30]
    return sum(
        max(0, trade.units * cost // 100 - trade.cents) * (30 - (today - trade.day).days) // 30
        for trade in young
    )


def _transaction(investment_id: str, number: int, trade: Trade) -> Json:
    day = f"{trade.day}T00:00:00.000Z"
    return {
        "id": identity(investment_id, str(number)),
        "type": trade.type,
        "movementType": "CREDIT" if trade.type == "BUY" else "DEBIT",
        "description": None,
        "quantity": money(abs(trade.units)) if trade.units else None,
        "value": money(trade.price) if trade.units else None,
        "amount": money(trade.cents),
        "netAmount": money(trade.cents),
        "agreedRate": None,
        "indexerPercentage": None,
        "priceFactor": None,
        "date": day,
        "tradeDate": day,
        "expenses": None,
        "brokerageNumber": None,
    }


def _shaped(data: Json) -> Json:
    """All fields of the API, in its order as far as it matters, null where nothing is known."""
    names = (
        "number isin annualRate metadata dueDate issuer issuerCNPJ gracePeriodDate rate rateType"
        " fixedAnnualRate taxExempt ratePeriodicity indexerAdditionalInfo priceFactor debtor"
        " couponPayment institution"
    )
    issuer = data.get("issuer")
    known: Json = {"currencyCode": "BRL"} | data
    if issuer:
        known["issuerCNPJ"] = cnpj(Random(f"issuer/{issuer}"))
        known["institution"] = {"name": issuer, "number": known["issuerCNPJ"]}
    return known | {name: known.get(name) for name in names.split()}
