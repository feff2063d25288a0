"""Odd details of items, connectors, owners, categories and lists cost nothing but themselves."""

import json
import typing
import uuid
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections import actions, items
from banking.connections.models import Connector, Item, Product, SyncRun, SyncState
from banking.ingest.product_reader import product_status
from banking.ledger.models import Account, Category, CategoryTree
from banking.money.documents import complete
from banking.pluggy import Unavailable, lenient, payloads, product_payloads
from banking.web.api_client import pluggy as our_client
from banking.web.management.commands import load_categories
from tests import odd_payloads as samples
from tests.factories import create_item
from tests.ingest_worlds import load_world
from tests.local_pluggy import LocalPluggy
from tests.odd_payloads import ODD, decode, key, paths, variants
from tests.sync_helpers import mark_changed, run_sync, stored_amounts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
RESTAURANT, FOOD = "11010000", "11000000"
WORLD: dict[str, Any] = {
    "connectorId": 9001,
    "identity": {"document": "390.533.447-05", "taxNumber": "390.533.447-05"},
    "accounts": [
        {
            "subtype": "CHECKING_ACCOUNT", "number": "0001/1-1", "balance": 950,
            "transactions": [{"date": "2026-11-05T15:00:00.000Z", "amount": -50, "description": "PADARIA"}],
        },
        {
            "subtype": "CREDIT_CARD", "number": "4001", "balance": 10, "transactions": [],
            "bills": [{"dueDate": "2026-11-10", "totalAmount": 10, "totalAmountCurrencyCode": "BRL"}],
        },
    ],
}  # fmt: skip


@pytest.fixture
def item(alice: User, pluggy: LocalPluggy) -> Item:
    """A connection with an account and a card, which was read once."""
    (item_id,) = load_world(pluggy, alice, {"items": [WORLD]})
    item = actions.claim(alice, item_id, client=our_client(), now=timezone.now())
    run_sync(item)
    return item


# --- The samples ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("shape", "body"),
    [
        (payloads.Transaction, samples.TRANSACTION),
        (payloads.Account, samples.ACCOUNT),
        (payloads.Bill, samples.BILL),
        (product_payloads.Investment, samples.INVESTMENT),
        (product_payloads.InvestmentTransaction, samples.MOVEMENT),
        (product_payloads.Loan, samples.LOAN),
        (payloads.Item, samples.ITEM),
        (payloads.Resource, samples.RESOURCE),
        (payloads.Identity, samples.IDENTITY),
        (payloads.Category, samples.CATEGORY),
    ],
)
def test_the_samples_have_every_field_that_is_read(shape: type[Any], body: dict[str, Any]) -> None:
    in_sample = {tuple(part for part in path if part != 0) for path in paths(body)}
    assert set(_fields(shape)) - in_sample == set()


