"""Cards: their bills, the payments of them, and installments to come."""

from banking.reports.cards.bills import bill_detail, bills_due, cards_of
from banking.reports.cards.installments import (
    InstallmentPurchase,
    InstallmentReport,
    installment_report,
)
from banking.reports.cards.statements import (
    BillDetail,
    BillState,
    Card,
    Statement,
)

__all__ = [
    "BillDetail",
    "BillState",
    "Card",
    "InstallmentPurchase",
    "InstallmentReport",
    "Statement",
    "bill_detail",
    "bills_due",
    "cards_of",
    "installment_report",
]
