"""All transactions of a filter, for a file: streamed, so memory does not grow with their number."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from banking.ledger.models import Account, CategoryTree, Rule
from banking.ledger.models.transactions import tags_of
from banking.reports.transaction_filter import TransactionFilter

CHUNK = 2_000
COLUMNS = (
    "local_date",
    "description",
    "merchant_name",
    "counterparty",
    "category_id",
    "kind",
    "signed_amount",
    "signed_amount_currency",
    "account_id",
    "status",
    "tags",
    "rule_id",
    "note",
    "cash_month",
    "id",
)


class ExportLine(NamedTuple):
    """A transaction as a line of a spreadsheet."""

    day: date
    description: str
    merchant: str
    counterparty: str
    category: str
    kind: str
    amount: Decimal  # signed, in `currency`
    currency: str
    bank: str
    account: str
    is_pending: bool
    tags: tuple[str, ...]
    note: str
    cash_month: date
    id: UUID


def export_lines(filters: TransactionFilter, tree: CategoryTree) -> Iterator[ExportLine]:
    """Yield the lines, newest first, as they are at one moment (a server-side cursor)."""
    accounts = {
        account.id: account for account in Account.objects.of(filters.user).select_related("item__connector")
    }
    rules = {rule.pk: rule for rule in Rule.objects.of(filters.user)}
    transactions = filters.transactions(tree).order_by("-local_date", "-id")
    for values in transactions.values_list(*COLUMNS, named=True).iterator(chunk_size=CHUNK):
        account = accounts[values.account_id]
        yield ExportLine(
            day=values.local_date,
            description=values.description,
            merchant=values.merchant_name,
            counterparty=values.counterparty,
            category=tree.name(values.category_id),
            kind=values.kind,
            amount=values.signed_amount,
            currency=values.signed_amount_currency,
            bank=account.item.connector.name,
            account=account.label,
            is_pending=values.status == "PENDING",
            tags=tags_of(values.tags, rules.get(values.rule_id)),
            note=values.note,
            cash_month=values.cash_month,
            id=values.id,
        )
