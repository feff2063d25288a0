"""Every row behind a figure, for a file: one after the other, in the same memory however many there are."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from banking.models import Account, CategoryTree, Rule
from banking.models.transactions import tags_of
from banking.reports.scope import Scope

CHUNK = 2_000
COLUMNS = (
    *("local_date", "description", "merchant_name", "counterparty", "category_id", "kind", "flow"),
    *("flow_currency", "account_id", "status", "tags", "rule_id", "note", "month_cash", "id"),
)


class Line(NamedTuple):
    """A row as a table of a spreadsheet has it. `amount`: out negative, in positive."""

    day: date
    description: str
    shop: str
    person: str
    category: str
    kind: str
    amount: Decimal
    currency: str
    bank: str
    account: str
    is_pending: bool
    tags: tuple[str, ...]
    note: str
    paid_in: date
    id: UUID


def lines(scope: Scope, tree: CategoryTree) -> Iterator[Line]:
    """Newest first, as they were at one moment: the cursor is the server's."""
    accounts = {one.id: one for one in Account.objects.of(scope.user).select_related("item__connector")}
    rules = {one.pk: one for one in Rule.objects.of(scope.user)}
    rows = scope.rows(tree).order_by("-local_date", "-id").values_list(*COLUMNS, named=True)
    for row in rows.iterator(chunk_size=CHUNK):
        account = accounts[row.account_id]
        yield Line(
            day=row.local_date,
            description=row.description,
            shop=row.merchant_name,
            person=row.counterparty,
            category=tree.name(row.category_id),
            kind=row.kind,
            amount=row.flow,
            currency=row.flow_currency,
            bank=account.item.connector.name,
            account=account.label,
            is_pending=row.status == "PENDING",
            tags=tags_of(row.tags, rules.get(row.rule_id)),
            note=row.note,
            paid_in=row.month_cash,
            id=row.id,
        )
