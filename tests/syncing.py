"""Sync an item as the product does, and compare it with the local Pluggy's truth."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from banking.application import pluggy as our_client
from banking.models import Item, SyncHint, SyncRun, SyncState, Transaction
from banking.sync import sync_item
from tests.localpluggy import LocalPluggy


def run(item: Item, *, after: timedelta = timedelta()) -> SyncRun:
    sync_item(item.id, client=our_client(), now=lambda: timezone.now() + after)
    return item.runs.latest("id")


LATER = timedelta(hours=2)  # whatever was waited for after a failure is over


def changed(item: Item, **hint: Any) -> None:
    """As the inbox does on an event."""
    with transaction.atomic():
        seq = SyncState.objects.mark_changed(item.id, now=timezone.now())
        if hint:
            SyncHint.objects.create(item=item, seq=seq, **hint)


def live(item: Item) -> dict[str, Decimal]:
    rows = Transaction.objects.filter(account__item=item).live()
    return {str(row.id): row.amount for row in rows}


def remote(pluggy: LocalPluggy, item: Item) -> dict[str, Decimal]:
    by_account = pluggy.truth(str(item.id))["transactions"].values()
    return {row["id"]: Decimal(str(row["amount"])) for rows in by_account for row in rows}


def a_row(item: Item, **filters: Any) -> Transaction:
    found = Transaction.objects.filter(account__item=item, account__type="BANK", **filters).live()
    row = found.order_by("-occurred_at").first()
    assert row is not None
    return row


def hint_of(row: Transaction, kind: str) -> dict[str, Any]:
    return {"kind": kind, "account_id": row.account_id, "transaction_ids": [row.id]}
