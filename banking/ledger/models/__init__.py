"""Models of the ledger: accounts, transactions, what is derived from them and what users decided."""

from banking.ledger.models.accounts import Account
from banking.ledger.models.balance_snapshots import BalanceSnapshot
from banking.ledger.models.bills import Bill
from banking.ledger.models.bulk_edits import BulkEdit, BulkEditItem
from banking.ledger.models.categories import OTHER, Category, CategoryTree
from banking.ledger.models.category_updates import CategoryUpdate
from banking.ledger.models.deletion_reviews import DeletionReview
from banking.ledger.models.document_keys import DocumentKeys
from banking.ledger.models.double_listings import CoveredTransaction, DoubleListing
from banking.ledger.models.history import TransactionChange
from banking.ledger.models.investments import Investment, InvestmentTransaction
from banking.ledger.models.kinds import SPENDING, Kind
from banking.ledger.models.loans import Loan
from banking.ledger.models.matches import TransactionMatch
from banking.ledger.models.monthly_totals import Basis, MonthlyTotal
from banking.ledger.models.quarantine import QuarantinedRecord
from banking.ledger.models.reclassification import ReclassificationJob
from banking.ledger.models.replacements import TransactionReplacement
from banking.ledger.models.rules import Rule
from banking.ledger.models.search_texts import SearchText
from banking.ledger.models.transactions import Transaction

__all__ = [
    "OTHER",
    "SPENDING",
    "Account",
    "BalanceSnapshot",
    "Basis",
    "Bill",
    "BulkEdit",
    "BulkEditItem",
    "Category",
    "CategoryTree",
    "CategoryUpdate",
    "CoveredTransaction",
    "DeletionReview",
    "DocumentKeys",
    "DoubleListing",
    "Investment",
    "InvestmentTransaction",
    "Kind",
    "Loan",
    "MonthlyTotal",
    "QuarantinedRecord",
    "ReclassificationJob",
    "Rule",
    "SearchText",
    "Transaction",
    "TransactionChange",
    "TransactionMatch",
    "TransactionReplacement",
]
