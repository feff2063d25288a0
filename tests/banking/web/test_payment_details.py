"""The page of a transaction: message, time of purchase, date on the bill, authentication code, late boleto."""

import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.ingest import transaction_upsert, validation
from banking.ledger.models import Account, CategoryTree, MonthlyTotal, SearchText, Transaction
from banking.pluggy import lists, payloads
from banking.reports.payment_details import payment_details
from tests.factories import create_account, create_item, store_transactions
from tests.net_worth_helpers import page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
LATE = {"baseAmount": 100, "interestAmount": 1.23, "penaltyAmount": 2, "discountAmount": 0}


@pytest.fixture
def account(alice: User) -> Account:
    return create_account(create_item(alice))


def stored(account: Account, **body: Any) -> Transaction:
    store_transactions(account, {"date": "2026-11-05T15:00:00Z"} | body)
    return Transaction.objects.get(account=account)


def boleto(account: Account, metadata: Any, amount: str = "-103.23") -> Transaction:
    return stored(account, amount=amount, paymentData={"paymentMethod": "BOLETO", "boletoMetadata": metadata})


def test_interest_and_penalty_of_a_late_boleto_are_shown(account: Account, as_alice: Client) -> None:
    late = boleto(account, LATE)
    details = payment_details(late)
    assert details.boleto_amount == 100
    assert (details.interest, details.penalty) == (Decimal("1.23"), Decimal(2))
    shown = page(as_alice, "transaction", late.id)
    assert "For late payment" in shown and "1,23" in shown and "2,00" in shown and "Discount" not in shown


def test_interest_and_penalty_can_be_counted_by_themselves(account: Account, as_alice: Client) -> None:
    late = boleto(account, LATE)
    url = f"{reverse('splits', args=[late.id])}?parts=late"
    assert url in page(as_alice, "transaction", late.id)
    forms = as_alice.get(url).context["forms"]
    body = {f"form-{name}": value for name, value in forms.management_form.initial.items()}
    for form in forms:
        for field in form:
            body[field.html_name] = field.value() or ""
    body |= {"form-0-amount": "1,23", "form-1-amount": "2,00"}
    assert as_alice.post(url, body).status_code == 302
    totals = dict(MonthlyTotal.objects.filter(basis="accrual").values_list("category", "total"))
    assert (totals["02020000"], totals["02010000"]) == (Decimal("-1.23"), Decimal("-2"))
    assert sum(totals.values()) == Decimal("-103.23")
    assert "parts=late" not in page(as_alice, "transaction", late.id)


@pytest.mark.parametrize(
    "metadata",
    [
        None, "x", 7, [], {}, {"interestAmount": None, "penaltyAmount": "x"}, {"interestAmount": "NaN"},
        {"interestAmount": "1e400"}, {"interestAmount": -5}, {"penaltyAmount": []}, {"interestAmount": 10**20},
    ],
)  # fmt: skip
def test_odd_amounts_of_a_boleto_cost_only_themselves(
    account: Account, metadata: Any, as_alice: Client
) -> None:
    late = stored_odd(account, paymentData={"paymentMethod": "BOLETO", "boletoMetadata": metadata})
    assert payment_details(late).late_costs == 0
    assert "For late payment" not in page(as_alice, "transaction", late.id)
    assert late.signed_amount == -10


def stored_odd(account: Account, **body: Any) -> Transaction:
    """Store a transaction of -10 as a sync does, whatever its details are."""
    required = {"id": str(uuid.uuid4()), "accountId": str(account.id), "amount": -10, "type": "DEBIT"}
    sent = json.dumps({"results": [required | {"date": "2026-11-05T15:00:00Z"} | body]}).encode()
    decoded, unreadable = lists.decode_page(sent, payloads.Transaction)
    assert not unreadable
    valid, _ = validation.split_valid(decoded.results, account=account)
    transaction_upsert.store(account, valid, roots=CategoryTree.load().roots, read_at=timezone.now())
    return Transaction.objects.get(account=account)


