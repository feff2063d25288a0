"""Banks that mask the owner's document: what is visible is compared, and the user is asked."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Item
from banking.ledger import monthly_totals
from banking.ledger.models import Account, DoubleListing, Transaction
from banking.money.documents import agree, visible_part
from banking.web.api_client import pluggy as our_client
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

MASKED = "***.***.776-73"
FIRST, SECOND = "1d000000-0000-4000-8000-000000000001", "1d000000-0000-4000-8000-000000000002"
COFFEE = entry("2026-11-05", -10, "CAFE")


# --- Comparing --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("document", "kept"),
    [
        ("761.092.776-73", "***092776**"),
        ("76109277673", "***092776**"),
        ("***.***.123-22", "******12322"),
        ("*** *** 123 22", "******12322"),
        ("XXX.XXX.123-22", "******12322"),
        ("12.345.678/0001-95", "**3456780001**"),
        ("**.***.678/0001-95", "*****678000195"),
        ("***.***.***-**", ""),
        ("***", ""), ("123-22", ""), ("", ""), (None, ""),
    ],
)  # fmt: skip
def test_only_a_part_of_a_document_is_kept(document: str | None, kept: str) -> None:
    assert visible_part(document) == kept


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (MASKED, OWN_DOCUMENT, True),
        (MASKED, "***.***.776-73", True),
        (MASKED, "***.***.776-74", False),
        (MASKED, "111.444.777-35", False),
        (MASKED, "761.***.***-**", None),  # nothing in common to compare
        (MASKED, "12.345.678/0001-95", False),  # a person and a firm
        (MASKED, None, None), (None, None, None), ("***", MASKED, None),
    ],
)  # fmt: skip
def test_visible_parts_are_compared(first: str | None, second: str | None, expected: bool | None) -> None:
    assert agree(visible_part(first), visible_part(second)) is expected
    assert agree(visible_part(second), visible_part(first)) is expected


# --- Transfers to oneself ---------------------------------------------------------------------------------
@pytest.fixture
def item(alice: User, pluggy: LocalPluggy) -> Item:
    """A bank that masks the owner's document and sends no identity; 5,000 went to alice herself, 80 to another."""
    pluggy.control("POST", f"/world/masked-documents?clientUserId={alice.reference}")
    item_id = UUID(pluggy.control("GET", "/state")["items"][0]["id"])
    return sync_again(actions.claim(alice, item_id, client=our_client(), now=timezone.now()))


def spent(item: Item) -> list[Any]:
    expenses = Transaction.objects.filter(account__item=item, kind="expense")
    return sorted(expenses.values_list("signed_amount", flat=True))


def question(client: Client) -> Any:
    (only,) = client.get(reverse("matches")).context["questions"].owners
    return only


def answer(client: Client, transaction: Transaction, value: str) -> str:
    url = reverse("review_owner", args=[transaction.id])
    return client.post(
        url, {"answer": value}, follow=True, headers={"Accept-Language": "en"}
    ).content.decode()


def test_who_the_owner_is_is_asked_and_the_answer_counts(item: Item, as_alice: Client) -> None:
    assert spent(item) == [-5000, -80]
    asked = question(as_alice)
    assert asked.transaction.counterparty == "MARIA TESTE"
    text = page(as_alice, "matches")
    assert "Are you MARIA TESTE, ***.092.776-**?" in text and "JOSE" not in text
    assert "1 question about your accounts" in page(as_alice, "overview")
    assert "Saved." in answer(as_alice, asked.transaction, "me")
    assert spent(item) == [-80]
    assert not Transaction.objects.filter(account__item=item, kind="income").exists()
    assert monthly_totals.differences() == []
    assert "Are you" not in page(as_alice, "matches")
    assert "question about your accounts" not in page(as_alice, "overview")


def test_the_answer_stays_in_later_syncs(item: Item, as_alice: Client) -> None:
    answer(as_alice, question(as_alice).transaction, "me")
    sync_again(item, after=timedelta(hours=2))
    assert spent(item) == [-80]
    assert not as_alice.get(reverse("matches")).context["questions"].owners


def test_a_no_is_remembered_and_changes_no_figure(item: Item, as_alice: Client) -> None:
    asked = question(as_alice).transaction
    assert "Saved." in answer(as_alice, asked, "no")
    assert spent(item) == [-5000, -80]
    sync_again(item, after=timedelta(hours=2))
    assert not as_alice.get(reverse("matches")).context["questions"].owners
    assert "already answered" in answer(as_alice, asked, "me")
    assert spent(item) == [-5000, -80]


@pytest.mark.parametrize("value", ["", "maybe"])
def test_no_answer_changes_nothing(value: str, item: Item, as_alice: Client) -> None:
    assert "Choose an answer" in answer(as_alice, question(as_alice).transaction, value)
    assert question(as_alice)


def test_a_second_answer_changes_nothing(item: Item, as_alice: Client) -> None:
    asked = question(as_alice).transaction
    answer(as_alice, asked, "me")
    assert "already answered" in answer(as_alice, asked, "no")
    assert spent(item) == [-80]


