"""What the benchmarks stand on: Django, a person with accounts, and pages of rows as Pluggy sends them."""

import json
import uuid
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from banking.models import Account, Connector, Item, SyncState

PAGE = 500
NEWEST = date(2026, 11, 20)
SHOPS = (
    ("IFD*CANTINA DA VILA", "11020000"), ("UBER *TRIP", "19010000"), ("MERCADO BOA SAFRA", "10000000"),
    ("DROGARIA SAO BENTO", "18020000"), ("PAG*PASTELARIADAFEIRA", "11010000"), ("POSTO ESTRELA", "19050001"),
    ("MERCADOPAGO*LOJAVARAL", "08010000"), ("PIX ENVIADO JOAO DA SILVA", "05070000"),
    ("PAGTO BOLETO CONDOMINIO", "17000000"), ("DEB AUT FIBRA TELECOM", "07010001"),
)  # fmt: skip


def an_account(email: str = "bench@example.com") -> Account:
    """A checking account of a person of its own; the categories are there too."""
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


def pages(account: Account, rows: int, *, days: int = 365) -> list[bytes]:
    """The bodies of /v2/transactions for so many rows of a year, newest first."""
    dice = Random(f"bench/{account.id}")
    made = [_row(account, place, rows, days, dice) for place in range(rows)]
    cut = [made[start : start + PAGE] for start in range(0, rows, PAGE)]
    return [json.dumps({"results": page, "next": None}).encode() for page in cut]


def _row(account: Account, place: int, rows: int, days: int, dice: Random) -> dict[str, Any]:
    text, category = SHOPS[dice.randrange(len(SHOPS))]
    day = NEWEST - timedelta(days=place * days // rows)
    stamp = datetime(2026, 11, 20, 12, tzinfo=UTC).isoformat().replace("+00:00", ".000Z")
    pix = text.startswith("PIX")
    return {
        "id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "accountId": str(account.id),
        "description": text,
        "descriptionRaw": text,
        "currencyCode": "BRL",
        "amount": -dice.randrange(100, 90000) / 100,
        "amountInAccountCurrency": None,
        "date": f"{day}T03:00:00.000Z",
        "balance": None,
        "category": "whatever",
        "categoryId": category,
        "providerCode": None,
        "status": "POSTED",
        "type": "DEBIT",
        "operationType": "PIX" if pix else "OUTROS",
        "providerId": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "order": place % 50,
        "paymentData": _pix() if pix else None,
        "creditCardMetadata": None,
        "merchant": None if pix else {"name": text.title(), "businessName": text, "cnpj": "12345678000195"},
        "createdAt": stamp,
        "updatedAt": stamp,
    }


def _pix() -> dict[str, Any]:
    receiver = {"name": "João da Silva", "documentNumber": {"type": "CPF", "value": "123.456.789-09"}}
    return {"payer": None, "receiver": receiver, "paymentMethod": "PIX", "reason": None}
