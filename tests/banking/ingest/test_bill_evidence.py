"""The month of transactions without a bill: what the card's own bills show decides before fixed days."""

import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Item
from banking.ledger import monthly_totals
from banking.ledger.bill_evidence import BilledSum, full_months, update_bill_evidence
from banking.ledger.derived_fields import recompute
from banking.ledger.models import Account, Bill, CategoryTree
from banking.web.api_client import pluggy as our_client
from tests.banking.reports.test_cards import bill as store_bill
from tests.banking.reports.test_cards import purchase as store_purchase
from tests.banking.reports.test_cards import report_of
from tests.factories import create_account, create_item
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

Json = dict[str, Any]
TODAY = date(2026, 11, 28)
OCTOBER, NOVEMBER = (str(uuid.UUID(int=number)) for number in (811, 812))


def closed_bill(bill_id: str, month: str, total: float, **changes: Any) -> Json:
    """Return a bill that closes on the 28th and is due on the 5th of this month."""
    closes = {"10": "2026-09-28", "11": "2026-10-28", "12": "2026-11-28"}[month]
    return {
        "id": bill_id,
        "dueDate": f"2026-{month}-05",
        "totalAmount": total,
        "totalAmountCurrencyCode": "BRL",
        "billClosingDate": closes,
        "financeCharges": [],
        "payments": [],
    } | changes


def entry(on: str, amount: float, words: str, bill_id: str | None = None, **metadata: Any) -> Json:
    card = {"billId": bill_id} if bill_id else {}
    body = {"date": on, "amount": amount, "description": words, "categoryId": "08010000"}
    return body | {"creditCardMetadata": card | metadata}


BILLS = [closed_bill(OCTOBER, "10", 300), closed_bill(NOVEMBER, "11", 460)]
# The closing day, September 28, is on the bill of November.
BILLED = [
    entry("2026-09-10", 300, "LOJA A", OCTOBER),
    entry("2026-09-28", 160, "ESCOLA 6/12", NOVEMBER),
    entry("2026-10-12", 300, "LOJA B", NOVEMBER),
]
UNBILLED = [
    entry("2026-10-28", 161, "ESCOLA 7/12"),
    entry("2026-11-20", 50, "PADARIA"),
    entry("2026-11-28", 162, "ESCOLA 8/12"),
]
DAYS = {"balanceCloseDate": "2026-11-28", "balanceDueDate": "2026-12-05"}


@pytest.fixture
def read_card(alice: User, pluggy: LocalPluggy) -> Callable[..., Account]:
    """Return a function that loads a card at the local Pluggy and reads it."""

    def load(transactions: list[Json], bills: list[Json], days: Json = DAYS) -> Account:
        account = {"subtype": "CREDIT_CARD", "number": "4008", "balance": 211, "creditData": days}
        item = {
            "connectorId": 9003,
            "clientUserId": alice.reference,
            "accounts": [account | {"transactions": transactions, "bills": bills}],
        }
        item_id = pluggy.control("POST", "/world", items=[item])["items"][0]["id"]
        read = actions.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
        return _sync(read)

    return load


def _sync(item: Item) -> Account:
    mark_changed(item)
    assert run_sync(item).outcome == "succeeded"
    assert monthly_totals.differences() == []
    account = item.accounts.select_related("item__connector", "user").get()
    assert recompute(account, account.transactions.all(), roots=CategoryTree.load().roots).count == 0
    return account


def amounts(*values: int) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, values))


def months(account: Account) -> dict[str, str]:
    return {stored.description: f"{stored.cash_month:%Y-%m}" for stored in account.transactions.all()}


def test_closing_day_belongs_to_the_bill_on_which_the_card_puts_it(read_card: Callable[..., Account]) -> None:
    card = read_card(BILLED + UNBILLED, BILLS)
    assert months(card) == {
        "LOJA A": "2026-10",
        "ESCOLA 6/12": "2026-11",
        "LOJA B": "2026-11",
        "ESCOLA 7/12": "2026-12",
        "PADARIA": "2026-12",
        "ESCOLA 8/12": "2027-01",
    }
    report = report_of(card, TODAY)
    november = report.closed[0]
    assert (november.total, november.owed, november.difference) == amounts(460, 460, 0)
    assert (str(report.open.month), report.open.total) == ("2026-12", Decimal(211))
    assert [(str(coming.month), coming.total) for coming in report.coming] == [("2027-01", Decimal(162))]


def test_without_evidence_the_closing_day_belongs_to_the_bill_that_closes(
    read_card: Callable[..., Account],
) -> None:
    card = read_card(UNBILLED, [])
    assert months(card) == {"ESCOLA 7/12": "2026-11", "PADARIA": "2026-12", "ESCOLA 8/12": "2026-12"}


def test_closing_day_that_the_card_puts_on_the_closing_bill_stays(read_card: Callable[..., Account]) -> None:
    billed = [entry("2026-09-28", 300, "LOJA A", OCTOBER), entry("2026-10-12", 400, "LOJA B", NOVEMBER)]
    card = read_card(billed + UNBILLED, BILLS)  # November has room: 400 of 460
    assert months(card)["ESCOLA 7/12"] == "2026-11"


def test_most_of_the_cards_bills_decide(read_card: Callable[..., Account]) -> None:
    december = closed_bill(str(uuid.UUID(int=813)), "12", 999)
    billed = [
        entry("2026-09-28", 10, "A", OCTOBER),
        entry("2026-09-28", 10, "B", NOVEMBER),
        entry("2026-10-28", 10, "C", str(december["id"])),
    ]
    card = read_card([*billed, entry("2026-11-28", 5, "D")], [*BILLS, december])
    assert months(card)["D"] == "2027-01"