def test_more_interest_than_the_whole_payment_is_not_suggested(account: Account, as_alice: Client) -> None:
    late = boleto(account, LATE, amount="-3.00")
    forms = as_alice.get(f"{reverse('splits', args=[late.id])}?parts=late").context["forms"]
    assert not any(form["amount"].value() for form in forms)


def test_a_message_is_shown_and_found(account: Account, as_alice: Client) -> None:
    paid = stored(
        account, amount="-10.00", paymentData={"paymentMethod": "PIX", "reason": "Aluguel do SÍTIO <3"}
    )
    assert "Aluguel do SÍTIO &lt;3" in page(as_alice, "transaction", paid.id)
    assert str(paid.id) in page(as_alice, "transactions", q="sitio", month="all")
    assert str(paid.id) not in page(as_alice, "transactions", q="sitios", month="all")
    store_transactions(
        account, {"id": str(paid.id), "amount": "-10.00", "paymentData": {"reason": "Chácara"}}
    )
    assert str(paid.id) in page(as_alice, "transactions", q="chacara", month="all")
    SearchText.objects.delete_unused(account.user_id)
    assert str(paid.id) not in page(as_alice, "transactions", q="sitio", month="all")


@pytest.mark.parametrize("reason", [None, "", 7, [], {}, "x" * 9000, "a\u0000b", "a\tb\\N\n"])
def test_an_odd_message_costs_only_itself(account: Account, reason: Any, as_alice: Client) -> None:
    paid = stored_odd(account, paymentData={"reason": reason})
    assert len(paid.payment_reason) <= 500
    assert page(as_alice, "transaction", paid.id)


def test_the_authentication_code_is_shown(account: Account, as_alice: Client) -> None:
    paid = stored(account, amount="-10.00", paymentData={"authenticationCode": "AB12CD"})
    assert "AB12CD" in page(as_alice, "transaction", paid.id)


def card_purchase(account: Account, **metadata: Any) -> Transaction:
    return stored_odd(account, creditCardMetadata=metadata)


def test_time_of_purchase_and_date_on_the_bill_are_shown(alice: User, as_alice: Client) -> None:
    card = create_account(create_item(alice), type="CREDIT")
    bought = card_purchase(
        card, transactionDateTime="2026-11-04T23:30:00Z", billPostDate="2026-11-07", paymentType="INSTALLMENT"
    )
    shown = page(as_alice, "transaction", bought.id)
    for text in ("Time of purchase", "20:30", "Date on the bill", "In installments"):
        assert text in shown, text


@pytest.mark.parametrize(
    "metadata",
    [
        {}, {"transactionDateTime": None, "billPostDate": None, "paymentType": None},
        {"transactionDateTime": "soon", "billPostDate": "soon"}, {"transactionDateTime": 7, "billPostDate": []},
        {"transactionDateTime": "9999-12-31T23:59:59Z"}, {"transactionDateTime": "2026-11-04T23:30:00"},
        {"transactionDateTime": "2026-11-05T15:00:00Z", "billPostDate": "2026-11-05"},  # nothing new
    ],
)  # fmt: skip
def test_what_says_nothing_more_is_not_shown(alice: User, metadata: dict[str, Any], as_alice: Client) -> None:
    bought = card_purchase(create_account(create_item(alice), type="CREDIT"), **metadata)
    shown = page(as_alice, "transaction", bought.id)
    assert "Time of purchase" not in shown and "Date on the bill" not in shown


def test_an_unknown_way_of_paying_is_shown_as_it_is(alice: User, as_alice: Client) -> None:
    bought = card_purchase(create_account(create_item(alice), type="CREDIT"), paymentType="<i>NEW</i>")
    assert "&lt;i&gt;NEW" in page(as_alice, "transaction", bought.id)