def _fields(shape: Any, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the path of each field of a payload, also of the payloads in it."""
    found = []
    for field in msgspec.structs.fields(shape):
        path = (*prefix, field.encode_name)
        found.append(path)
        for part in (field.type, *typing.get_args(field.type)):
            for inner in (part, *typing.get_args(part)):
                if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                    found += _fields(inner, path)
    return found


# --- Items and connectors ------------------------------------------------------------------------------
def test_every_optional_field_of_an_item_may_be_odd(alice: User, as_alice: Client) -> None:
    stored = Connector.objects.create(id=9001, name="Banco", seen_at=timezone.now())
    names, now = {}, timezone.now()
    for name, body in variants(samples.ITEM, strict=key("id"), base={"clientUserId": alice.reference}):
        payload = lenient.decode(json.dumps(body).encode(), payloads.Item)
        connector = items.save_connector(payload.connector, now=now) if payload.connector else stored
        assert connector.name == "Banco" or "'name'" in name
        columns = items.columns(payload, now=now)
        names[Item(id=payload.id, user=alice, connector=connector, connected_at=now, **columns)] = name
    Item.objects.bulk_create(names)
    for item in Item.objects.all():
        assert item.status == Item.Status.UPDATED, names[item]
        if names[item] != "('statusDetail', 'accounts'): None":
            assert product_status(item, Product.ACCOUNTS).is_updated, names[item]
    SyncState.objects.bulk_create(SyncState(item=item, due_at=now) for item in names)
    Item.objects.filter(id__in=[item.id for item in names][::2]).delete()  # a page of half of them is enough
    assert as_alice.get(reverse("connections")).status_code == 200


def test_an_odd_item_is_read(pluggy: LocalPluggy, item: Item) -> None:
    usual = pluggy.api("GET", f"/items/{item.id}")
    odd: list[dict[str, Any]] = [
        {"status": None}, {"status": 7}, {"status": "NEW_STATUS"}, {"executionStatus": None},
        {"clientUserId": None}, {"clientUserId": []}, {"clientUserId": ""}, {"connector": None},
        {"connector": {"id": None}}, {"connector": {"id": 2**70}},
    ]  # fmt: skip
    for changes in odd:
        added = pluggy.add_transaction(str(item.id), amount=-12.5, description="PADARIA")
        pluggy.fault("status", f"^/items/{item.id}", status=200, body=usual | changes)
        mark_changed(item)
        assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED, changes
        assert stored_amounts(item)[added["id"]] == Decimal("-12.5"), changes


@pytest.mark.parametrize("changes", [
    {"clientUserId": str(uuid.uuid4())}, {"status": None, "executionStatus": None},
])  # fmt: skip
def test_an_item_of_another_owner_or_without_any_status_is_not_read(
    pluggy: LocalPluggy, item: Item, changes: dict[str, Any]
) -> None:
    added = pluggy.add_transaction(str(item.id), amount=-12.5, description="PADARIA")
    body = pluggy.api("GET", f"/items/{item.id}") | changes
    pluggy.fault("status", f"^/items/{item.id}", status=200, body=body)
    mark_changed(item)
    run_sync(item)
    assert added["id"] not in stored_amounts(item)


def test_every_optional_field_of_a_connector_may_be_odd(pluggy: LocalPluggy) -> None:
    made = list(variants(samples.ITEM["connector"], strict=key("id"), base={}))
    for number, (_, body) in enumerate(made):
        body["id"] = 100_000 + number
    body_text = json.dumps({"results": [body for _, body in made], "total": len(made)})
    pluggy.fault("status", "^/connectors", status=200, body=body_text)
    assert len(actions.list_banks(client=our_client(), sandbox=False)) == len(made)


@pytest.mark.parametrize(
    "detail", [7, "", "x", [], [1], {}, {"isUpdated": None}, {"lastUpdatedAt": 7, "warnings": 3}]
)
def test_an_odd_status_detail_keeps_no_product_from_being_read(alice: User, detail: object) -> None:
    item = create_item(alice, status_detail={"accounts": detail})
    status = product_status(item, Product.ACCOUNTS)
    assert status.is_updated and status.warnings == []


@pytest.mark.parametrize(
    ("detail", "is_updated"),
    [
        (None, False),
        ({"isUpdated": False}, False),
        ({"isUpdated": "false"}, False),
        ({"isUpdated": True}, True),
    ],
)
def test_a_status_detail_that_says_that_nothing_came_is_believed(
    alice: User, detail: object, is_updated: bool
) -> None:
    item = create_item(alice, status_detail={"accounts": detail, "loans": {"isUpdated": True}})
    assert product_status(item, Product.ACCOUNTS).is_updated == is_updated


def test_an_odd_connector_keeps_its_stored_name(pluggy: LocalPluggy, item: Item) -> None:
    body = pluggy.api("GET", f"/items/{item.id}")
    body["connector"] |= {"name": None, "health": 7, "products": "x"}
    body |= {"error": "x", "parameter": [], "nextAutoSyncAt": "soon", "lastUpdatedAt": 3}
    pluggy.fault("status", f"^/items/{item.id}", status=200, body=body, times=None)
    mark_changed(item)
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    name = item.connector.name
    item.connector.refresh_from_db()
    assert item.connector.name == name != ""


# --- Owners, resources, categories and lists -----------------------------------------------------------
def test_every_optional_field_of_an_identity_may_be_odd() -> None:
    for name, body in variants(samples.IDENTITY, strict=key("id"), base={}):
        identity = lenient.decode(json.dumps(body).encode(), payloads.Identity)
        assert complete(identity.document) or complete(identity.tax_number), name


@pytest.mark.parametrize("field", ["document", "taxNumber"])
def test_an_odd_owner_costs_no_money(pluggy: LocalPluggy, item: Item, field: str) -> None:
    item.accounts.update(owner_hash="")
    pluggy.fault("odd-field", "^/accounts", field="taxNumber", value=None)
    pluggy.fault("odd-field", "^/identity", field=field, value={"a": 1})
    added = pluggy.add_transaction(str(item.id), amount=-12.5, description="PADARIA")
    mark_changed(item)
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    assert stored_amounts(item)[added["id"]] == Decimal("-12.5")
    assert not item.accounts.filter(owner_hash="").exists()


def test_every_optional_field_of_a_resource_may_be_odd() -> None:
    made = list(variants(samples.RESOURCE, strict=set(), base={}))
    assert len(decode([body for _, body in made], payloads.Resource)) == len(made)


def test_every_optional_field_of_a_category_may_be_odd() -> None:
    before = {category.id: category for category in Category.objects.all()}
    body = samples.CATEGORY | {"id": RESTAURANT}
    for name, changed in variants(body, strict=key("id"), base={}):
        listed = decode([changed | {"id": RESTAURANT}], payloads.Category)
        load_categories.store(load_categories.entries_of(listed))
        category = Category.objects.get(id=RESTAURANT)
        assert (category.parent_id, category.root_id) == (FOOD, FOOD), name
        assert category.name_en and category.name_pt, name
    assert Category.objects.count() == len(before)
    assert FOOD in CategoryTree.load().roots.values()


def test_parents_that_lead_back_are_not_believed() -> None:
    bodies = [
        {"id": RESTAURANT, "description": "Eating out", "parentId": RESTAURANT},
        {"id": FOOD, "description": "Food", "parentId": RESTAURANT},
        {"id": "98000000", "description": "New", "parentId": "97000000"},
        {"id": "97000000", "description": "Newer", "parentId": "98000000"},
    ]
    load_categories.store(load_categories.entries_of(decode(bodies, payloads.Category)))
    roots = CategoryTree.load().roots
    assert (roots[RESTAURANT], roots[FOOD], roots["98000000"]) == (FOOD, FOOD, "98000000")


def test_an_odd_number_of_pages_costs_no_element(pluggy: LocalPluggy, item: Item) -> None:
    card = item.accounts.get(type=Account.Type.CREDIT)
    accounts = pluggy.api("GET", f"/accounts?itemId={item.id}")
    bills = pluggy.api("GET", f"/bills?accountId={card.id}")
    full = {"results": [bills["results"][0] | {"id": str(uuid.uuid4())} for _ in range(500)]}
    for value in ODD:
        odd = {"total": value, "totalPages": value}
        for path, body in (("^/accounts", accounts), (r"page=1\b", full), (r"page=2\b", bills)):
            pluggy.fault("status", path, status=200, body=body | odd)
        assert len(our_client().accounts(item.id)) == len(accounts["results"]), value
        assert len(our_client().bills(card.id)) == 500 + len(bills["results"]), value


def test_an_odd_cursor_costs_no_transaction_of_its_page_and_is_not_taken_as_the_end(
    pluggy: LocalPluggy, item: Item
) -> None:
    account = item.accounts.get(subtype="CHECKING_ACCOUNT")
    page = pluggy.api("GET", f"/v2/transactions?accountId={account.id}")["results"]
    for value in ODD:
        pluggy.fault("status", "^/v2/transactions", status=200, body={"results": page, "next": value})
        pages = our_client().transactions(account.id)
        assert len(next(pages).transactions) == len(page), value
        if value in (None, ""):
            assert list(pages) == []
            continue
        with pytest.raises(Unavailable):
            next(pages)
