"""Read what an item has besides accounts and their rows, and keep how fresh each product is."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.dateparse import parse_datetime

from banking import rollups
from banking.models import Account, CategoryTree, Item, Product, ProductState, SyncRun
from banking.pluggy import Client, Gone, payloads
from banking.sync.lease import Lease
from banking.upsert import products

logger = logging.getLogger(__name__)

# How an item's statusDetail calls each product; sources disagree about one of them.
KEYS: dict[Product, tuple[str, ...]] = {
    Product.ACCOUNTS: ("accounts",),
    Product.CREDIT_CARDS: ("creditCards",),
    Product.TRANSACTIONS: ("transactions",),
    Product.INVESTMENTS: ("investments",),
    Product.INVESTMENT_TRANSACTIONS: ("investmentsTransactions", "investmentTransactions"),
    Product.LOANS: ("loans",),
}


@dataclass(frozen=True)
class Told:
    """What the item says of one product."""

    was_collected: bool  # asked for at all
    is_updated: bool
    collected_at: datetime | None
    warnings: list[dict[str, Any]]


def told(item: Item, product: Product) -> Told:
    """Without a statusDetail (it comes on partial success) all products came with the item."""
    wanted = not item.products or product in item.products
    if item.status_detail is None:
        return Told(wanted, wanted, item.collected_at, [])
    found = next((item.status_detail[key] for key in KEYS[product] if item.status_detail.get(key)), None)
    if found is None:
        return Told(False, False, None, [])
    is_updated = found.get("isUpdated") is not False
    at = parse_datetime(found.get("lastUpdatedAt") or "")
    return Told(
        True, is_updated, at or (item.collected_at if is_updated else None), found.get("warnings") or []
    )


@dataclass(frozen=True)
class ProductReader:
    """Reads the products of one item within a run."""

    item: Item
    run: SyncRun
    lease: Lease
    client: Client
    now: Callable[[], datetime]

    def read(self) -> None:
        """Only what the bank says that it brought; the rest keeps what it has."""
        for product, read in (
            (Product.CREDIT_CARDS, self._bills),
            (Product.INVESTMENTS, self._investments),
            (Product.INVESTMENT_TRANSACTIONS, self._investment_transactions),
            (Product.LOANS, self._loans),
        ):
            if told(self.item, product).is_updated:
                read()
        self._write(partial(products.balances, self.item, now=self.now()))

    def _bills(self) -> None:
        cards = self.item.accounts.filter(type=Account.Type.CREDIT, missing_since=None)
        roots = CategoryTree.load().roots
        for card in cards.select_related("item__connector"):
            listed = self.client.bills(card.id)
            self._write(partial(self._store_bills, card, listed, roots))

    def _store_bills(self, card: Account, listed: Iterable[payloads.Bill], roots: Mapping[str, str]) -> int:
        changes = products.bills(card, listed, roots=roots, now=self.now())
        rollups.apply(changes.deltas)
        return changes.rows

    def _investments(self) -> None:
        listed = self.client.investments(self.item.id)
        self._write(partial(products.investments, self.item, listed, now=self.now()))

    def _investment_transactions(self) -> None:
        for investment in self.item.investments.filter(missing_since=None).select_related("item"):
            try:
                listed = self.client.investment_transactions(investment.id)
            except Gone:
                continue  # sold between the two questions; the next list will say so
            self._write(partial(products.investment_transactions, investment, listed, now=self.now()))

    def _loans(self) -> None:
        listed = self.client.loans(self.item.id)
        self._write(partial(products.loans, self.item, listed, now=self.now()))

    def _write(self, store: Callable[[], int]) -> None:
        with self.lease.writing(self.now()):
            self.run.rows_written += store()


def remember_freshness(item: Item, *, read_at: datetime) -> None:
    """Under the lease, at the end of a reading: per product, as of when its data is."""
    known = {state.product: state for state in item.product_states.all()}
    states = [_state(item, product, known.get(product), read_at) for product in Product]
    ProductState.objects.bulk_create(
        [state for state in states if state is not None],
        update_conflicts=True,
        unique_fields=["item", "product"],
        update_fields=["is_updated", "collected_at", "read_at", "warnings"],
    )


def _state(
    item: Item, product: Product, known: ProductState | None, read_at: datetime
) -> ProductState | None:
    """A product that was not brought keeps the times of when it was."""
    said = told(item, product)
    if not said.was_collected:
        return None
    before = (known.collected_at, known.read_at) if known else (None, None)
    collected_at, at = (said.collected_at, read_at) if said.is_updated else before
    return ProductState(
        user_id=item.user_id, item=item, product=product, is_updated=said.is_updated,
        collected_at=collected_at, read_at=at, warnings=said.warnings,
    )  # fmt: skip
