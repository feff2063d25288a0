"""Signs: a card in credit is positive on every screen; a balance that may be either is owed, and pages say so."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.ledger.models import Account, BalanceSnapshot
from banking.reports.connections import balances
from banking.reports.net_worth import net_worth_now
from banking.verify import data
from tests.factories import create_account, create_item
from tests.local_pluggy import LocalPluggy
from tests.net_worth_helpers import card, checking, entry, figures, load_world, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

BOUGHT = entry("2026-11-05", 350, "MERCADO BOM", "10000000")
PAID = entry("2026-11-08", -500, "PAGAMENTO RECEBIDO", "05100000")
LIMITS: dict[str, Any] = {"creditLimit": 5000, "availableCreditLimit": 5150}
UNCLEAR = "owed or in your favor"


def test_an_overpaid_card_is_positive_on_every_screen(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    load_world(
        pluggy,
        alice,
        {"connectorId": 9002, "accounts": [checking(1000), card(-150, BOUGHT, PAID, **LIMITS)]},
    )
    assert figures(as_alice)["net_worth"] == 1150
    (section,) = [
        section
        for currency in as_alice.get(reverse("net_worth_json")).json()["currencies"]
        for section in currency["sections"]
        if section["group"] == "cards"
    ]
    assert section["total"] == "150.00" and not section["holdings"][0]["is_unclear"]
    (of_card,) = as_alice.get(reverse("cards_json")).json()["cards"]
    assert (of_card["balance"], of_card["used"], of_card["open"]["unpaid"]) == ("150.00", "0.00", "0.00")
    (balance,) = balances(Account.objects.of(alice))
    assert (balance.in_accounts, balance.on_cards) == (Decimal(1000), Decimal(-150))
    assert BalanceSnapshot.objects.of(alice).get(account__type="CREDIT").balance == -150
    assert "No bills to pay" in page(as_alice, "bills_due")
    for name in ("overview", "net_worth", "cards", "connections"):
        assert "n your favor" in page(as_alice, name) and UNCLEAR not in page(as_alice, name), name
    assert data.violations(timezone.now()) == []


@pytest.mark.parametrize(
    ("balance", "limit", "available", "expected", "is_unclear"),
    [
        (-120, 5000, 5120, 120, False),  # more is available than the limit
        (120, 5000, 5120, 120, False),  # … although the bank sends no minus
        (-120, 5000, 4880, -120, False),  # exactly the balance is used
        (120, 5000, 4880, -120, False),
        (-120, None, None, -120, True),
        (-120, 5000, None, -120, True),
        (-120, None, 5120, -120, True),
        (-120, 5000, 5000, -120, True),  # neither used nor exceeded
        (-120, 5000, 4000, -120, True),  # the used limit contradicts the balance
        (120, 5000, 6000, -120, True),  # a limit above the limit contradicts the balance
        (120, None, None, -120, False),
        (-120, 0, 5000, -120, True),  # a limit of 0 is a limit that is not known
        (0, 5000, 5120, 0, False),
    ],
)
def test_the_limit_decides_the_sign_or_the_balance_is_unclear(
    alice: User, balance: int, limit: Any, available: Any, expected: int, is_unclear: bool
) -> None:
    account = create_account(
        create_item(alice), type="CREDIT", balance=balance, credit_limit=limit, available_limit=available
    )
    assert (account.signed_balance, account.is_balance_unclear) == (Decimal(expected), is_unclear)
    assert net_worth_now(alice, [account]) == {"BRL": Decimal(expected)}


def test_payments_beyond_the_purchases_put_the_card_in_credit(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    load_world(pluggy, alice, {"connectorId": 9002, "accounts": [checking(10), card(-150, BOUGHT, PAID)]})
    assert figures(as_alice)["net_worth"] == 160
    assert UNCLEAR not in page(as_alice, "net_worth")


def test_payments_of_less_than_the_purchases_leave_the_balance_unclear(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    paid = entry("2026-11-08", -200, "PAGAMENTO RECEBIDO", "05100000")
    load_world(pluggy, alice, {"connectorId": 9002, "accounts": [checking(10), card(-150, BOUGHT, paid)]})
    assert figures(as_alice)["net_worth"] == -140
    for name in ("overview", "net_worth", "cards", "connections"):
        assert UNCLEAR in page(as_alice, name), name


def test_a_card_that_is_used_again_is_owed_and_its_past_stays(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    item_id = "2a000000-0000-4000-8000-000000000001"
    world = {"id": item_id, "connectorId": 9002, "accounts": [card(-150, BOUGHT, PAID)]}
    load_world(pluggy, alice, world)
    BalanceSnapshot.objects.update(day="2026-11-01")
    more = entry("2026-11-20", 400, "LOJA", "08000000")
    load_world(pluggy, alice, world | {"accounts": [card(250, BOUGHT, PAID, more)]})
    (currency,) = as_alice.get(reverse("net_worth_json")).json()["currencies"]
    assert currency["points"][0]["net_worth"] == "150.00"
    assert currency["net_worth"] == "-250.00"
    assert Account.objects.of(alice).get().is_overpaid is False
