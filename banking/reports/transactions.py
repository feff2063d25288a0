"""Lists of transactions: newest first, in pages, with the totals of everything that the filter selects."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, DateField, ExpressionWrapper, F, Func, Sum, TextField

from accounts.models import User
from banking.ledger.models import (
    Account,
    BulkEdit,
    CategoryTree,
    Rule,
    Transaction,
    TransactionReplacement,
)
from banking.ledger.models.transactions import TransactionQuerySet
from banking.reports.transaction_filter import TransactionFilter

PAGE_SIZE = 50
NEWEST_FIRST = ("-local_date", "-id")
# The same order, computed, so that no index has it. For a text that few transactions have, PostgreSQL would
# else walk through the index on dates, over the whole history.
NEWEST_FIRST_WITHOUT_INDEX = (
    ExpressionWrapper(F("local_date") + 0, output_field=DateField()).desc(),
    "-id",
)
RELATED = ("account__item__connector", "category", "rule")  # what a list shows of other models


class BadCursor(ValueError):
    """The cursor of a page cannot be parsed."""


@dataclass(frozen=True)
class CurrencyTotal:
    """The total of everything that a filter selects, in one currency."""

    currency: str
    total: Decimal  # sum of signed amounts
    transaction_count: int


@dataclass(frozen=True)
class TransactionList:
    """A page of transactions, with the totals of all pages."""

    transactions: tuple[Transaction, ...]
    totals: tuple[CurrencyTotal, ...]
    next_cursor: str | None  # of the next page

    @property
    def count(self) -> int:
        return sum(total.transaction_count for total in self.totals)


def list_transactions(filters: TransactionFilter, tree: CategoryTree, *, before: str = "") -> TransactionList:
    """Return the page after the cursor `before`. Two queries; one if everything fits on the first page.

    Raises BadCursor.
    """
    selected = _after(filters.transactions(tree), before)
    page = _newest(selected, PAGE_SIZE + 1, is_text_search=filters.is_text_search)
    is_everything = not before and len(page) <= PAGE_SIZE
    return TransactionList(
        transactions=tuple(page[:PAGE_SIZE]),
        totals=_add_up(page) if is_everything else totals(filters, tree),
        next_cursor=_cursor(page[PAGE_SIZE - 1]) if len(page) > PAGE_SIZE else None,
    )


def totals(filters: TransactionFilter, tree: CategoryTree) -> tuple[CurrencyTotal, ...]:
    """Return the totals by currency, from MonthlyTotal where it has them."""
    monthly = filters.monthly_totals(tree)
    sums: Iterable[tuple[Any, ...]]
    if monthly is None:
        by_currency = filters.transactions(tree).values_list("signed_amount_currency")
        sums = by_currency.annotate(Sum("signed_amount"), Count("id")).order_by()
    else:
        sums = monthly.values_list("currency").annotate(Sum("total"), Sum("transaction_count")).order_by()
    return tuple(CurrencyTotal(*values) for values in sorted(sums) if values[2])


def _add_up(transactions: list[Transaction]) -> tuple[CurrencyTotal, ...]:
    by_currency: dict[str, list[Decimal]] = {}
    for transaction in transactions:
        by_currency.setdefault(transaction.signed_amount_currency, []).append(transaction.signed_amount)
    return tuple(
        CurrencyTotal(currency, sum(amounts, Decimal(0)), len(amounts))
        for currency, amounts in sorted(by_currency.items())
    )


def recent(filters: TransactionFilter, tree: CategoryTree, *, limit: int) -> tuple[Transaction, ...]:
    return tuple(_newest(filters.transactions(tree), limit, is_text_search=filters.is_text_search))


def _newest(
    transactions: TransactionQuerySet, limit: int, *, is_text_search: bool = False
) -> list[Transaction]:
    """Find the newest by indexes alone; only for these few, the whole record is read."""
    order = NEWEST_FIRST_WITHOUT_INDEX if is_text_search else NEWEST_FIRST
    ids = transactions.order_by(*order).values("id")[:limit]
    shown = Transaction.objects.filter(id__in=ids).select_related(*RELATED)
    return list(shown.order_by(*NEWEST_FIRST))


def _after(transactions: TransactionQuerySet, cursor: str) -> TransactionQuerySet:
    """Return the transactions after a keyset cursor: every page costs the same."""
    if not cursor:
        return transactions
    day, _, transaction_id = cursor.partition("_")
    try:
        last_date, last_id = date.fromisoformat(day), UUID(transaction_id)
    except ValueError:
        raise BadCursor(cursor) from None
    # With this condition on the date alone, PostgreSQL starts in the index at the right place.
    return transactions.filter(local_date__lte=last_date).exclude(local_date=last_date, id__gte=last_id)


def _cursor(transaction: Transaction) -> str:
    return f"{transaction.local_date.isoformat()}_{transaction.id}"


@dataclass(frozen=True)
class TransactionSplits:
    """The splits of a transaction. Amounts are signed, in the account's currency."""

    splits: tuple[Transaction, ...]
    total: Decimal  # of the transaction as the bank sent it
    remaining: Decimal  # what the transaction itself still counts

    @property
    def exceeds_amount(self) -> bool:
        """Tell whether the bank has since made the transaction smaller than its splits."""
        return self.remaining * self.total < 0


