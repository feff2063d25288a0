"""Closed accounts: the user is asked, says since when, or leaves an account out of totals."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item
from banking.ledger.models import Account, BalanceSnapshot
from tests.local_pluggy import LocalPluggy
from tests.net_worth_helpers import Json, checking, entry, figures, load_world, page, sync_again

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

ITEM = "12000000-0000-4000-8000-000000000121"
SAVINGS: Json = {
    "subtype": "SAVINGS_ACCOUNT",
    "number": "0001/77",
    "name": "Poupanca antiga",
    "balance": 5000,
    "transactions": [entry("2026-11-05", -40, "LIVRO", "08000000")],
}
QUESTION = "closed?"


@pytest.fixture
def item(alice: User, pluggy: LocalPluggy) -> Item:
    (loaded,) = load_world(
        pluggy, alice, {"id": ITEM, "connectorId": 9001, "accounts": [checking(1000), SAVINGS]}
    )
    return loaded


def list_without_savings(pluggy: LocalPluggy, item: Item, times: int) -> None:
    """Let the bank list only the checking account for so many syncs."""
    others = [
        account
        for account in pluggy.truth(str(item.id))["accounts"]
        if account["subtype"] != "SAVINGS_ACCOUNT"
    ]
    body = {"page": 1, "total": 1, "totalPages": 1, "results": others}
    pluggy.fault("status", "^/accounts", status=200, body=body, times=times)
    for _ in range(times):
        sync_again(item)


def close(client: Client, account: Account, **data: str) -> str:
    """Send the form about closing; return the messages of the next page."""
    url = reverse("close_account", args=[account.id])
    return client.post(url, data, follow=True, headers={"Accept-Language": "en"}).content.decode()


def test_the_user_is_asked_about_an_account_that_the_bank_no_longer_lists(
    item: Item, pluggy: LocalPluggy, as_alice: Client
) -> None:
    list_without_savings(pluggy, item, 1)
    assert QUESTION not in page(as_alice, "matches")  # once may be a failure of the bank
    list_without_savings(pluggy, item, 2)
    assert QUESTION in page(as_alice, "matches")
    assert "1 question about your accounts" in page(as_alice, "overview")
    assert figures(as_alice)["net_worth"] == 6000


def test_a_closed_account_counts_nothing_from_that_day_on(
    item: Item, pluggy: LocalPluggy, alice: User, as_alice: Client
) -> None:
    savings, today = Account.objects.get(subtype="SAVINGS_ACCOUNT"), timezone.localdate()
    BalanceSnapshot.objects.create(
        user=alice, account=savings, day=today - timedelta(days=3), currency="BRL", balance=4000
    )
    list_without_savings(pluggy, item, 2)
    close(as_alice, savings, on=(today - timedelta(days=1)).isoformat())
    (currency,) = as_alice.get(reverse("net_worth_json")).json()["currencies"]
    assert [Decimal(point["net_worth"]) for point in currency["points"]] == [4000, 4000, 0, 1000]
    for name in ("overview", "connections", "net_worth"):
        assert "Closed since" in page(as_alice, name), name
    assert "about your accounts" not in page(as_alice, "overview")
    sync_again(item)
    assert figures(as_alice)["net_worth"] == 1000  # what the user said stays
    close(as_alice, savings, answer="open")
    assert figures(as_alice)["net_worth"] == 6000


def test_an_account_that_the_user_keeps_is_not_asked_about_again(
    item: Item, pluggy: LocalPluggy, as_alice: Client
) -> None:
    list_without_savings(pluggy, item, 2)
    close(as_alice, Account.objects.get(subtype="SAVINGS_ACCOUNT"), answer="open")
    list_without_savings(pluggy, item, 2)
    assert QUESTION not in page(as_alice, "matches")
    assert figures(as_alice)["net_worth"] == 6000


def test_a_partial_answer_does_not_say_that_an_account_is_gone(
    item: Item, pluggy: LocalPluggy, as_alice: Client
) -> None:
    pluggy.control("POST", f"/items/{ITEM}/failing", products=["ACCOUNTS"])
    pluggy.sync(ITEM)
    list_without_savings(pluggy, item, 3)
    assert Account.objects.get(subtype="SAVINGS_ACCOUNT").missing_since is None
    assert QUESTION not in page(as_alice, "matches")


@pytest.mark.parametrize(
    ("on", "message"),
    [
        ("2999-01-01", "in the future"),
        ("", "Enter the day"),
        ("2026-02-31", "Enter the day"),
        ("yesterday", "Enter the day"),
    ],
)
def test_a_wrong_closing_day_is_one_message_and_changes_nothing(
    item: Item, as_alice: Client, on: str, message: str
) -> None:
    savings = Account.objects.get(subtype="SAVINGS_ACCOUNT")
    assert message in close(as_alice, savings, on=on)
    savings.refresh_from_db()
    assert savings.closed_on is None and figures(as_alice)["net_worth"] == 6000


def test_an_account_that_is_left_out_is_in_no_total(item: Item, as_alice: Client) -> None:
    savings = Account.objects.get(subtype="SAVINGS_ACCOUNT")
    url = reverse("leave_out_account", args=[savings.id])
    as_alice.post(url, {"answer": "leave out"})
    assert figures(as_alice) == {"income": 0, "spending": 0, "net_worth": 1000}
    content = b"".join(as_alice.get(reverse("export_csv"), {"month": "2026-11"})).decode()
    assert "LIVRO" not in content
    own = as_alice.get(reverse("overview_json"), {"month": "2026-11", "account": str(savings.id)}).json()
    assert own["figures"][0]["spending"] == "40.00"
    assert "Left out of totals" in page(as_alice, "connection", ITEM)
    sync_again(item)
    assert figures(as_alice)["net_worth"] == 1000
    as_alice.post(url, {"answer": "take in"})
    assert figures(as_alice) == {"income": 0, "spending": 40, "net_worth": 6000}
