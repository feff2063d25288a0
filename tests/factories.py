"""Create connections, accounts and transactions without a bank.

Transactions are stored by the same functions as in a sync, so that their derived columns and the monthly
totals are right.
"""

import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Connector, Item, SyncState
from banking.ingest import transaction_upsert
from banking.ledger import monthly_totals
from banking.ledger.models import Account, CategoryTree, Investment
from tests.payloads import transaction_payload


def create_item(user: User, **columns: Any) -> Item:
    """Create a connected item of the user that is due for its first sync."""
    now = timezone.now()
    connector, _ = Connector.objects.get_or_create(id=9001, defaults={"name": "Banco Aurora", "seen_at": now})
    defaults: dict[str, Any] = {
        "id": uuid.uuid4(),
        "user": user,
        "connector": connector,
        "status": Item.Status.UPDATED,
        "execution_status": "SUCCESS",
        "connected_at": now,
        "read_at": now,
        "collected_at": now,
    }
    item = Item.objects.create(**(defaults | columns))
    SyncState.objects.create(item=item, due_at=now)
    return item


def create_account(item: Item, *, type: str = "BANK", currency: str = "BRL", **columns: Any) -> Account:
    """Create a checking account, or a credit card if the type is CREDIT."""
    subtype = "CREDIT_CARD" if type == "CREDIT" else "CHECKING_ACCOUNT"
    defaults: dict[str, Any] = {
        "id": uuid.uuid4(),
        "user": item.user,
        "item": item,
        "type": type,
        "subtype": subtype,
        "name": "Conta",
        "number": "1234",
        "currency": currency,
        "balance": 0,
        "read_at": timezone.now(),
    }
    return Account.objects.create(**(defaults | columns))


def create_investment(item: Item, **columns: Any) -> Investment:
    """Create a fixed-income investment with a balance of R$ 100."""
    defaults: dict[str, Any] = {
        "id": uuid.uuid4(),
        "user": item.user,
        "item": item,
        "type": "FIXED_INCOME",
        "name": "CDB",
        "currency": "BRL",
        "balance": 100,
        "status": "ACTIVE",
    }
    return Investment.objects.create(**(defaults | columns))


def store_transactions(account: Account, *bodies: dict[str, Any]) -> monthly_totals.WriteResult:
    """Store one transaction for each body; a body has the changed fields of a `transaction_payload`."""
    with transaction.atomic():
        result = transaction_upsert.store(
            account,
            [transaction_payload(account, **body) for body in bodies],
            roots=CategoryTree.load().roots,
            read_at=timezone.now(),
        )
        monthly_totals.apply(result.deltas)
    return result


def create_item_with_transactions(user: User, bodies: list[dict[str, Any]]) -> Item:
    """Create a connected item of the user with one account and these transactions."""
    item = create_item(user)
    store_transactions(create_account(item), *bodies)
    return item