def test_another_person_cannot_be_named_as_the_owner(item: Item, as_alice: Client, as_bob: Client) -> None:
    other = Transaction.objects.get(account__item=item, signed_amount=-80)
    assert "already answered" in answer(as_alice, other, "me")
    assert spent(item) == [-5000, -80]
    own = question(as_alice).transaction
    assert as_bob.post(reverse("review_owner", args=[own.id]), {"answer": "me"}).status_code == 404


def test_a_whole_document_of_the_identity_needs_no_question(
    alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    to_self = entry("2026-11-03", -5000, "PIX", "05070000", paymentData=payment(OWN_DOCUMENT))
    account = checking(3000, to_self, taxNumber=MASKED)
    world = {"id": FIRST, "connectorId": 9002, "accounts": [account], "identity": MARIA}
    (item,) = load_world(pluggy, alice, world)
    assert spent(item) == []
    assert not as_alice.get(reverse("matches")).context["questions"].owners


@pytest.mark.parametrize("document", ["***.***.776-73", None])
def test_a_masked_identity_is_no_whole_document(
    document: str | None, alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    to_self = entry("2026-11-03", -5000, "PIX", "05070000", paymentData=payment(OWN_DOCUMENT))
    world = {
        "id": FIRST, "connectorId": 9002, "accounts": [checking(3000, to_self, taxNumber=MASKED)],
        "identity": MARIA | {"document": document},
    }  # fmt: skip
    (item,) = load_world(pluggy, alice, world)
    assert spent(item) == [-5000]
    assert question(as_alice).account.item_id == item.id


def test_one_answer_is_for_all_accounts_of_the_connection(
    alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    to_self = [
        entry("2026-11-03", amount, "PIX", "05070000", paymentData=payment(OWN_DOCUMENT))
        for amount in (-5000, -70)
    ]
    accounts = [
        checking(3000, to_self[0], taxNumber=MASKED),
        checking(300, to_self[1], taxNumber=MASKED, number="0001/9"),
    ]
    (item,) = load_world(pluggy, alice, {"id": FIRST, "connectorId": 9002, "accounts": accounts})
    assert spent(item) == [-5000, -70]
    answer(as_alice, question(as_alice).transaction, "me")
    assert spent(item) == []


def payment(receiver: str) -> dict[str, Any]:
    payer = {"name": "MARIA TESTE", "documentNumber": {"type": "CPF", "value": OWN_DOCUMENT}}
    document = {"type": "CPF", "value": receiver}
    return {
        "paymentMethod": "PIX",
        "payer": payer,
        "receiver": {"name": "MARIA TESTE", "documentNumber": document},
    }


# --- The same account twice -------------------------------------------------------------------------------
def connect_twice(
    pluggy: LocalPluggy,
    user: User,
    first: str | None,
    second: str | None,
    *,
    number: str,
    connectors: Any = (9002,),
) -> None:
    worlds = [
        {
            "id": item_id, "connectorId": connector,
            "accounts": [checking(100, COFFEE, taxNumber=document, number=number)],
        }
        for item_id, connector, document in zip((FIRST, SECOND), connectors * 2, (first, second), strict=False)
    ]  # fmt: skip
    load_world(pluggy, user, *worlds)


@pytest.mark.parametrize(
    ("second", "state"),
    [("***.***.776-73", "automatic"), (OWN_DOCUMENT, "automatic"), ("***.***.123-22", "suggested")],
)
def test_a_masked_document_that_contradicts_makes_the_same_number_a_question(
    second: str, state: str, alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    """Branch and number are the same: with another owner it may be a joint account."""
    connect_twice(pluggy, alice, MASKED, second, number="0001/55501-0")
    assert DoubleListing.objects.get().state == state
    assert figures(as_alice)["net_worth"] == (100 if state == "automatic" else 200)


@pytest.mark.parametrize(
    ("second", "is_asked"),
    [
        (MASKED, True),
        (OWN_DOCUMENT, True),
        ("***.***.123-22", False),
        ("***.***.***-**", False),
        (None, False),
    ],
)
def test_without_a_branch_what_is_visible_of_the_owner_decides_whether_to_ask(
    second: str | None, is_asked: bool, alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    connect_twice(pluggy, alice, MASKED, second, number="55501-0")
    assert figures(as_alice)["net_worth"] == 200
    assert ("Are these the same account?" in page(as_alice, "matches")) == is_asked
    if is_asked:
        assert "the same visible part of the owner" in page(as_alice, "matches")


def test_a_masked_document_is_kept_when_a_later_list_has_none(alice: User, pluggy: LocalPluggy) -> None:
    account = checking(100, COFFEE, taxNumber=MASKED)
    (item,) = load_world(pluggy, alice, {"id": FIRST, "connectorId": 9002, "accounts": [account]})
    load_world(pluggy, alice, {"id": FIRST, "connectorId": 9002, "accounts": [account | {"taxNumber": None}]})
    stored = Account.objects.get(item=item)
    assert (stored.owner_shown, stored.owner_hash) == ("******77673", "")
