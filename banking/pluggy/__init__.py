"""The client of Pluggy's API: the only code that knows its URLs and field names. It knows no model."""

from banking.pluggy.client import Client, ItemPage, TransactionPage
from banking.pluggy.errors import (
    Gone,
    Limited,
    PluggyError,
    Refused,
    Unauthorized,
    Unavailable,
)
from banking.pluggy.limits import Limits, LocalLimits, SharedLimits
from banking.pluggy.lists import Listing, Unreadable

__all__ = [
    "Client",
    "Gone",
    "ItemPage",
    "Limited",
    "Limits",
    "Listing",
    "LocalLimits",
    "PluggyError",
    "Refused",
    "SharedLimits",
    "TransactionPage",
    "Unauthorized",
    "Unavailable",
    "Unreadable",
]
