"""The border: the only code that knows Pluggy's URLs and its camelCase. It knows no model."""

from banking.pluggy.client import Client, Rows
from banking.pluggy.errors import Gone, Limited, PluggyError, Refused, Unauthorized, Unavailable
from banking.pluggy.limits import Limits, LocalLimits, SharedLimits
from banking.pluggy.lists import Listing, Unreadable

__all__ = [
    "Client",
    "Gone",
    "Limited",
    "Limits",
    "Listing",
    "LocalLimits",
    "PluggyError",
    "Refused",
    "Rows",
    "SharedLimits",
    "Unauthorized",
    "Unavailable",
    "Unreadable",
]
