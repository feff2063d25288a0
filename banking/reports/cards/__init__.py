"""Cards: their bills, what is paid of them, and the instalments to come."""

from banking.reports.cards.bills import cards, detail, due
from banking.reports.cards.instalments import Instalments, Purchase, instalments
from banking.reports.cards.statement import Card, Detail, State, Statement

__all__ = [
    "Card",
    "Detail",
    "Instalments",
    "Purchase",
    "State",
    "Statement",
    "cards",
    "detail",
    "due",
    "instalments",
]
