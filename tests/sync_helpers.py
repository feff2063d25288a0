"""Sync an item as the product does, and compare the result with the data of the local Pluggy."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from banking.connections.models import (
    Item,
    SyncHint,
    SyncRun,
    SyncState,
)
from banking.ingest import sync_item
from banking.ledger.models import Transaction
from banking.web.api_client import pluggy as our_client
from tests.local_pluggy import LocalPluggy

LATER = timedelta(hours=2)  # longer than every wait after a failed sync


def run_sync(item: Item, *, after: timedelta = timedelta()) -> SyncRun:
    """Sync the item with a clock that is ahead by `after`, and return its latest run."""
    sync_item(item.id, client=our_client(), now=lambda: timezone.now() + after)
    return item.runs.latest("id")


def mark_changed(item: Item, **hint: Any) -> None:
    """Mark the item as changed, with an optional hint, as the inbox does for an event."""
    with transaction.atomic():
        seq = SyncState.objects.mark_changed(item.id, now=timezone.now())
        if hint:
            assert seq is not None
            SyncHint.objects.create(item=item, seq=seq, **hint)


def stored_amounts(item: Item) -> dict[str, Decimal]:
    """Return the amount of each stored transaction of the item that is not deleted, by its id."""
    transactions = Transaction.objects.filter(account__item=item).live()
    return {str(stored.id): stored.amount for stored in transactions}


def remote_amounts(pluggy: LocalPluggy, item: Item) -> dict[str, Decimal]:
    """Return the amount of each transaction of the item at the local Pluggy, by its id."""
    by_account = pluggy.truth(str(item.id))["transactions"].values()
    return {body["id"]: Decimal(str(body["amount"])) for bodies in by_account for body in bodies}


def newest_transaction(item: Item, **filters: Any) -> Transaction:
    """Return the newest transaction of the item's bank accounts that matches the filters."""
    transactions = Transaction.objects.filter(account__item=item, account__type="BANK", **filters).live()
    newest = transactions.order_by("-occurred_at").first()
    assert newest is not None
    return newest


def hint_for(stored: Transaction, kind: str) -> dict[str, Any]:
    """Return the columns of a hint that names this transaction; `kind` is one of SyncHint.Kind."""
    return {"kind": kind, "account_id": stored.account_id, "transaction_ids": [stored.id]}
