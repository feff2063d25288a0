"""Create a user with an account, and pages of transactions as Pluggy sends them, for the benchmarks."""

import json
import uuid
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Connector, Item, SyncState
from banking.ledger.models import Account

PAGE_SIZE = 500
NEWEST = date(2026, 11, 20)
SHOPS = (
    ("IFD*CANTINA DA VILA", "11020000"), ("UBER *TRIP", "19010000"), ("MERCADO BOA SAFRA", "10000000"),
    ("DROGARIA SAO BENTO", "18020000"), ("PAG*PASTELARIADAFEIRA", "11010000"), ("POSTO ESTRELA", "19050001"),
    ("MERCADOPAGO*LOJAVARAL", "08010000"), ("PIX ENVIADO JOAO DA SILVA", "05070000"),
    ("PAGTO BOLETO CONDOMINIO", "17000000"), ("DEB AUT FIBRA TELECOM", "07010001"),
)  # fmt: skip


def create_account(email: str = "bench@example.com") -> Account:
    """Create a checking account with its user and item, and load the categories."""
    call_command("load_categories", verbosity=0)
    now = timezone.now()
    user, _ = User.objects.get_or_create(email=email)
    connector, _ = Connector.objects.get_or_create(id=9001, defaults={"name": "Banco", "seen_at": now})
    item = Item.objects.create(
        id=uuid.uuid4(), user=user, connector=connector, status="UPDATED", execution_status="SUCCESS",
        connected_at=now, read_at=now,
    )  # fmt: skip
    SyncState.objects.create(item=item, due_at=now)
    return Account.objects.create(
        id=uuid.uuid4(), user=user, item=item, type="BANK", subtype="CHECKING_ACCOUNT", name="Conta",
        number="1", currency="BRL", balance=0, read_at=now,
    )  # fmt: skip


def transaction_pages(account: Account, count: int, *, days: int = 365) -> list[bytes]:
    """Return the response bodies of /v2/transactions for `count` transactions over `days`, newest first."""
    random = Random(f"bench/{account.id}")
    transactions = [_transaction(account, index, count, days, random) for index in range(count)]
    pages = [transactions[start : start + PAGE_SIZE] for start in range(0, count, PAGE_SIZE)]
    return [json.dumps({"results": page, "next": None}).encode() for page in pages]


def _transaction(account: Account, index: int, count: int, days: int, random: Random) -> dict[str, Any]:
    text, category = SHOPS[random.randrange(len(SHOPS))]
    day = NEWEST - timedelta(days=index * days // count)
    timestamp = datetime(2026, 11, 20, 12, tzinfo=UTC).isoformat().replace("+00:00", ".000Z")
    is_pix = text.startswith("PIX")
    return {
        "id": str(uuid.UUID(int=random.getrandbits(128), version=4)),
        "accountId": str(account.id),
        "description": text,
        "descriptionRaw": text,
        "currencyCode": "BRL",
        "amount": -random.randrange(100, 90000) / 100,
        "amountInAccountCurrency": None,
        "date": f"{day}T03:00:00.000Z",
        "balance": None,
        "category": "whatever",
        "categoryId": category,
        "providerCode": None,
        "status": "POSTED",
        "type": "DEBIT",
        "operationType": "PIX" if is_pix else "OUTROS",
        "providerId": str(uuid.UUID(int=random.getrandbits(128), version=4)),
        "order": index % 50,
        "paymentData": _pix_payment() if is_pix else None,
        "creditCardMetadata": None,
        "merchant": None
        if is_pix
        else {"name": text.title(), "businessName": text, "cnpj": "12345678000195"},
        "createdAt": timestamp,
        "updatedAt": timestamp,
    }


def _pix_payment() -> dict[str, Any]:
    receiver = {"name": "João da Silva", "documentNumber": {"type": "CPF", "value": "123.456.789-09"}}
    return {"payer": None, "receiver": receiver, "paymentMethod": "PIX", "reason": None}
