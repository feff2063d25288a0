"""What the bank no longer lists ends only when a complete answer says so, twice."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Item, SyncRun
from banking.ledger.models import Account, Investment, Loan
from banking.web.api_client import pluggy as our_client
from tests.ingest_worlds import load_world
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
ITEM = "11000000-0000-4000-8000-000000000111"
CDB = {
    "id": "11000000-0000-4000-8000-0000000001a1", "date": "2026-11-27", "type": "FIXED_INCOME", "subtype": "CDB",
    "name": "CDB A", "balance": 1000, "amount": 1000, "currencyCode": "BRL", "status": "ACTIVE",
}  # fmt: skip
LOAN = {
    "id": "11000000-0000-4000-8000-0000000002b1", "productName": "Emprestimo", "currencyCode": "BRL",
    "contractAmount": 6000, "payments": {"contractOutstandingBalance": 4000},
}  # fmt: skip
WORLD: dict[str, Any] = {
    "items": [
        {
            "id": ITEM,
            "connectorId": 9001,
            "accounts": [
                {"subtype": "CHECKING_ACCOUNT", "number": "0001/55501-0", "balance": 100, "transactions": []},
                {"subtype": "CREDIT_CARD", "number": "4001", "balance": 0, "transactions": []},
            ],
            "investments": [CDB],
            "loans": [LOAN],
        }
    ]
}
EMPTY = {"page": 1, "total": 0, "totalPages": 0, "results": []}


@pytest.fixture
def item(alice: User, pluggy: LocalPluggy) -> Item:
    (item_id,) = load_world(pluggy, alice, WORLD)
    item = actions.claim(alice, item_id, client=our_client(), now=timezone.now())
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    assert worth(alice) == -2900
    return item


def worth(user: User) -> Any:
    investments = sum(each.balance for each in Investment.objects.of(user) if each.is_held)
    loans = sum(loan.outstanding or 0 for loan in Loan.objects.of(user).filter(missing_since=None))
    return 100 + investments - loans


def sync(item: Item) -> SyncRun:
    mark_changed(item)
    return run_sync(item)


def test_the_second_empty_list_ends_the_last_position_and_the_last_loan(
    alice: User, pluggy: LocalPluggy, item: Item
) -> None:
    pluggy.fault("status", "^/(investments[?]|loans)", status=200, body=EMPTY, times=None)
    first_at = timezone.now()
    sync(item)
    assert worth(alice) == -2900
    sync(item)
    assert worth(alice) == 100
    investment, loan = Investment.objects.get(), Loan.objects.get()
    assert investment.missing_since and investment.missing_since >= first_at and loan.missing_since
    assert sync(item).records_written == 0
    pluggy.control("DELETE", "/faults")
    sync(item)
    assert worth(alice) == -2900


def as_of(item: Item) -> dict[str, tuple[Any, bool]]:
    """Return as of when the investments and the loans are, and whether the last sync brought them."""
    states = item.product_states.filter(product__in=("INVESTMENTS", "LOANS"))
    return {state.product: (state.collected_at, state.is_updated) for state in states}


def collected(pluggy: LocalPluggy, item: Item, hour: int, **changes: Any) -> Any:
    """Let Pluggy say that it collected the item at that hour, and return the instant."""
    pluggy.control("DELETE", "/faults")
    at = f"2026-11-28T{hour:02}:00:00.000Z"
    change_item(pluggy, item, lastUpdatedAt=at, **changes)
    return parse_datetime(at)


def test_data_stay_as_of_their_day_until_an_empty_list_is_confirmed(
    pluggy: LocalPluggy, item: Item, as_alice: Client
) -> None:
    full = collected(pluggy, item, 8)
    sync(item)
    assert as_of(item) == dict.fromkeys(("INVESTMENTS", "LOANS"), (full, True))
    for hour, expected in ((9, (full, False)), (10, None), (11, None)):
        at = collected(pluggy, item, hour)
        pluggy.fault("status", "^/(investments[?]|loans)", status=200, body=EMPTY, times=None)
        sync(item)
        assert as_of(item) == dict.fromkeys(("INVESTMENTS", "LOANS"), expected or (at, True))
    at = collected(pluggy, item, 12)
    sync(item)
    assert as_of(item) == dict.fromkeys(("INVESTMENTS", "LOANS"), (at, True))


def test_the_page_says_since_when_an_unconfirmed_product_was_not_sent(
    pluggy: LocalPluggy, item: Item, as_alice: Client
) -> None:
    collected(pluggy, item, 8)
    sync(item)
    collected(pluggy, item, 9)
    pluggy.fault("status", "^/loans", status=200, body=EMPTY, times=None)
    sync(item)
    headers = {"Accept-Language": "en"}
    shown = as_alice.get(reverse("connection", args=[item.id]), headers=headers).content.decode()
    assert "28 Nov 2026, 05:00" in shown


@pytest.mark.parametrize(
    "changes",
    [
        {"executionStatus": "PARTIAL_SUCCESS", "statusDetail": None},
        {
            "executionStatus": "PARTIAL_SUCCESS",
            "statusDetail": {"accounts": {"isUpdated": False}, "loans": {"isUpdated": True}},
        },
    ],
    ids=["partial", "without accounts"],
)  # fmt: skip
def test_an_empty_list_that_is_never_believed_makes_nothing_fresh(
    pluggy: LocalPluggy, item: Item, changes: dict[str, Any]
) -> None:
    full = collected(pluggy, item, 8)
    sync(item)
    for hour in (9, 10, 11):
        collected(pluggy, item, hour, **changes)
        pluggy.fault("status", "^/(investments[?]|loans)", status=200, body=EMPTY, times=None)
        sync(item)
        assert as_of(item)["LOANS"] == (full, False)
    assert Loan.objects.get().missing_since is None


def test_a_product_that_was_always_empty_is_as_of_today(alice: User, pluggy: LocalPluggy) -> None:
    world = {"items": [WORLD["items"][0] | {"investments": [], "loans": []}]}
    (item_id,) = load_world(pluggy, alice, world)
    item = actions.claim(alice, item_id, client=our_client(), now=timezone.now())
    at = collected(pluggy, item, 9)
    sync(item)
    assert as_of(item) == dict.fromkeys(("INVESTMENTS", "LOANS"), (at, True))


def test_an_empty_list_between_full_ones_is_forgotten(alice: User, pluggy: LocalPluggy, item: Item) -> None:
    for _ in range(2):
        pluggy.fault("status", "^/(investments[?]|loans)", status=200, body=EMPTY, times=2)
        sync(item)
        sync(item)
    assert worth(alice) == -2900
    assert not item.product_states.exclude(empty_since=None).exists()


def test_empty_lists_without_accounts_prove_nothing(alice: User, pluggy: LocalPluggy, item: Item) -> None:
    pluggy.fault("status", "^/(accounts|investments[?]|loans)", status=200, body=EMPTY, times=None)
    for _ in range(3):
        assert sync(item).outcome == SyncRun.Outcome.FAILED  # as when a consent has ended
        item.sync.refresh_from_db()
        item.sync.due_at = timezone.now()
        item.sync.save()
    detail = {
        "accounts": {"isUpdated": False},
        "investments": {"isUpdated": True},
        "loans": {"isUpdated": True},
    }
    change_item(pluggy, item, statusDetail=detail, executionStatus="PARTIAL_SUCCESS")
    for _ in range(3):
        assert sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    assert worth(alice) == -2900


def change_item(pluggy: LocalPluggy, item: Item, **changes: Any) -> None:
    """Let Pluggy answer with a changed item."""
    body = pluggy.api("GET", f"/items/{item.id}") | changes
    pluggy.fault("status", f"^/items/{item.id}$", status=200, body=body, times=None)


def partial(product: str) -> dict[str, Any]:
    names = ("accounts", "creditCards", "transactions", "investments", "loans")
    detail: dict[str, Any] = {name: {"isUpdated": name != product, "warnings": []} for name in names}
    return {"statusDetail": detail, "executionStatus": "PARTIAL_SUCCESS"}


@pytest.mark.parametrize(
    ("product", "missing", "changes"),
    [
        ("accounts", "BANK", {}),
        ("creditCards", "CREDIT", {}),
        ("accounts", "BANK", {"status": "PARTIAL_SUCCESS", "executionStatus": None}),
        ("accounts", "BANK", {"status": "OUTDATED"}),
        ("accounts", "BANK", {"statusDetail": None}),
        ("creditCards", "CREDIT", {"statusDetail": {}}),
    ],
)
def test_a_partial_answer_ends_no_account(
    alice: User, pluggy: LocalPluggy, item: Item, product: str, missing: str, changes: dict[str, Any]
) -> None:
    change_item(pluggy, item, **(partial(product) | changes))
    listed = pluggy.api("GET", f"/accounts?itemId={item.id}")
    listed["results"] = [account for account in listed["results"] if account["type"] != missing]
    pluggy.fault("status", "^/accounts", status=200, body=listed, times=None)
    for _ in range(3):
        run = sync(item)
        assert (run.outcome, run.accounts_read) == (SyncRun.Outcome.SUCCEEDED, 1)
    account = Account.objects.of(alice).get(type=missing)
    assert (account.missing_since, account.missing_reads, account.is_missing) == (None, 0, False)


def test_a_complete_answer_still_marks_an_account(alice: User, pluggy: LocalPluggy, item: Item) -> None:
    change_item(pluggy, item, **partial("loans"))
    listed = pluggy.api("GET", f"/accounts?itemId={item.id}")
    listed["results"] = [account for account in listed["results"] if account["type"] == "CREDIT"]
    pluggy.fault("status", "^/accounts", status=200, body=listed, times=None)
    sync(item)
    sync(item)
    assert Account.objects.of(alice).get(type="BANK").is_missing


@pytest.mark.parametrize("body", ["investments", "loans"])
def test_a_partial_answer_ends_no_product(alice: User, pluggy: LocalPluggy, item: Item, body: str) -> None:
    pluggy.fault("status", "^/(investments[?]|loans)", status=200, body=EMPTY, times=None)
    change_item(pluggy, item, executionStatus="PARTIAL_SUCCESS", statusDetail=None)
    for _ in range(3):
        sync(item)
    assert worth(alice) == -2900
    pluggy.control("DELETE", "/faults")
    pluggy.fault("status", "^/(investments[?]|loans)", status=200, body=EMPTY, times=None)
    change_item(pluggy, item, **partial(body))
    for _ in range(3):
        sync(item)
    assert worth(alice) == (1100 if body == "investments" else -3900)


def test_an_unreadable_element_without_an_id_ends_nothing(
    alice: User, pluggy: LocalPluggy, item: Item
) -> None:
    other = CDB | {"id": "11000000-0000-4000-8000-0000000001a2", "itemId": ITEM}
    listed = {"page": 1, "total": 2, "totalPages": 1, "results": [{"id": None, "balance": 5}, other]}
    pluggy.fault("status", "^/investments[?]", status=200, body=json.dumps(listed), times=None)
    for _ in range(3):
        sync(item)
    assert Investment.objects.of(alice).filter(missing_since=None).count() == 2


def test_partial_success_as_status_is_read(alice: User, pluggy: LocalPluggy) -> None:
    (item_id,) = load_world(pluggy, alice, WORLD)
    item = actions.claim(alice, item_id, client=our_client(), now=timezone.now())
    change_item(pluggy, item, status="PARTIAL_SUCCESS", executionStatus="PARTIAL_SUCCESS", statusDetail=None)
    assert run_sync(item).outcome == SyncRun.Outcome.SUCCEEDED
    item.refresh_from_db()
    assert (item.status, item.execution_status) == ("UPDATED", "PARTIAL_SUCCESS")
    assert Investment.objects.of(alice).exists()
