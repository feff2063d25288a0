"""A failure of /identity costs only the owner's document: everything else is stored as Pluggy has it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from banking.connections.models import Item, SyncRun
from banking.ledger import monthly_totals
from banking.ledger.models import Account, Bill, Transaction
from tests.local_pluggy import LocalPluggy, clear_rate_limits
from tests.net_worth_helpers import (
    MARIA,
    OWN_DOCUMENT,
    card,
    checking,
    entry,
    figures,
    load_world,
    sync_again,
)
from tests.sync_helpers import LATER, remote_amounts, stored_amounts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
ITEM = "1e000000-0000-4000-8000-000000000001"
PAYMENT = {
    "paymentMethod": "PIX",
    "payer": {"documentNumber": {"type": "CPF", "value": OWN_DOCUMENT}},
    "receiver": {"documentNumber": {"type": "CPF", "value": OWN_DOCUMENT}},
}
TO_SELF = entry("2026-11-03", -500, "PIX", "05070000", paymentData=PAYMENT)
WORLD = {
    "id": ITEM,
    "connectorId": 9002,
    "identity": MARIA,
    "accounts": [
        checking(3000, TO_SELF, entry("2026-11-05", -10, "CAFE"), entry("2026-11-06", 900, "SALARIO", "01010000")),
        card(40, entry("2026-11-07", 40, "LOJA"))
        | {"bills": [{"dueDate": "2026-11-10", "totalAmount": 70}]},
    ],
    "investments": [
        {
            "type": "FIXED_INCOME", "subtype": "CDB", "name": "CDB", "balance": 200, "amount": 200,
            "currencyCode": "BRL", "status": "ACTIVE", "date": "2026-11-27",
        }
    ],
}  # fmt: skip
FAULTS: dict[str, dict[str, Any]] = {
    "500": {"kind": "status", "status": 500},
    "503": {"kind": "status", "status": 503},
    "403 with a code": {"kind": "product-refused"},
    "403 without a code": {"kind": "status", "status": 403, "body": {"code": 403, "message": "no"}},
    "400": {"kind": "open-finance-limit"},
    "404": {"kind": "status", "status": 404, "body": {"code": 404, "message": "identity not found"}},
    "404 of a proxy": {"kind": "status", "status": 404, "body": "not here"},
    "429": {"kind": "limited", "seconds": 60},
    "half a body": {"kind": "truncate"},
    "a page": {"kind": "html"},
    "no body": {"kind": "empty"},
    "a reset": {"kind": "reset"},
    "null": {"kind": "status", "status": 200, "body": "null"},
    "a list": {"kind": "status", "status": 200, "body": "[]"},
    "documents of odd types": {
        "kind": "status", "status": 200, "body": {"id": ITEM, "itemId": ITEM, "document": 7, "taxNumber": ["x"]},
    },
    "no documents": {"kind": "status", "status": 200, "body": {"id": ITEM, "document": None, "taxNumber": ""}},
    "a masked document": {"kind": "status", "status": 200, "body": {"id": ITEM, "document": "***.***.776-73"}},
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_everything_else_is_right_and_the_owner_comes_later(
    fault: dict[str, Any], alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    options = {name: value for name, value in fault.items() if name != "kind"}
    pluggy.fault(fault["kind"], "^/identity", times=None, **options)
    (item,) = load_world(pluggy, alice, WORLD)
    run = item.runs.latest("id")
    assert (run.outcome, run.error) == (SyncRun.Outcome.SUCCEEDED, "")
    assert stored_amounts(item) == remote_amounts(pluggy, item)
    assert Bill.objects.filter(account__item=item).count() == 1
    assert figures(as_alice) == {"income": 900, "spending": 550, "net_worth": 3160}
    assert monthly_totals.differences() == []
    assert set(Account.objects.filter(item=item).values_list("owner_hash", flat=True)) == {""}
    item.sync.refresh_from_db()
    assert not item.sync.is_behind and item.sync.failing_since is None

    pluggy.control("DELETE", "/faults")
    clear_rate_limits()
    sync_again(item, after=LATER)
    assert "" not in Account.objects.filter(item=item).values_list("owner_hash", flat=True)
    assert figures(as_alice) == {"income": 900, "spending": 50, "net_worth": 3160}
    assert monthly_totals.differences() == []


def test_an_owner_that_is_known_survives_a_failure(
    alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    (item,) = load_world(pluggy, alice, WORLD)
    assert figures(as_alice)["spending"] == 50
    before = list(Account.objects.order_by("id").values_list("owner_hash", "owner_shown"))
    pluggy.fault("status", "^/identity", status=500, times=None)
    for hours in (2, 4):
        sync_again(item, after=timedelta(hours=hours))
    assert list(Account.objects.order_by("id").values_list("owner_hash", "owner_shown")) == before
    assert figures(as_alice)["spending"] == 50


def test_an_item_without_an_identity_is_read(alice: User, as_alice: Client, pluggy: LocalPluggy) -> None:
    (item,) = load_world(pluggy, alice, WORLD | {"identity": None})
    assert item.runs.latest("id").outcome == SyncRun.Outcome.SUCCEEDED
    assert Item.objects.get().status == "UPDATED"
    assert Transaction.objects.filter(account__item=item).count() == 4
