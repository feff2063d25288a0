"""Decide what Open Finance reads at an update: not every product each time.

Switched on in the control panel, because tests and demonstrations expect each update to show everything. Balances,
limits and recent transactions are always read. The list and details of accounts and cards, and older transactions,
are read weekly as well, but do not change here: only the time of their reading is kept.
"""

import datetime as dt

from pluggy_sandbox.clock import iso, parse
from pluggy_sandbox.store import key_values
from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.items import Item

KEY = "open-finance-rates"
DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)
RATES = {
    "BALANCES": dt.timedelta(0),
    "RECENT_TRANSACTIONS": dt.timedelta(0),
    "BILLS": DAY,
    "INVESTMENTS": DAY,
    "LOANS": DAY,
    "ACCOUNT_DETAILS": WEEK,
    "OLDER_TRANSACTIONS": WEEK,
    "IDENTITY": WEEK,
}


def is_on(database: Database) -> bool:
    """Return whether Open Finance institutions read at the rates of Open Finance."""
    return key_values.get(database, KEY) == "on"


def switch(database: Database, *, on: bool) -> None:
    """Read at the rates of Open Finance, or everything at each update."""
    key_values.put(database, KEY, "on" if on else "off")


def due(item: Item, now: dt.datetime) -> frozenset[str]:
    """Return what a run reads of an Open Finance item now."""
    last = {name: parse(text) for name, text in item.read_at.items()}
    return frozenset(name for name, rate in RATES.items() if name not in last or now - last[name] >= rate)


def record(item: Item, names: frozenset[str], now: dt.datetime) -> None:
    """Keep when these were read."""
    item.read_at |= dict.fromkeys(sorted(names), iso(now))
