"""The investments of a customer: positions that are computed from their trades."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from pluggy_sandbox.ids import stable_uuid
from pluggy_sandbox.world.bank_view import json_amount
from pluggy_sandbox.world.calendar import first_of_month, months
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.history import HISTORY_START
from pluggy_sandbox.world.people import cnpj
from pluggy_sandbox.world.savings import MONTHLY_INVESTMENT_CENTS

Json = dict[str, Any]
ASSETS = Path(__file__).parents[1] / "data" / "assets.json"


@dataclass(frozen=True)
class Asset:
    """An asset that can be held; prices are in cents for a whole unit."""

    name: str
    type: str
    subtype: str
    code: str | None
    price: int  # at HISTORY_START
    monthly_growth: int  # per month, in 1/100,000
    deviation_percent: int = 0  # percent of random deviation
    taxed: bool = False  # income tax on the profit, less for older holdings
    grace_days: int = 0  # days after the last purchase until it can be withdrawn
    api_fields: Json = field(default_factory=dict)  # further fields in the format of the API


@dataclass
class Trade:
    """A transaction of a position, in hundredths of a unit and cents."""

    day: dt.date
    type: str  # BUY, SELL, INTEREST, AMORTIZATION or TAX
    units: int  # hundredths; 0 if only money moves
    price: int
    cents: int
    tax: int = 0


@dataclass
class Position:
    """One investment with its transactions, in the format of the API."""

    data: Json
    transactions: list[Json] = field(default_factory=list)


@cache
def assets() -> dict[str, Asset]:
    """Return all assets by the names that data/banks.json uses."""
    return {name: Asset(**fields) for name, fields in json.loads(ASSETS.read_text(encoding="utf-8")).items()}


def positions(customer: Customer, item_id: str, today: dt.date) -> list[Position]:
    """Return everything that the customer holds at the bank."""
    return [_position(customer, item_id, name, today) for name in customer.bank.investments]


def price(asset: Asset, customer: Customer, day: dt.date) -> int:
    """Return the cents of a unit on a day: steady growth with a small random deviation."""
    elapsed = (day - HISTORY_START).days
    path = asset.price + asset.price * asset.monthly_growth * elapsed // 3_000_000
    rng = Random(f"{customer.person_seed}/{asset.code}/{first_of_month(day)}")
    percent = rng.randint(-asset.deviation_percent, asset.deviation_percent)
    return path + path * percent // 100


def trades(customer: Customer, name: str, today: dt.date) -> list[Trade]:
    """Return the trades until a day, oldest first."""
    asset, past_trades = assets()[name], list[Trade]()
    units = 0
    for month in months(HISTORY_START, today):
        for trade in _trades_of(asset, customer, name, month, units):
            if trade.day <= today:
                past_trades.append(trade)
                units += trade.units
    return past_trades


def _trades_of(asset: Asset, customer: Customer, name: str, month: dt.date, units: int) -> Iterator[Trade]:
    day, number = month.replace(day=9), month.month
    cost = price(asset, customer, day)
    if name == "cdb":
        yield Trade(day, "BUY", MONTHLY_INVESTMENT_CENTS * 100 // cost, cost, MONTHLY_INVESTMENT_CENTS)
    elif name == "matured-lci":
        yield from _matured_trades(asset, customer, month)
    elif name == "treasury" and number in (1, 7):
        yield Trade(day, "BUY", 35, cost, 35 * cost // 100)
    elif name == "fund":
        yield from _fund_trades(month, number, cost, units)
    elif name in ("stock", "fii", "etf"):
        yield from _share_trades(name, month, cost, units)


def _matured_trades(asset: Asset, customer: Customer, month: dt.date) -> Iterator[Trade]:
    """Yield a purchase at the beginning, and the repayment a year and two months later."""
    bought = HISTORY_START.replace(day=16)
    repaid = HISTORY_START.replace(year=HISTORY_START.year + 1, month=3, day=17)
    if month == first_of_month(bought):
        yield Trade(bought, "BUY", 500, asset.price, 5 * asset.price)
    if month == first_of_month(repaid):
        cost = price(asset, customer, repaid)
        yield Trade(repaid, "SELL", -500, cost, 5 * cost)


def _fund_trades(month: dt.date, number: int, cost: int, units: int) -> Iterator[Trade]:
    """Yield a purchase each quarter, and in May and November the quotas taken as tax."""
    if number % 3 == 1:
        yield Trade(month.replace(day=10), "BUY", 400, cost, 4 * cost)
    if number in (5, 11) and units > 100:
        yield Trade(month.replace(day=28), "TAX", -(units // 100), cost, units // 100 * cost // 100)


def _share_trades(name: str, month: dt.date, cost: int, units: int) -> Iterator[Trade]:
    """Yield purchases each month (each half year for an ETF), sales each June, and income while held."""
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


def _position(customer: Customer, item_id: str, name: str, today: dt.date) -> Position:
    asset, past_trades = assets()[name], trades(customer, name, today)
    investment_id = stable_uuid(item_id, f"investment/{name}")
    data = _amounts(asset, customer, past_trades, today) | asset.api_fields
    data |= {"id": investment_id, "itemId": item_id, "owner": customer.owner.name}
    if asset.grace_days and past_trades:
        ends = past_trades[-1].day + dt.timedelta(days=asset.grace_days)
        data["gracePeriodDate"] = f"{ends}T00:00:00.000Z"
    transactions = [_transaction(investment_id, number, trade) for number, trade in enumerate(past_trades)]
    return Position(_with_all_fields(data), transactions[::-1])


def _amounts(asset: Asset, customer: Customer, past_trades: list[Trade], today: dt.date) -> Json:
    """Return gross value, cost of what is still held, taxes as of today, and the net balance."""
    units, cost = sum(trade.units for trade in past_trades), price(asset, customer, today)
    bought = sum(trade.units for trade in past_trades if trade.type == "BUY")
    paid = sum(trade.cents for trade in past_trades if trade.type == "BUY")
    original = paid * units // bought if bought else 0
    gross = units * cost // 100
    income_tax = _income_tax(past_trades, gross - original, today) if asset.taxed else 0
    iof = _iof(past_trades, today, cost) if asset.taxed else 0
    held = past_trades[0].day if past_trades else today
    return {
        "name": asset.name,
        "type": asset.type,
        "subtype": asset.subtype,
        "code": asset.code,
        "balance": json_amount(gross - income_tax - iof),
        "amount": json_amount(gross),
        "amountOriginal": json_amount(original),
        "amountProfit": json_amount(gross - original),
        "amountWithdrawal": json_amount(gross - income_tax - iof),
        "taxes": json_amount(income_tax) if asset.taxed else None,
        "taxes2": json_amount(iof) if asset.taxed else None,
        "quantity": json_amount(units),
        "value": json_amount(cost),
        "date": f"{today}T00:00:00.000Z",
        "purchaseDate": f"{held}T00:00:00.000Z",
        "issueDate": f"{held}T00:00:00.000Z" if asset.type == "FIXED_INCOME" else None,
        "lastMonthRate": round(asset.monthly_growth / 1000, 2),
        "lastTwelveMonthsRate": round(asset.monthly_growth * 12 / 1000, 2),
        "status": "ACTIVE" if units else "TOTAL_WITHDRAWAL",
    }


def _income_tax(past_trades: list[Trade], profit: int, today: dt.date) -> int:
    """Return the tax on the profit: 22.5 % at first, 15 % after two years.

    The average age of the purchases decides.
    """
    days = [(today - trade.day).days for trade in past_trades if trade.type == "BUY"]
    age = sum(days) // len(days) if days else 0
    rate = 225 if age <= 180 else 200 if age <= 360 else 175 if age <= 720 else 150
    return max(0, profit) * rate // 1000


def _iof(past_trades: list[Trade], today: dt.date, cost: int) -> int:
    """Return the tax on the profit of purchases younger than 30 days; it falls each day."""
    young = [trade for trade in past_trades if trade.type == "BUY" and (today - trade.day).days < 30]
    return sum(
        max(0, trade.units * cost // 100 - trade.cents) * (30 - (today - trade.day).days) // 30
        for trade in young
    )


def _transaction(investment_id: str, number: int, trade: Trade) -> Json:
    day = f"{trade.day}T00:00:00.000Z"
    return {
        "id": stable_uuid(investment_id, str(number)),
        "type": trade.type,
        "movementType": "CREDIT" if trade.type == "BUY" else "DEBIT",
        "description": None,
        "quantity": json_amount(abs(trade.units)) if trade.units else None,
        "value": json_amount(trade.price) if trade.units else None,
        "amount": json_amount(trade.cents),
        "netAmount": json_amount(trade.cents),
        "agreedRate": None,
        "indexerPercentage": None,
        "priceFactor": None,
        "date": day,
        "tradeDate": day,
        "expenses": None,
        "brokerageNumber": None,
    }


def _with_all_fields(data: Json) -> Json:
    """Add the missing fields of the API as null."""
    names = (
        "number isin annualRate metadata dueDate issuer issuerCNPJ gracePeriodDate rate rateType"
        " fixedAnnualRate taxExempt ratePeriodicity indexerAdditionalInfo priceFactor debtor"
        " couponPayment institution"
    )
    issuer = data.get("issuer")
    fields: Json = {"currencyCode": "BRL"} | data
    if issuer:
        fields["issuerCNPJ"] = cnpj(Random(f"issuer/{issuer}"))
        fields["institution"] = {"name": issuer, "number": fields["issuerCNPJ"]}
    return fields | {name: fields.get(name) for name in names.split()}
