"""A broker that is connected twice, without a bank account, counts once."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from banking.connections.models import Item
from banking.ledger.models import DoubleListing, Investment
from tests.local_pluggy import LocalPluggy
from tests.net_worth_helpers import MARIA, OWN_DOCUMENT, Json, checking, figures, load_world, page, sync_again

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

FIRST, SECOND = "10000000-0000-4000-8000-000000000501", "10000000-0000-4000-8000-000000000502"
JOSE = {"fullName": "JOSE TESTE", "document": "111.444.777-35", "documentType": "CPF"}


def position(balance: float, **more: Any) -> Json:
    """Return shares as a broker lists them."""
    return {
        "date": "2026-11-27",
        "type": "EQUITY",
        "subtype": "STOCK",
        "name": "PETR4",
        "balance": balance,
        "amount": balance,
        "currencyCode": "BRL",
        "status": "ACTIVE",
    } | more


def broker(item_id: str, *positions: Json, connector: int = 9002, **more: Any) -> Json:
    return {
        "id": item_id, "connectorId": connector, "accounts": [], "investments": list(positions), "identity": MARIA,
    } | more  # fmt: skip


PETR = position(3000, isin="BRPETRACNPR6", code="PETR4", quantity=100, value=30)
VALE = position(5000, name="VALE3", isin="BRVALEACNOR0", code="VALE3", quantity=80, value=62.5)
CDB = position(1000, type="FIXED_INCOME", subtype="CDB", name="CDB BANCO X", number="CDB-000123")


def net_worth(client: Client) -> Any:
    return figures(client)["net_worth"]


def suggested() -> int:
    return DoubleListing.objects.suggested().count()


def test_positions_with_the_same_codes_and_owner_count_once(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    load_world(pluggy, alice, broker(FIRST, PETR, VALE), broker(SECOND, PETR, VALE))
    assert net_worth(as_alice) == 8000
    assert suggested() == 0
    assert "the same number or code and quantity" in page(as_alice, "matches")


def test_the_banks_number_of_one_position_is_enough(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    """The two connectors name the position differently."""
    other = CDB | {"number": "cdb 123", "name": "Certificado de Depósito", "balance": 1001}
    load_world(pluggy, alice, broker(FIRST, CDB | {"number": "CDB123"}), broker(SECOND, other))
    assert net_worth(as_alice) == 1001 and suggested() == 0


def test_a_number_that_is_sent_as_a_number_is_read(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    load_world(
        pluggy,
        alice,
        broker(FIRST, CDB | {"number": "0012345"}),
        broker(SECOND, CDB | {"number": 12345, "raw": True}),
    )
    assert net_worth(as_alice) == 1000


def test_one_equal_code_is_a_question_about_the_whole_connection(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    own = position(200, name="ITUB4", code="ITUB4", quantity=5)
    load_world(pluggy, alice, broker(FIRST, PETR, own), broker(SECOND, PETR))
    assert (net_worth(as_alice), suggested()) == (6200, 1)
    assert "Are these the same investment?" in page(as_alice, "matches")
    answer(as_alice, "same")
    assert (net_worth(as_alice), suggested()) == (3200, 0)


@pytest.mark.parametrize("identity", [None, {"fullName": "MARIA", "document": "***.092.776-**"}])
def test_without_an_owner_the_user_is_asked_once(
    alice: User, pluggy: LocalPluggy, as_alice: Client, identity: Json | None
) -> None:
    unknown: Json = (
        {"identity": identity} if identity else {"identity": {"fullName": "MARIA TESTE", "document": None}}
    )
    items = load_world(
        pluggy, alice, broker(FIRST, PETR, VALE, CDB, **unknown), broker(SECOND, PETR, VALE, CDB, **unknown)
    )
    assert (net_worth(as_alice), suggested()) == (18000, 1)
    answer(as_alice, "same")
    assert (net_worth(as_alice), suggested()) == (9000, 0)
    for item in items:
        sync_again(item)
    assert (net_worth(as_alice), suggested()) == (9000, 0)


def test_a_no_is_about_the_connections_and_stays(alice: User, pluggy: LocalPluggy, as_alice: Client) -> None:
    unknown: Json = {"identity": {"fullName": "MARIA TESTE", "document": None}}
    items = load_world(
        pluggy, alice, broker(FIRST, PETR, VALE, **unknown), broker(SECOND, PETR, VALE, **unknown)
    )
    answer(as_alice, "no")
    for item in items:
        sync_again(item)
    assert (net_worth(as_alice), suggested()) == (16000, 0)


@pytest.mark.parametrize(
    "second",
    [
        broker(SECOND, PETR, VALE, identity=JOSE),  # another owner
        broker(SECOND, PETR, VALE, connector=9003),  # another institution
        broker(SECOND, PETR | {"quantity": 50, "balance": 1500}),
        broker(SECOND, position(3000, name="PETR4")),  # a name is no code
        broker(SECOND, CDB | {"number": "CDB-000124"}),
        broker(SECOND, PETR | {"currencyCode": "USD"}),
    ],
    ids=["owner", "institution", "quantity", "name", "number", "currency"],
)
def test_other_positions_are_others(alice: User, pluggy: LocalPluggy, as_alice: Client, second: Json) -> None:
    load_world(pluggy, alice, broker(FIRST, PETR, VALE, CDB), second)
    assert not DoubleListing.objects.exists()


def test_two_lots_of_one_share_count_as_often_as_both_list_them(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    more = PETR | {"quantity": 40, "balance": 1200}
    load_world(pluggy, alice, broker(FIRST, PETR, more, VALE), broker(SECOND, PETR, VALE))
    assert net_worth(as_alice) == 3000 + 5000 + 1200


def test_the_older_connection_is_gone_and_shares_were_bought_and_sold_since(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    """What only the ended connection lists was sold; a position of another size is the newer one's."""
    (older,) = load_world(pluggy, alice, broker(FIRST, PETR, VALE, CDB))
    pluggy.control("DELETE", f"/items/{FIRST}")
    sync_again(older)
    load_world(pluggy, alice, broker(SECOND, PETR | {"quantity": 150, "balance": 4500}, CDB))
    assert net_worth(as_alice) == 5500
    assert suggested() == 0
    (portfolio,) = as_alice.get(reverse("investments_json")).json()["currencies"]
    assert portfolio["total"] == "5500.00" and len(portfolio["elsewhere"]) == 3
    assert "the newer one no longer lists this" in page(as_alice, "matches")


