"""Tell as of when the data of each product are: Open Finance does not read everything with each update.

Without a statusDetail, `lastUpdatedAt` is the only time that Pluggy sends. At an Open Finance connector balances,
limits and recent transactions are then from that time; the rest was read within a day or a week before it, or when the
item was created. Pages show the earliest possible time, so they never claim more than was read.

Example: an item was created on March 1 and updated on March 20, 9:00. Its investments are as of March 19, 9:00 or
later, and its older transactions as of March 13, 9:00 or later.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from banking.connections.models import Item, Product

DAY, WEEK = timedelta(days=1), timedelta(days=7)

# The keys of each product in an item's statusDetail; Pluggy's sources disagree about one of them.
STATUS_KEYS: dict[Product, tuple[str, ...]] = {
    Product.ACCOUNTS: ("accounts",),
    Product.CREDIT_CARDS: ("creditCards",),
    Product.TRANSACTIONS: ("transactions",),
    Product.INVESTMENTS: ("investments",),
    Product.INVESTMENT_TRANSACTIONS: ("investmentsTransactions", "investmentTransactions"),
    Product.LOANS: ("loans",),
}
ALL_STATUS_KEYS = {key for keys in STATUS_KEYS.values() for key in keys}


class Part(StrEnum):
    """Parts of products that are read less often than the rest of the product."""

    ACCOUNT_DETAILS = "account details"
    CARD_DETAILS = "card details"
    BILLS = "bills"
    OLDER_TRANSACTIONS = "older transactions"
    LOAN_DETAILS = "loan details"


class OlderPart(NamedTuple):
    part: Part
    as_of: datetime  # or later


# How old a product may be at an update, and its parts that may be older than that.
PRODUCT_AGES = {Product.INVESTMENTS: DAY, Product.LOANS: DAY}
PART_AGES: dict[Product, dict[Part, timedelta]] = {
    Product.ACCOUNTS: {Part.ACCOUNT_DETAILS: WEEK},
    Product.CREDIT_CARDS: {Part.BILLS: DAY, Part.CARD_DETAILS: WEEK},
    Product.TRANSACTIONS: {Part.OLDER_TRANSACTIONS: WEEK},
    Product.INVESTMENT_TRANSACTIONS: {Part.OLDER_TRANSACTIONS: WEEK},
    Product.LOANS: {Part.LOAN_DETAILS: WEEK - DAY},
}


def has_status_detail(item: Item) -> bool:
    """Tell whether Pluggy says of each product how fresh it is."""
    return bool(ALL_STATUS_KEYS & (item.status_detail or {}).keys())


def product_as_of(item: Item, product: Product, updated_at: datetime | None) -> datetime | None:
    """Return as of when a product is after an update, if there is no statusDetail."""
    age = PRODUCT_AGES.get(product)
    if updated_at is None or age is None or not item.connector.is_open_finance:
        return updated_at
    return _earliest(item, updated_at, age)


def older_parts(item: Item, product: str, as_of: datetime | None) -> tuple[OlderPart, ...]:
    """Return the parts of a product that may be older than the product."""
    if as_of is None or has_status_detail(item) or not item.connector.is_open_finance:
        return ()
    ages = PART_AGES.get(Product(product), {}) if product in Product.values else {}
    return tuple(OlderPart(part, _earliest(item, as_of, age)) for part, age in ages.items())


def _earliest(item: Item, updated_at: datetime, age: timedelta) -> datetime:
    """Return `age` before the update, but not before the creation of the item, when everything is read."""
    earliest = updated_at - age
    created_at = item.bank_created_at
    return min(max(earliest, created_at), updated_at) if created_at else earliest
