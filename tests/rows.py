"""Store rows for a person without a bank: through the same upsert and rollup as a run does."""

import json
import uuid
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from banking import rollups
from banking.models import Account, CategoryTree, Investment, Item
from banking.pluggy import payloads
from banking.upsert import transactions
from tests.payloads import bound_item


def an_account(item: Item, *, type: str = "BANK", currency: str = "BRL", **columns: Any) -> Account:
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


def an_investment(item: Item, **columns: Any) -> Investment:
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


def a_payload(account: Account, **changes: Any) -> payloads.Transaction:
    """A row as Pluggy sends it; keys are Pluggy's (camelCase)."""
    now = timezone.now().isoformat()
    body: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "accountId": str(account.id),
        "description": "PADARIA",
        "currencyCode": account.currency,
        "date": now,
        "createdAt": now,
        "updatedAt": now,
        "categoryId": "11010000",
    } | changes
    amount = body.pop("amount", "-10.00")
    body.setdefault("type", "DEBIT" if str(amount).startswith("-") else "CREDIT")
    text = json.dumps(body)[:-1] + f', "amount": {amount}}}'
    return msgspec.json.decode(text, type=payloads.Transaction)


def write(account: Account, *bodies: dict[str, Any]) -> transactions.Changes:
    with transaction.atomic():
        changes = transactions.store(
            account,
            [a_payload(account, **body) for body in bodies],
            roots=CategoryTree.load().roots,
            read_at=timezone.now(),
        )
        rollups.apply(changes.deltas)
    return changes


def store_rows(user: User, bodies: list[dict[str, Any]]) -> Item:
    """A connected bank of this person with one account and these rows."""
    item = bound_item(user)
    write(an_account(item), *bodies)
    return item
