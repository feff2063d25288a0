"""Money that is listed twice counts once: in net worth, balances, income, spending, and the pages say so."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item
from banking.ledger import disconnection, double_listings, monthly_totals, splits
from banking.ledger.classification import Override
from banking.ledger.edits import Split, TransactionEdits
from banking.ledger.models import Account, BalanceSnapshot, DoubleListing, Transaction
from banking.ledger.overrides import save_edits
from banking.verify import double_listings as double_listings_verified
from banking.web.api_client import pluggy as our_client
from tests.local_pluggy import LocalPluggy
from tests.net_worth_helpers import (
    MARIA,
    OWN_DOCUMENT,
    Json,
    card,
    checking,
    entry,
    figures,
    load_world,
    page,
    sync_again,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

PHARMACY = entry("2026-11-04", -80, "FARMACIA SOL", "18020000", providerId="P1")
WAGE = entry("2026-11-05", 3000, "SALARIO", "01010000", providerId="P2")
COFFEE = entry("2026-11-05", -10, "CAFE")
FIRST, SECOND = "10000000-0000-4000-8000-000000000101", "10000000-0000-4000-8000-000000000102"


def bank(item_id: str, *accounts: Json, connector: int = 9002, **more: Any) -> Json:
    return {"id": item_id, "connectorId": connector, "accounts": list(accounts)} | more


def fund(balance: float, **more: Any) -> Json:
    """Return a fund in which banks invest automatically."""
    return {
        "date": "2026-11-27",
        "type": "MUTUAL_FUND",
        "subtype": "FIXED_INCOME_FUND",
        "name": "RF Ref DI Agil",
        "balance": balance,
        "amount": balance,
        "currencyCode": "BRL",
        "status": "ACTIVE",
    } | more


@pytest.fixture
def twice(alice: User, pluggy: LocalPluggy) -> tuple[Item, Item]:
    """One account through two live connections."""
    account = checking(5000, PHARMACY, WAGE, taxNumber=OWN_DOCUMENT)
    first = bank(FIRST, account, identity=MARIA)
    old, new = load_world(pluggy, alice, first, first | {"id": SECOND})
    return old, new


def assert_totals_are_right() -> None:
    assert monthly_totals.differences() == []
    assert double_listings_verified.violations() == []


# --- One account through two connections ---------------------------------------------------------------
def test_an_account_that_is_connected_twice_counts_once(twice: tuple[Item, Item], as_alice: Client) -> None:
    assert figures(as_alice) == {"income": 3000, "spending": 80, "net_worth": 5000}
    assert "Same account as" in page(as_alice, "connections")
    assert "Same account as" in page(as_alice, "net_worth")
    assert "Same account as" in page(as_alice, "overview")
    content = b"".join(as_alice.get(reverse("export_csv"), {"month": "2026-11"})).decode()
    amounts = [line.split(";")[6] for line in content.splitlines()[1:]]
    assert sum(Decimal(amount.replace(",", ".")) for amount in amounts) == 2920
    assert_totals_are_right()


def test_another_sync_of_either_connection_changes_nothing(
    twice: tuple[Item, Item], as_alice: Client
) -> None:
    before = figures(as_alice)
    for item in (*twice, *twice):
        sync_again(item)
        assert figures(as_alice) == before
    assert DoubleListing.objects.count() == 1
    assert_totals_are_right()


@pytest.mark.parametrize("field", ["number", "subtype", "type", "bankData"])
def test_an_odd_detail_of_the_account_lets_it_count_once(
    twice: tuple[Item, Item], pluggy: LocalPluggy, as_alice: Client, field: str
) -> None:
    pluggy.fault("odd-field", "^/accounts", field=field, value=None)
    sync_again(twice[1])
    assert figures(as_alice) == {"income": 3000, "spending": 80, "net_worth": 5000}


def test_the_account_that_is_gone_at_pluggy_counts_as_its_successor(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    account = checking(1000, COFFEE)
    older = entry("2026-09-05", -25, "LIVRO", "08000000")
    (old,) = load_world(pluggy, alice, bank(FIRST, checking(1000, COFFEE, older)))
    pluggy.control("DELETE", f"/items/{FIRST}")
    sync_again(old)
    load_world(pluggy, alice, bank(SECOND, account))
    assert figures(as_alice) == {"income": 0, "spending": 10, "net_worth": 1000}
    assert figures(as_alice, "2026-09")["spending"] == 25  # the older history stays
    assert_totals_are_right()


def test_the_older_connection_counts_again_when_the_newer_one_is_gone(
    twice: tuple[Item, Item], pluggy: LocalPluggy, as_alice: Client
) -> None:
    pluggy.control("DELETE", f"/items/{SECOND}")
    sync_again(twice[1])
    assert figures(as_alice) == {"income": 3000, "spending": 80, "net_worth": 5000}
    assert Account.objects.get(item=twice[1]).is_superseded
    assert not Account.objects.get(item=twice[0]).is_superseded
    assert_totals_are_right()


def test_equal_transactions_of_a_day_count_as_often_as_one_connection_has_them(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    old = bank(FIRST, checking(10, *[COFFEE | {"id": _id(number)} for number in range(3)]))
    new = bank(SECOND, checking(10, *[COFFEE | {"id": _id(number)} for number in range(5, 7)]))
    load_world(pluggy, alice, old, new)
    assert figures(as_alice)["spending"] == 30
    assert_totals_are_right()


def test_transactions_with_other_words_or_days_are_others(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    other_words, other_day = entry("2026-11-05", -10, "PADARIA"), entry("2026-11-06", -10, "CAFE")
    similar = entry("2026-11-05", -10, "COMPRA CARTAO CAFE SAO PAULO")
    old = bank(FIRST, checking(10, COFFEE, other_words, other_day))
    load_world(pluggy, alice, old, bank(SECOND, checking(10, similar)))
    assert figures(as_alice)["spending"] == 30
    assert_totals_are_right()


def test_a_new_transaction_that_both_list_counts_once(
    alice: User, pluggy: LocalPluggy, twice: tuple[Item, Item], as_alice: Client
) -> None:
    account = checking(4990, PHARMACY, WAGE, COFFEE, taxNumber=OWN_DOCUMENT)
    for item_id, spending in ((FIRST, 90), (SECOND, 90)):
        load_world(pluggy, alice, bank(item_id, account, identity=MARIA))
        assert figures(as_alice)["spending"] == spending
    assert_totals_are_right()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"number": "0001/55501-0"}, {"number": "0002/55501-0"}),
        ({"number": "0001/55501-0"}, {"number": "0001/55502-0"}),
        ({"number": "0001/55501-0"}, {"number": "0001/55501-0", "subtype": "SAVINGS_ACCOUNT"}),
        ({"number": "0001/55501-0"}, {"number": "0001/55501-0", "currencyCode": "USD"}),
        ({"number": "0000/00000-0"}, {"number": "0000/00000-0"}),
    ],
)
def test_other_accounts_of_the_same_bank_are_two(
    alice: User, pluggy: LocalPluggy, first: Json, second: Json
) -> None:
    load_world(pluggy, alice, bank(FIRST, checking(1) | first), bank(SECOND, checking(1) | second))
    assert not DoubleListing.objects.exists()


def test_the_number_may_be_written_differently(alice: User, pluggy: LocalPluggy, as_alice: Client) -> None:
    other = checking(7, number="55501-0", bankData={"transferNumber": "123/1/555010"})
    load_world(pluggy, alice, bank(FIRST, checking(7)), bank(SECOND, other))
    assert figures(as_alice)["net_worth"] == 7


def test_another_bank_with_the_same_number_is_another_account(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    load_world(pluggy, alice, bank(FIRST, checking(7)), bank(SECOND, checking(7), connector=9003))
    assert figures(as_alice)["net_worth"] == 14 and not DoubleListing.objects.exists()


def test_accounts_of_two_users_are_never_the_same(
    alice: User, bob: User, pluggy: LocalPluggy, as_alice: Client, as_bob: Client
) -> None:
    load_world(pluggy, alice, bank(FIRST, checking(7)))
    load_world(pluggy, bob, bank(SECOND, checking(7)))
    assert figures(as_alice)["net_worth"] == figures(as_bob)["net_worth"] == 7


def test_cards_investments_and_loans_of_the_second_connection_count_once(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    loan = {"productName": "Pessoal", "contractAmount": 900, "payments": {"contractOutstandingBalance": 400}}
    products: Json = {"investments": [fund(300), fund(300)], "loans": [loan]}
    purchase = entry("2026-11-05", 60, "LOJA", "08000000")
    first = bank(FIRST, checking(1000), card(60, purchase), **products)
    load_world(pluggy, alice, first, first | {"id": SECOND})
    assert figures(as_alice) == {"income": 0, "spending": 60, "net_worth": 1000 - 60 + 600 - 400}
    assert len(as_alice.get(reverse("cards_json")).json()["cards"]) == 1
    (portfolio,) = as_alice.get(reverse("investments_json")).json()["currencies"]
    assert portfolio["total"] == "600.00" and len(portfolio["elsewhere"]) == 2
    assert_totals_are_right()


def test_two_cards_with_the_same_last_digits_are_two(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    load_world(pluggy, alice, bank(FIRST, card(60)), bank(SECOND, card(60)))
    assert figures(as_alice)["net_worth"] == -120 and not DoubleListing.objects.exists()


def test_an_account_that_is_left_out_stays_so_when_it_is_connected_again(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    account = checking(1000, COFFEE)
    (old,) = load_world(pluggy, alice, bank(FIRST, account))
    as_alice.post(reverse("leave_out_account", args=[old.accounts.get().id]), {"answer": "leave out"})
    (new,) = load_world(pluggy, alice, bank(SECOND, account))
    assert figures(as_alice) == {"income": 0, "spending": 0, "net_worth": 0}
    as_alice.post(reverse("leave_out_account", args=[new.accounts.get().id]), {"answer": "take in"})
    sync_again(new)
    assert figures(as_alice) == {"income": 0, "spending": 10, "net_worth": 1000}


# --- The past, the user's edits, and undoing -------------------------------------------------------------
def test_the_past_counts_through_the_older_connection(
    twice: tuple[Item, Item], alice: User, as_alice: Client
) -> None:
    today = timezone.localdate()
    BalanceSnapshot.objects.create(
        user=alice,
        account=Account.objects.get(item=twice[0]),
        day=today - timedelta(days=2),
        currency="BRL",
        balance=4000,
    )
    (currency,) = as_alice.get(reverse("net_worth_json")).json()["currencies"]
    assert [point["net_worth"] for point in currency["points"]] == ["4000.00", "4000.00", "5000.00"]


def test_edits_move_to_the_account_that_stays_and_return(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    account = checking(1000, COFFEE, PHARMACY, entry("2026-11-07", -90, "MERCADO", "10000000"))
    load_world(pluggy, alice, bank(FIRST, account))
    noted = TransactionEdits(Override("08000000"), "com a Ana", ("viagem",))
    save_edits(_transaction(FIRST, "CAFE"), noted)
    save_edits(_transaction(FIRST, "FARMACIA SOL"), TransactionEdits(Override(hidden=True)))
    splits.replace_splits(_transaction(FIRST, "MERCADO"), [Split(Decimal(30), "18020000", "remédio")])
    before = figures(as_alice)
    load_world(pluggy, alice, bank(SECOND, account))
    assert figures(as_alice) == before
    assert TransactionEdits.of(_transaction(SECOND, "CAFE")) == noted
    assert TransactionEdits.of(_transaction(FIRST, "CAFE")) == TransactionEdits()
    assert _transaction(SECOND, "FARMACIA SOL").hidden
    assert _transaction(SECOND, "MERCADO").splits.get().note == "remédio"
    assert_totals_are_right()
    listing = DoubleListing.objects.get()
    double_listings.undo(listing, now=timezone.now())
    assert TransactionEdits.of(_transaction(FIRST, "CAFE")) == noted
    assert TransactionEdits.of(_transaction(SECOND, "CAFE")) == TransactionEdits()
    assert _transaction(FIRST, "MERCADO").splits.count() == 1
    assert figures(as_alice)["net_worth"] == 2000
    assert_totals_are_right()
    sync_again(Item.objects.get(id=FIRST))
    assert figures(as_alice)["net_worth"] == 2000  # the answer stays


@pytest.mark.parametrize("ended", [0, 1])
def test_ending_one_of_the_two_connections_keeps_the_edits(
    twice: tuple[Item, Item], as_alice: Client, ended: int
) -> None:
    note = TransactionEdits(note="remédio")
    save_edits(_transaction(SECOND, "FARMACIA SOL"), note)
    double_listings.undo(DoubleListing.objects.get(), now=timezone.now())
    save_edits(_transaction(SECOND, "FARMACIA SOL"), TransactionEdits())
    save_edits(_transaction(FIRST, "FARMACIA SOL"), note)
    accounts = [Account.objects.get(item=item) for item in twice]
    double_listings.merge(*accounts, now=timezone.now())
    disconnection.disconnect(twice[ended], client=our_client(), now=timezone.now())
    assert figures(as_alice) == {"income": 3000, "spending": 80, "net_worth": 5000}
    assert Transaction.objects.get(note="remédio").account_id == accounts[1 - ended].id
    assert_totals_are_right()


def _transaction(item_id: str, description: str) -> Transaction:
    return Transaction.objects.from_bank().get(account__item_id=item_id, description=description)


def _id(number: int) -> str:
    return str(UUID(int=0xABC0000000004000800000000000000 + number))


# --- An automatic investment, reserved amounts, one credit line ----------------------------------------
INVESTED = {"closingBalance": 8500, "automaticallyInvestedBalance": 8000}


def test_an_automatic_investment_is_within_the_account(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    world = bank(FIRST, checking(8500, bankData=INVESTED), investments=[fund(8000)])
    load_world(pluggy, alice, world)
    assert figures(as_alice)["net_worth"] == 8500
    (portfolio,) = as_alice.get(reverse("investments_json")).json()["currencies"]
    assert (portfolio["total"], len(portfolio["elsewhere"])) == ("0.00", 1)
    for name in ("net_worth", "investments"):
        assert "Counted in" in page(as_alice, name)
    # A day later the bank has read the two at different hours.
    load_world(pluggy, alice, world | {"investments": [fund(8010)]})
    assert figures(as_alice)["net_worth"] == 8500


@pytest.mark.parametrize(
    ("account", "positions", "expected", "question_count"),
    [
        (checking(8500, bankData=INVESTED), [8000, 8000], 16500, 0),  # one of two equal positions
        (checking(8500, bankData=INVESTED), [5000, 3000], 8500, 0),  # two positions together
        (checking(8500, bankData=INVESTED), [7950], 16450, 1),  # amounts differ: a question
        (checking(8500, bankData=INVESTED), [90000], 98500, 0),  # another investment
        (checking(500, bankData=INVESTED), [8000], 8500, 1),  # it cannot be within the balance
        (checking(8500, bankData={"automaticallyInvestedBalance": None}), [8000], 16500, 0),
        (checking(8500, bankData={"automaticallyInvestedBalance": 0}), [0], 8500, 0),
    ],
)
def test_amounts_decide_whether_positions_are_within_the_account(
    alice: User,
    pluggy: LocalPluggy,
    as_alice: Client,
    account: Json,
    positions: list[float],
    expected: int,
    question_count: int,
) -> None:
    load_world(pluggy, alice, bank(FIRST, account, investments=[fund(balance) for balance in positions]))
    assert figures(as_alice)["net_worth"] == expected
    assert DoubleListing.objects.suggested().count() == question_count


def test_a_reserved_amount_that_is_also_a_position_counts_once(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    reserves = [
        {
            "name": name,
            "identification": name,
            "availableAmounts": [{"amount": amount, "currencyCode": "BRL"}],
        }
        for name, amount in (("Viagem", 700), ("Casa", 900))
    ]
    reserved = {"hasReservedBalance": True, "reservedBalances": reserves}
    boxes = [fund(amount, type="FIXED_INCOME", subtype="CDB", name="Caixinha") for amount in (700, 900, 50)]
    load_world(pluggy, alice, bank(FIRST, checking(2000, bankData=reserved), investments=boxes))
    assert figures(as_alice)["net_worth"] == 2050


def test_cards_on_one_consolidated_line_are_owed_once(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    def on_line(number: str, consolidation: str | None) -> Json:
        line = {
            "creditLineLimitType": "LIMITE_CREDITO_TOTAL",
            "consolidationType": consolidation,
            "identificationNumber": number,
            "limitAmount": 5000,
            "usedAmount": 600,
            "usedAmountCurrencyCode": "BRL",
            "isLimitFlexible": False,
            "availableAmount": 4400,
        }
        limits = {"creditLimit": 5000, "availableCreditLimit": 4400}
        return card(600, number=number, **limits, disaggregatedCreditLimits=[line])

    for item_id, consolidation, expected in (
        (FIRST, "CONSOLIDADO", -600),
        (SECOND, "INDIVIDUAL", -600 - 1200),
    ):
        accounts = [on_line("4001", consolidation), on_line("4002", consolidation)]
        load_world(pluggy, alice, bank(item_id, *accounts))
        assert figures(as_alice)["net_worth"] == expected
    assert len(as_alice.get(reverse("cards_json")).json()["cards"]) == 4