def splits_of(transaction: Transaction) -> TransactionSplits:
    splits = tuple(transaction.splits.live().select_related(*RELATED).order_by("-amount", "id"))
    remaining = transaction.signed_amount
    total = remaining + sum((split.signed_amount for split in splits), Decimal(0))
    return TransactionSplits(splits, total, remaining)


def last_bulk_edit(user: User, *, now: datetime) -> BulkEdit | None:
    """Return the user's last bulk edit that can be undone or is not finished."""
    return BulkEdit.objects.of(user).shown(now).order_by("-created_at").first()


def user_tags(user: User) -> list[str]:
    """Return all tags of the user's transactions and rules, in alphabetical order."""
    # By account, because the partial index on edited transactions begins with it.
    tagged = Transaction.objects.filter(account__in=Account.objects.of(user)).exclude(tags=[])
    each_tag = Func(F("tags"), function="unnest", output_field=TextField())
    rules = Rule.objects.of(user).order_by()
    tags = tagged.values_list(each_tag, flat=True).union(rules.values_list(each_tag, flat=True))
    return sorted(tags, key=str.casefold)


@dataclass(frozen=True)
class PossibleOriginal:
    """A deleted transaction whose edits are offered for another one."""

    transaction: Transaction
    is_reused_id: bool  # the bank gave its id to the other one; otherwise the other one looks like it
    split_count: int


def possible_originals(transaction: Transaction) -> list[PossibleOriginal]:
    """Return deleted transactions whose edits may belong to this one, for the user to decide."""
    suggested = TransactionReplacement.objects.suggested().filter(new_id=transaction.id)
    is_reused_id = dict(suggested.values_list("old_id", "is_reused_id"))
    if not is_reused_id:
        return []
    originals = Transaction.objects.filter(id__in=is_reused_id, user_id=transaction.user_id)
    splits = Transaction.objects.filter(parent_transaction__in=is_reused_id).order_by()
    split_counts = dict(splits.values_list("parent_transaction").annotate(n=Count("id")))
    return [
        PossibleOriginal(original, is_reused_id[original.id], split_counts.get(original.id, 0))
        for original in originals.exclude(deleted_at=None).select_related("user_category")
    ]


def with_possible_originals(user: User) -> list[Transaction]:
    """Return the transactions on whose pages the edits of a deleted one are offered, newest first."""
    suggested = TransactionReplacement.objects.of(user).suggested()
    offered = Transaction.objects.of(user).live().filter(id__in=suggested.values("new_id"))
    return list(offered.select_related(*RELATED).order_by(*NEWEST_FIRST))