def test_full_bill_has_no_room_for_another_transaction(read_card: Callable[..., Account]) -> None:
    billed = [entry("2026-09-10", 300, "LOJA A", OCTOBER), entry("2026-10-12", 460, "LOJA B", NOVEMBER)]
    unbilled = [entry("2026-10-20", 30, "LATE"), entry("2026-09-20", 40, "OLD")]
    forecast = entry("2026-10-30", 20, "STAMPED", billForecastDate="2026-11")
    card = read_card([*billed, *unbilled, forecast], BILLS)
    assert {words: months(card)[words] for words in ("LATE", "OLD", "STAMPED")} == {
        "LATE": "2026-12",
        "OLD": "2026-12",
        "STAMPED": "2026-12",
    }


def test_bill_that_is_full_but_for_its_charges_is_full(read_card: Callable[..., Account]) -> None:
    charge = {"type": "LATE_PAYMENT_FEE", "amount": 2, "currencyCode": "BRL", "id": str(uuid.uuid4())}
    bills = [closed_bill(NOVEMBER, "11", 462, financeCharges=[charge])]
    card = read_card([*BILLED[1:], entry("2026-10-20", 30, "LATE")], bills)
    assert months(card)["LATE"] == "2026-12"


def test_only_a_closed_bill_can_be_full() -> None:
    bill = Bill(
        id=uuid.UUID(int=1), due_on=date(2026, 12, 5), closes_on=date(2026, 11, 28), total=Decimal(30)
    )
    sums = {bill.id: BilledSum(Decimal(30), None, None)}
    assert full_months([bill], sums, today=date(2026, 11, 27)) == []
    assert full_months([bill], sums, today=date(2026, 11, 28)) == ["2026-12"]
    assert full_months([bill], {}, today=date(2026, 11, 28)) == []
    moved = Bill(id=uuid.UUID(int=2), due_on=date(2026, 12, 20), total=Decimal(30))
    assert full_months([bill, moved], sums, today=date(2026, 12, 28)) == []  # two bills in one month


def test_evidence_that_arrives_later_moves_what_was_read_before(alice: User) -> None:
    days: Json = {"closes_on": date(2026, 11, 28), "due_on": date(2026, 12, 5)}
    card = create_account(create_item(alice), type="CREDIT", **days)
    store_purchase(card, "2026-10-28", "161.00", description="ESCOLA 7/12")
    assert months(card) == {"ESCOLA 7/12": "2026-11"}
    for due, closes in (("2026-10-05", "2026-09-28"), ("2026-11-05", "2026-10-28")):
        bill_id = store_bill(card, due, "460.00", billClosingDate=f"{closes}T00:00:00Z")
    store_purchase(card, "2026-09-28", "160.00", bill=bill_id)
    with transaction.atomic():
        roots = CategoryTree.load().roots
        monthly_totals.apply(update_bill_evidence(card, roots=roots, today=TODAY))
        assert update_bill_evidence(card, roots=roots, today=TODAY) == []
    assert months(card)["ESCOLA 7/12"] == "2026-12"
    assert monthly_totals.differences() == []


def test_card_without_days_takes_them_from_its_bills(read_card: Callable[..., Account]) -> None:
    none = {"balanceCloseDate": None, "balanceDueDate": None}
    card = read_card(BILLED + UNBILLED, BILLS, none)
    assert (card.bill_closes_on, card.bill_due_on) == (date(2026, 10, 28), date(2026, 11, 5))
    assert months(card)["PADARIA"] == "2026-12"
    assert months(card)["ESCOLA 8/12"] == "2027-01"
    report = report_of(card, TODAY)
    assert (report.open.closes_on, report.open.due_on) == (date(2026, 11, 28), date(2026, 12, 5))


def test_payment_that_only_matching_finds_is_no_part_of_a_bill(alice: User, pluggy: LocalPluggy) -> None:
    """The credit looks like a refund until it is matched; only then the bill is seen to be full."""
    paid = {"date": "2026-10-05", "amount": -300, "description": "PAGTO", "categoryId": "05100000"}
    credit = entry("2026-10-05", -300, "CREDITO EM CONTA", NOVEMBER) | {"categoryId": None}
    card = {
        "subtype": "CREDIT_CARD",
        "number": "4009",
        "balance": 30,
        "creditData": DAYS,
        "transactions": [
            credit,
            entry("2026-10-12", 460, "LOJA B", NOVEMBER),
            entry("2026-10-20", 30, "LATE"),
        ],
        "bills": [closed_bill(NOVEMBER, "11", 460)],
    }
    checking = {"subtype": "CHECKING_ACCOUNT", "number": "0001/40090-0", "balance": 0, "transactions": [paid]}
    item = {"connectorId": 9003, "clientUserId": alice.reference, "accounts": [checking, card]}
    item_id = pluggy.control("POST", "/world", items=[item])["items"][0]["id"]
    read = actions.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
    mark_changed(read)
    assert run_sync(read).outcome == "succeeded"
    stored = {each.description: each for each in read.accounts.get(number="4009").transactions.all()}
    assert stored["CREDITO EM CONTA"].kind == "card_payment"
    assert f"{stored['LATE'].cash_month:%Y-%m}" == "2026-12"
    assert monthly_totals.differences() == []
