"""The ground: rows and their constraints. Models know no HTTP and no Pluggy."""

from banking.models.absences import HeldDeletion, Reappearance
from banking.models.accounts import Account
from banking.models.alarms import Alarm
from banking.models.categories import OTHER, Category, CategoryTree
from banking.models.edits import Edit, EditedRow
from banking.models.history import RowChange
from banking.models.items import Connector, Item, SyncHint, SyncRun, SyncState
from banking.models.kinds import SPENDING, Kind
from banking.models.links import Link
from banking.models.products import (
    BalanceOnDay,
    Bill,
    Investment,
    InvestmentTransaction,
    Loan,
    Product,
    ProductState,
)
from banking.models.reclassifications import Reclassification
from banking.models.rollups import Basis, MonthTotal
from banking.models.rules import Rule
from banking.models.tellings import Telling
from banking.models.transactions import Transaction
from banking.models.unreadable import UnreadableRow
from banking.models.wordings import Wording

__all__ = [
    "OTHER",
    "SPENDING",
    "Account",
    "Alarm",
    "BalanceOnDay",
    "Basis",
    "Bill",
    "Category",
    "CategoryTree",
    "Connector",
    "Edit",
    "EditedRow",
    "HeldDeletion",
    "Investment",
    "InvestmentTransaction",
    "Item",
    "Kind",
    "Link",
    "Loan",
    "MonthTotal",
    "Product",
    "ProductState",
    "Reappearance",
    "Reclassification",
    "RowChange",
    "Rule",
    "SyncHint",
    "SyncRun",
    "SyncState",
    "Telling",
    "Transaction",
    "UnreadableRow",
    "Wording",
]
