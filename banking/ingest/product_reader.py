"""Read bills, investments and loans of a connection, and record how fresh each product is.

What Pluggy refuses for one product, or cannot answer, leaves the others as they are. Example: /loans answers 403.
The bills and investments are read, the sync succeeds, the loans are shown as not available, and they are asked for
again with the next sync, at the latest after an hour, then two, and so on up to a day.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from django.utils.dateparse import parse_datetime

from banking.connections.freshness import STATUS_KEYS, has_status_detail, product_as_of
from banking.connections.lease import Lease
from banking.connections.models import (
    Item,
    Product,
    ProductState,
    SyncRun,
)
from banking.ingest import product_upsert, records
from banking.ingest.retry import is_refusal, seconds_until_product_retry
from banking.ledger import monthly_totals
from banking.ledger.bill_evidence import update_bill_evidence
from banking.ledger.models import Account, CategoryTree, Investment
from banking.money.dates import local_date
from banking.pluggy import Client, Gone, Listing, PluggyError, Refused, Unauthorized, payloads

logger = logging.getLogger(__name__)

T = TypeVar("T")
Failures = dict[Product, PluggyError]  # why products could not be read


@dataclass(frozen=True)
class ProductStatus:
    """Status of one product, as the item reports it."""

    was_collected: bool  # the product was requested at all
    is_updated: bool
    collected_at: datetime | None
    warnings: list[dict[str, Any]]


def product_status(item: Item, product: Product) -> ProductStatus:
    """Return the status of a product.

    Pluggy sends a statusDetail only on partial success; without it, all requested products are up to date.
    """
    if not has_status_detail(item):
        is_requested = not item.products or product in item.products
        return ProductStatus(is_requested, is_requested, product_as_of(item, product, item.collected_at), [])
    details_by_key = item.status_detail or {}
    details = (details_by_key.get(key) for key in STATUS_KEYS[product])
    detail = next((detail for detail in details if detail is not None), None)
    if detail is None:
        return ProductStatus(False, False, None, [])
    if not isinstance(detail, dict):
        detail = {}  # unreadable: only an `isUpdated` of false says that nothing came
    is_updated = detail.get("isUpdated") not in (False, "false")
    collected_at = _instant(detail.get("lastUpdatedAt"))
    if collected_at is None and is_updated:
        collected_at = item.collected_at
    warnings = detail.get("warnings")
    return ProductStatus(True, is_updated, collected_at, warnings if isinstance(warnings, list) else [])


def is_complete(item: Item, product: Product) -> bool:
    """Tell whether the bank has sent everything of a product, so that what it does not list has ended.

    On a partial success without a statusDetail it is not known which product is incomplete.
    """
    if not has_status_detail(item) and item.execution_status == Item.PARTIAL_SUCCESS:
        return False
    return product_status(item, product).is_updated


def _instant(value: object) -> datetime | None:
    """Parse an instant; None for anything else."""
    try:
        parsed = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return parsed if parsed is None or parsed.tzinfo else parsed.replace(tzinfo=UTC)


@dataclass(frozen=True)
class ProductReader:
    """Reads the products of one connection within a sync."""

    item: Item
    run: SyncRun
    lease: Lease
    client: Client
    now: Callable[[], datetime]
    failures: Failures  # of this sync; those of other products are added
    unconfirmed: set[Product]  # products whose empty lists prove nothing yet are added

    def read(self) -> None:
        """Read the products that the bank has updated; the others keep their data."""
        for product, read in (
            (Product.CREDIT_CARDS, self._read_bills),
            (Product.INVESTMENTS, self._read_investments),
            (Product.INVESTMENT_TRANSACTIONS, self._read_investment_transactions),
            (Product.LOANS, self._read_loans),
        ):
            if product_status(self.item, product).is_updated:
                self._read_or_fail(product, read)
        self._write(partial(product_upsert.store_balances, self.item, now=self.now()))

    def _read_or_fail(self, product: Product, read: Callable[[], None]) -> None:
        """Read one product; if Pluggy does not send it, note why. Raises Unauthorized if no product works."""
        try:
            read()
        except PluggyError as error:
            if isinstance(error, Unauthorized):
                self.client.item(self.item.id)  # raises as well if it is our key, not the product
            logger.warning("item %s: %s could not be read: %s", self.item.id, product, error)
            self.failures[product] = error

    def _read_each(self, listed: Iterable[T], read: Callable[[T], None]) -> None:
        """Read all elements, also if Pluggy refuses one; then raise the first refusal."""
        refusals: list[PluggyError] = []
        for element in listed:
            try:
                read(element)
            except (Refused, Gone) as error:
                refusals.append(error)
        if refusals:
            raise refusals[0]

    def _read_bills(self) -> None:
        cards = self.item.accounts.filter(type=Account.Type.CREDIT, missing_since=None)
        roots = CategoryTree.load().roots

        def read(card: Account) -> None:
            listed = self.client.bills(card.id)
            self._write(partial(self._store_bills, card, listed, roots))

        self._read_each(cards.select_related("item__connector"), read)

    def _store_bills(self, card: Account, listed: Iterable[payloads.Bill], roots: Mapping[str, str]) -> int:
        result = product_upsert.store_bills(card, listed, roots=roots, now=self.now())
        deltas = update_bill_evidence(card, roots=roots, today=local_date(self.now()))
        monthly_totals.apply([*result.deltas, *deltas])
        return result.count

    def _read_investments(self) -> None:
        listed = self.client.investments(self.item.id)

        def store() -> int:
            held = self.item.investments.filter(missing_since=None)
            missing_since = self._missing_since(Product.INVESTMENTS, listed, has_any=held.exists())
            return product_upsert.store_investments(
                self.item, listed, missing_since=missing_since, now=self.now()
            )

        self._write(store)

    def _read_investment_transactions(self) -> None:
        def read(investment: Investment) -> None:
            try:
                listed = self.client.investment_transactions(investment.id)
            except Gone:
                return  # sold since the investments were listed; the next list will lack it
            store = partial(product_upsert.store_investment_transactions, investment, listed, now=self.now())
            self._write(store)

        self._read_each(self.item.investments.filter(missing_since=None).select_related("item"), read)

    def _read_loans(self) -> None:
        listed = self.client.loans(self.item.id)

        def store() -> int:
            running = self.item.loans.filter(missing_since=None)
            missing_since = self._missing_since(Product.LOANS, listed, has_any=running.exists())
            return product_upsert.store_loans(self.item, listed, missing_since=missing_since, now=self.now())

        self._write(store)

    def _missing_since(self, product: Product, listed: Listing[Any], *, has_any: bool) -> datetime | None:
        """Return since when what a list lacks is missing; None if the list proves nothing.

        An empty list that proves nothing although there are data (`has_any`) does not make them fresh either.
        """
        missing_since = self._proven_missing_since(product, listed)
        if missing_since is None and has_any and not listed:
            self.unconfirmed.add(product)
        return missing_since

    def _proven_missing_since(self, product: Product, listed: Listing[Any]) -> datetime | None:
        """Return since when what a complete list lacks is missing.

        A consent that has ended answers with an empty list. So the second empty list in a row is believed, and
        only if accounts came in the same syncs.
        """
        if not is_complete(self.item, product) or records.has_unidentified(listed):
            return None
        state = self.item.product_states.filter(product=product)
        if listed or listed.unreadable:
            state.exclude(empty_since=None).update(empty_since=None)
            return self.now()
        if not self.run.accounts_read:
            return None
        empty_since = state.values_list("empty_since", flat=True).first()
        if empty_since is None:
            state.update(empty_since=self.now())
        return empty_since

    def _write(self, store: Callable[[], int]) -> None:
        with self.lease.write_transaction(self.now()):
            self.run.records_written += store()


def save_freshness(
    item: Item, failures: Failures, *, unconfirmed: Collection[Product] = (), read_at: datetime
) -> None:
    """Record for each product as of when its data are, and why it could not be read.

    The data of `unconfirmed` products stay as of an earlier day. Call it under the lease, at the end of a sync.
    """
    stored = {state.product: state for state in item.product_states.all()}
    states = [
        _product_state(
            item,
            product,
            stored.get(product),
            failures.get(product),
            read_at,
            is_confirmed=product not in unconfirmed,
        )
        for product in Product
    ]
    item.product_states.update(retry_at=None)  # also of a product that the item no longer has
    ProductState.objects.bulk_create(
        [state for state in states if state is not None],
        update_conflicts=True,
        unique_fields=["item", "product"],
        update_fields=[
            "is_updated",
            "collected_at",
            "read_at",
            "warnings",
            "failing_since",
            "is_refused",
            "failure",
            "attempts",
            "retry_at",
        ],
    )


def _product_state(
    item: Item,
    product: Product,
    stored: ProductState | None,
    failure: PluggyError | None,
    read_at: datetime,
    *,
    is_confirmed: bool,
) -> ProductState | None:
    """Return the new state; a product that was not updated or not read keeps its times."""
    status = product_status(item, product)
    if not status.was_collected:
        return None
    times = (stored.collected_at, stored.read_at) if stored else (None, None)
    is_updated = status.is_updated and failure is None and is_confirmed
    if is_updated:
        times = (status.collected_at, read_at)
    state = ProductState(
        user_id=item.user_id,
        item=item,
        product=product,
        is_updated=is_updated,
        collected_at=times[0],
        read_at=times[1],
        warnings=status.warnings,
    )
    if failure is not None:
        attempts = stored.attempts if stored else 0
        state.failing_since = (stored.failing_since if stored else None) or read_at
        state.is_refused = is_refusal(failure)
        state.failure = f"{type(failure).__name__}: {failure}"[:200]
        state.attempts = attempts + 1
        state.retry_at = read_at + timedelta(seconds=seconds_until_product_retry(failure, attempts))
    return state
