"""A loan that is listed twice counts once: by its IPOC code, or by its number at the same bank."""

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Connector, Item
from banking.ledger.models import DoubleListing, Loan
from banking.ledger.same_contracts import find_same_loans
from banking.money.documents import ipoc_hash
from tests.factories import create_item
from tests.local_pluggy import LocalPluggy
from tests.net_worth_helpers import figures, load_world, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

IPOC = "0000000001010176109277673ABC00012345"
OTHER_IPOC = "0000000001010176109277673ABC00099999"


@pytest.fixture
def items(alice: User) -> tuple[Item, Item]:
    """The connections to one bank, the second one newer."""
    now = timezone.now()
    return create_item(alice, connected_at=now - timedelta(days=9)), create_item(alice, connected_at=now)


def loan(item: Item, **columns: Any) -> Loan:
    defaults: dict[str, Any] = {
        "name": "Pessoal",
        "currency": "BRL",
        "contracted": 900,
        "contracted_on": date(2025, 3, 15),
        "outstanding": Decimal(400),
    }
    return Loan.objects.create(id=uuid.uuid4(), user=item.user, item=item, **(defaults | columns))


def pairs(*loans: Loan, same_items: tuple[Item, ...] = ()) -> list[tuple[Loan, Loan]]:
    """Return the loans that are listed again, each with the one that counts."""
    joined = {frozenset(item.id for item in same_items)} if same_items else set()
    for each in loans:
        each.refresh_from_db()
    return [(listed, counted) for listed, counted, _ in find_same_loans(loans, joined)]


def other_bank(user: User) -> Item:
    connector = Connector.objects.create(id=77, name="Banco Outro", seen_at=timezone.now())
    return create_item(user, connector=connector)


def test_the_same_ipoc_is_the_same_contract_whatever_else_differs(
    items: tuple[Item, Item], alice: User
) -> None:
    first = loan(items[0], ipoc_hash=ipoc_hash(IPOC), contract_number="1234567")
    second = loan(items[1], ipoc_hash=ipoc_hash(IPOC.lower()), name="CREDITO PESSOAL", contracted=None)
    assert pairs(first, second) == [(first, second)]
    elsewhere = loan(other_bank(alice), ipoc_hash=ipoc_hash(IPOC))
    assert len(pairs(first, second, elsewhere)) == 2


def test_another_ipoc_is_another_contract(items: tuple[Item, Item]) -> None:
    first = loan(items[0], ipoc_hash=ipoc_hash(IPOC), contract_number="1234567")
    second = loan(items[1], ipoc_hash=ipoc_hash(OTHER_IPOC), contract_number="1234567")
    assert pairs(first, second, same_items=items) == []


def test_a_contract_that_one_connection_lists_twice_counts_once(items: tuple[Item, Item]) -> None:
    unknown = loan(items[0], ipoc_hash=ipoc_hash(IPOC), outstanding=None)
    known = loan(items[0], ipoc_hash=ipoc_hash(IPOC))
    assert pairs(unknown, known) == [(unknown, known)]
    again = [loan(items[1], ipoc_hash=ipoc_hash(IPOC)) for _ in range(2)]
    assert len(pairs(unknown, known, *again)) == 3


def test_one_that_the_bank_still_lists_counts(items: tuple[Item, Item]) -> None:
    gone = loan(items[1], ipoc_hash=ipoc_hash(IPOC), missing_since=timezone.now())
    listed = loan(items[0], ipoc_hash=ipoc_hash(IPOC))
    assert pairs(gone, listed) == [(gone, listed)]


def test_the_same_number_at_the_same_bank_is_the_same_contract(items: tuple[Item, Item], alice: User) -> None:
    first = loan(items[0], contract_number="000.123-456")
    second = loan(items[1], contract_number="123456")
    assert pairs(first, second) == [(first, second)]
    assert pairs(first, loan(other_bank(alice), contract_number="123456")) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"contracted": 1000},
        {"contracted_on": date(2025, 3, 16)},
        {"currency": "USD"},
        {"contract_number": ""},
        {"contract_number": "1"},
        {"contract_number": "0000"},
        {"contract_number": "123457"},
    ],
)
def test_what_contradicts_or_names_nothing_is_no_evidence(
    items: tuple[Item, Item], columns: dict[str, Any]
) -> None:
    first = loan(items[0], contract_number="123456")
    assert pairs(first, loan(items[1], **({"contract_number": "123456"} | columns))) == []


def test_a_number_without_amounts_is_evidence_only_between_connections(items: tuple[Item, Item]) -> None:
    blank: dict[str, Any] = {"contract_number": "123456", "contracted": None, "contracted_on": None}
    first, same_item, second = loan(items[0], **blank), loan(items[0], **blank), loan(items[1], **blank)
    assert pairs(first, same_item) == []
    assert pairs(first, second) == [(first, second)]


def test_loans_without_codes_are_the_same_as_often_as_both_connections_have_them(
    items: tuple[Item, Item],
) -> None:
    loans = [loan(item) for item in (items[0], items[0], items[1])]
    assert len(pairs(*loans, same_items=items)) == 1
    assert pairs(*loans) == []  # of two customers


def test_alike_loans_with_other_numbers_are_two(items: tuple[Item, Item]) -> None:
    first, second = loan(items[0], contract_number="111111"), loan(items[1], contract_number="222222")
    assert pairs(first, second, same_items=items) == []


@pytest.mark.parametrize("code", [None, "", "123", "0" * 40, "1" * 30, "---", "9" * 21])
def test_a_code_that_only_fills_the_field_is_none(code: str | None) -> None:
    assert ipoc_hash(code) == ""


def test_the_code_itself_is_not_stored_because_it_contains_a_document(
    alice: User, as_alice: Client, pluggy: LocalPluggy
) -> None:
    sent = {
        "productName": "Pessoal", "contractAmount": 900, "ipocCode": IPOC, "contractNumber": "77001",
        "payments": {"contractOutstandingBalance": 400},
    }  # fmt: skip
    first, second = (
        {"connectorId": 9002, "accounts": [], "loans": [sent]},
        {"connectorId": 9003, "accounts": [], "loans": [sent | {"productName": "CP"}]},
    )
    load_world(pluggy, alice, first, second)
    assert not any("76109277673" in str(value) for value in Loan.objects.values_list().iterator())
    assert figures(as_alice)["net_worth"] == -400
    assert DoubleListing.objects.get().evidence == "same contract"
    assert "The same loan contract." in page(as_alice, "matches")
