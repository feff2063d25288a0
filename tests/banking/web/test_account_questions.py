"""Questions about accounts: asked once, answered once; wrong input is one message and changes nothing."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from banking.ledger.models import Account, DoubleListing
from tests.factories import create_account, create_item
from tests.local_pluggy import LocalPluggy
from tests.net_worth_helpers import (
    MARIA,
    OWN_DOCUMENT,
    checking,
    entry,
    figures,
    load_world,
    page,
    sync_again,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

COFFEE = entry("2026-11-05", -10, "CAFE")
FIRST, SECOND = "1c000000-0000-4000-8000-000000000001", "1c000000-0000-4000-8000-000000000002"


@pytest.fixture
def listing(alice: User, pluggy: LocalPluggy) -> DoubleListing:
    """A joint account with two logins: the same number, another owner."""
    account = checking(100, COFFEE, taxNumber=OWN_DOCUMENT)
    first = {"id": FIRST, "connectorId": 9002, "accounts": [account], "identity": MARIA}
    second = first | {"id": SECOND, "accounts": [account | {"taxNumber": "111.444.777-35"}]}
    load_world(pluggy, alice, first, second)
    return DoubleListing.objects.get()


def answer(client: Client, listing: DoubleListing, value: str) -> str:
    url = reverse("review_listing", args=[listing.pk])
    return client.post(
        url, {"answer": value}, follow=True, headers={"Accept-Language": "en"}
    ).content.decode()


def test_a_joint_account_with_two_logins_is_a_question_whose_answer_stays(
    listing: DoubleListing, as_alice: Client
) -> None:
    assert figures(as_alice) == {"income": 0, "spending": 20, "net_worth": 200}
    assert "Are these the same account?" in page(as_alice, "matches")
    assert "1 question about your accounts" in page(as_alice, "overview")
    answer(as_alice, listing, "same")
    for item_id in (FIRST, SECOND):
        sync_again(Account.objects.get(item_id=item_id).item)
        assert figures(as_alice) == {"income": 0, "spending": 10, "net_worth": 100}
    assert "Are these the same account?" not in page(as_alice, "matches")
    answer(as_alice, listing, "undo")
    assert figures(as_alice) == {"income": 0, "spending": 20, "net_worth": 200}


def test_a_no_is_remembered(listing: DoubleListing, as_alice: Client) -> None:
    answer(as_alice, listing, "no")
    sync_again(Account.objects.get(item_id=FIRST).item)
    assert "Are these the same account?" not in page(as_alice, "matches")
    assert figures(as_alice)["net_worth"] == 200


@pytest.mark.parametrize("second_answer", ["same", "no"])
def test_a_second_answer_changes_nothing(
    listing: DoubleListing, as_alice: Client, second_answer: str
) -> None:
    answer(as_alice, listing, "same")
    assert "already answered" in answer(as_alice, listing, second_answer)
    assert figures(as_alice)["net_worth"] == 100


@pytest.mark.parametrize("value", ["", "maybe"])
def test_no_answer_changes_nothing(listing: DoubleListing, as_alice: Client, value: str) -> None:
    assert "Choose an answer" in answer(as_alice, listing, value)
    assert DoubleListing.objects.suggested().count() == 1


def test_undoing_what_is_not_counted_once_changes_nothing(listing: DoubleListing, as_alice: Client) -> None:
    assert "already answered" in answer(as_alice, listing, "undo")
    assert DoubleListing.objects.suggested().count() == 1


def merge(client: Client, account: Account, other: Any) -> Any:
    url = reverse("merge_account", args=[account.id])
    return client.post(url, {"other": str(other)}, follow=True, headers={"Accept-Language": "en"})


def test_the_user_can_say_that_two_accounts_are_the_same(alice: User, as_alice: Client) -> None:
    first = create_account(create_item(alice), balance=70)
    second = create_account(create_item(alice), balance=80)
    assert "counts once" in merge(as_alice, first, second.id).content.decode()
    assert figures(as_alice)["net_worth"] == 80
    assert "already answered" in merge(as_alice, second, first.id).content.decode()
    assert figures(as_alice)["net_worth"] == 80


def test_an_account_cannot_be_merged_with_itself_or_another_type(alice: User, as_alice: Client) -> None:
    item = create_item(alice)
    account = create_account(item, balance=70)
    others = [account, create_account(item, type="CREDIT"), create_account(item, currency="USD")]
    for other in others:
        assert "Choose a different account" in merge(as_alice, account, other.id).content.decode()
    assert not DoubleListing.objects.exists()


def test_an_account_of_another_user_or_none_is_404(alice: User, bob: User, as_alice: Client) -> None:
    account = create_account(create_item(alice))
    foreign = create_account(create_item(bob))
    for other in (foreign.id, uuid.uuid4(), "", "x"):
        assert merge(as_alice, account, other).status_code == 404
    assert merge(as_alice, foreign, account.id).status_code == 404
    assert not DoubleListing.objects.exists()
