"""What the user allowed in Open Finance is read and kept as a proof; no answer of /consents hinders a sync."""

import uuid
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Consent, Item, SyncRun
from banking.web.api_client import pluggy as our_client
from tests.factories import create_item
from tests.local_pluggy import AURORA, LocalPluggy
from tests.net_worth_helpers import checking, load_world, page
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
IPE = 9002  # an Open Finance bank


@pytest.fixture
def item(alice: User, pluggy: LocalPluggy) -> Item:
    (item,) = load_world(pluggy, alice, {"connectorId": IPE, "accounts": [checking(10)]})
    Consent.objects.all().delete()
    return item


def read(pluggy: LocalPluggy, item: Item, body: Any, status: int = 200) -> SyncRun:
    """Let Pluggy answer /consents with this body, and sync the item."""
    pluggy.fault("status", "^/consents", status=status, body=body, times=None)
    mark_changed(item)
    run = run_sync(item)
    pluggy.control("DELETE", "/faults")
    return run


def listed(*consents: Any) -> dict[str, Any]:
    return {"page": 1, "total": len(consents), "totalPages": 1, "results": list(consents)}


def consent(item: Item, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "itemId": str(item.id),
        "products": ["ACCOUNTS"],
        "openFinancePermissionsGranted": ["ACCOUNTS_ALL", "CREDIT_CARDS_BILLS"],
        "createdAt": "2026-10-02T15:00:00.000Z",
        "expiresAt": None,
        "revokedAt": None,
    } | changes


def test_a_consent_is_stored_with_its_owner(item: Item, pluggy: LocalPluggy, alice: User, bob: User) -> None:
    read(pluggy, item, listed(consent(item, expiresAt="2027-10-02T15:00:00.000Z")))
    stored = Consent.objects.of(alice).get()
    assert (stored.item, stored.permissions) == (item, ["ACCOUNTS_ALL", "CREDIT_CARDS_BILLS"])
    assert stored.given_at and stored.given_at.day == 2
    assert stored.expires_at and stored.expires_at.year == 2027 and stored.revoked_at is None
    assert not Consent.objects.of(bob).exists()


def test_a_revoked_consent_stays_whatever_is_listed_later(item: Item, pluggy: LocalPluggy) -> None:
    sent = consent(item)
    read(pluggy, item, listed(sent))
    read(pluggy, item, listed(sent | {"revokedAt": "2026-11-20T15:00:00.000Z"}))
    for later in (
        listed(sent),
        listed(sent | {"revokedAt": "soon", "openFinancePermissionsGranted": 7}),
        listed(),
    ):
        read(pluggy, item, later)
        stored = Consent.objects.get()
        assert stored.revoked_at and stored.revoked_at.day == 20
        assert stored.permissions == ["ACCOUNTS_ALL", "CREDIT_CARDS_BILLS"]


def test_a_new_consent_stands_beside_the_old_one(item: Item, pluggy: LocalPluggy) -> None:
    read(pluggy, item, listed(consent(item)))
    read(pluggy, item, listed(consent(item, createdAt="2026-11-02T15:00:00.000Z")))
    first, second = Consent.objects.filter(item=item)
    assert first.given_at and second.given_at and first.given_at > second.given_at


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"code": 400, "message": "no"}),
        (401, {"code": 401, "message": "no"}),
        (403, {"code": 403, "message": "no"}),
        (403, {"code": 403, "codeDescription": "FORBIDDEN", "message": "no"}),
        (404, {"code": 404, "codeDescription": "ITEM_NOT_FOUND", "message": "no"}),
        (429, {"code": 429, "message": "no"}),
        (500, {"code": 500, "message": "no"}),
        (200, {"results": None}),
        (200, []),
        (200, {"results": [None, 7, "x", {}, {"id": "7"}, []]}),
    ],
)
def test_a_refusal_changes_nothing_else(item: Item, pluggy: LocalPluggy, status: int, body: Any) -> None:
    read(pluggy, item, listed(consent(item)))
    pluggy.add_transaction(str(item.id), amount=-5, description="PADARIA")
    assert read(pluggy, item, body, status).outcome == SyncRun.Outcome.SUCCEEDED
    assert Consent.objects.count() == 1
    assert item.accounts.get().transactions.filter(description="PADARIA").exists()


@pytest.mark.parametrize(
    "name", ["products", "openFinancePermissionsGranted", "createdAt", "expiresAt", "itemId"]
)
@pytest.mark.parametrize("value", [None, "", 7, [], [7, None], {}, "9999-12-31T00:00:00Z", "2026-11-05"])
def test_an_odd_detail_costs_only_itself(item: Item, pluggy: LocalPluggy, name: str, value: Any) -> None:
    assert read(pluggy, item, listed(consent(item, **{name: value}))).outcome == SyncRun.Outcome.SUCCEEDED
    stored = Consent.objects.get()
    if name != "openFinancePermissionsGranted":
        assert stored.permissions == ["ACCOUNTS_ALL", "CREDIT_CARDS_BILLS"]
    if name != "createdAt":
        assert stored.given_at is not None


def test_a_consent_of_another_connection_is_not_taken(item: Item, pluggy: LocalPluggy, alice: User) -> None:
    read(pluggy, item, listed(consent(item, itemId=str(uuid.uuid4()))))
    assert not Consent.objects.exists()
    other = create_item(alice)
    known = Consent.objects.create(id=uuid.uuid4(), user=alice, item=other)
    read(pluggy, item, listed(consent(item, id=str(known.id))))
    known.refresh_from_db()
    assert known.item == other


def test_a_direct_bank_is_not_asked(alice: User, pluggy: LocalPluggy, connect: Callable[..., Item]) -> None:
    item = connect(alice)
    read(pluggy, item, listed(consent(item)))
    assert not Consent.objects.exists()


def test_the_revoked_consent_of_the_local_pluggy_is_shown_as_proof(
    alice: User, as_alice: Client, pluggy: LocalPluggy, connect: Callable[..., Item]
) -> None:
    direct = connect(alice)
    pluggy.control("POST", f"/connectors/{AURORA}/end")
    new_id = pluggy.control("POST", f"/items/{direct.id}/reconnect", months=1)["id"]
    pluggy.wait_until_collected(new_id)
    item = actions.claim(alice, UUID(new_id), client=our_client(), now=timezone.now())
    run_sync(item)
    shown = page(as_alice, "connection", item.id)
    assert "Your consent" in shown and "In force" in shown and "no end date" in shown
    assert "your registration data, accounts, cards, loans, investments" in shown
    pluggy.control("POST", f"/items/{item.id}/revoke")
    pluggy.wait_until_collected(str(item.id))
    mark_changed(item)
    run_sync(item)
    assert item.consents.get().revoked_at
    assert "Revoked" in page(as_alice, "connection", item.id)


def test_permissions_are_named_and_unknown_ones_shown(alice: User, as_alice: Client) -> None:
    item = create_item(alice)
    item.connector.is_open_finance = True
    item.connector.save()
    names = ["REGISTRATION_ALL", "ACCOUNTS_LIST", "ACCOUNTS_BALANCES", "<b>NEW</b>"]
    Consent.objects.create(id=uuid.uuid4(), user=alice, item=item, permissions=names)
    shown = page(as_alice, "connection", item.id)
    assert "your registration data, accounts, &lt;b&gt;NEW" in shown
