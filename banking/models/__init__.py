"""The ground: rows and their constraints. Models know no HTTP and no Pluggy."""

from banking.models.accounts import Account
from banking.models.categories import OTHER, Category, CategoryTree
from banking.models.items import Connector, Item, SyncHint, SyncRun, SyncState
from banking.models.rollups import Basis, MonthTotal
from banking.models.transactions import SPENDING, Kind, Transaction

__all__ = [
    "OTHER",
    "SPENDING",
    "Account",
    "Basis",
    "Category",
    "CategoryTree",
    "Connector",
    "Item",
    "Kind",
    "MonthTotal",
    "SyncHint",
    "SyncRun",
    "SyncState",
    "Transaction",
]