def test_the_older_connection_counts_again_if_the_newer_one_ends(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    _, newer = load_world(pluggy, alice, broker(FIRST, PETR, VALE), broker(SECOND, PETR, VALE))
    pluggy.control("DELETE", f"/items/{SECOND}")
    sync_again(newer)
    assert net_worth(as_alice) == 8000
    counted = Investment.objects.filter(counted_as=None)
    assert {str(each.item_id) for each in counted} == {FIRST}


def test_a_broker_with_an_account_succeeds_one_without(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    """The direct connector sent positions only; Open Finance sends the account, too."""
    account = checking(70, number="0001/9", taxNumber=OWN_DOCUMENT)
    load_world(pluggy, alice, broker(FIRST, PETR, VALE), broker(SECOND, PETR, VALE) | {"accounts": [account]})
    assert net_worth(as_alice) == 8070


def test_two_connections_with_accounts_are_compared_by_their_accounts(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    accounts = [checking(70, number=f"0001/{number}", taxNumber=OWN_DOCUMENT) for number in (8, 9)]
    worlds = [
        broker(item, PETR, VALE) | {"accounts": [account]}
        for item, account in zip((FIRST, SECOND), accounts, strict=True)
    ]
    load_world(pluggy, alice, *worlds)
    assert net_worth(as_alice) == 16140


def test_brokers_of_two_users_are_never_the_same(
    alice: User, bob: User, pluggy: LocalPluggy, as_alice: Client, as_bob: Client
) -> None:
    load_world(pluggy, alice, broker(FIRST, PETR, VALE))
    load_world(pluggy, bob, broker(SECOND, PETR, VALE))
    assert net_worth(as_alice) == net_worth(as_bob) == 8000


def test_one_position_of_a_certain_pair_can_be_counted_separately(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    items = load_world(pluggy, alice, broker(FIRST, PETR, VALE), broker(SECOND, PETR, VALE))
    listing = next(
        each
        for each in DoubleListing.objects.all()
        if Investment.objects.get(id=each.listed_id).code == "VALE3"
    )
    as_alice.post(reverse("review_listing", args=[listing.pk]), {"answer": "undo"})
    assert net_worth(as_alice) == 13000
    sync_again(items[0])
    assert net_worth(as_alice) == 13000


def test_the_owner_is_asked_for_once(alice: User, pluggy: LocalPluggy) -> None:
    (item,) = load_world(pluggy, alice, broker(FIRST, PETR))
    owner_hash = Item.objects.get(id=item.id).owner_hash
    assert owner_hash
    pluggy.fault("status", "^/identity", status=403, times=None)
    sync_again(item)
    assert Item.objects.get(id=item.id).owner_hash == owner_hash


def answer(client: Client, value: str) -> None:
    listing = DoubleListing.objects.suggested().get()
    client.post(reverse("review_listing", args=[listing.pk]), {"answer": value})
