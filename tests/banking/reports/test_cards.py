"""Card bills: the month in which a transaction is paid, the state of each bill, and installments."""

import html
import re
import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item
from banking.ingest import product_upsert
from banking.ledger import monthly_totals
from banking.ledger.edits import Split
from banking.ledger.models import (
    Account,
    Basis,
    CategoryTree,
    MonthlyTotal,
    Transaction,
    TransactionMatch,
)
from banking.ledger.splits import replace_splits
from banking.money.periods import Month, Period
from banking.pluggy import payloads
from banking.reports import cards
from banking.reports.cards import Card, InstallmentReport, Statement
from banking.reports.transaction_filter import TransactionFilter
from tests.factories import create_account, create_item, store_transactions
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

TODAY = date(2026, 11, 21)
CLOSES, DUE = date(2026, 11, 25), date(2026, 12, 5)


@pytest.fixture
def card(alice: User) -> Account:
    columns: dict[str, Any] = {
        "closes_on": CLOSES,
        "due_on": DUE,
        "credit_limit": 5000,
        "available_limit": 3500,
    }
    return create_account(create_item(alice), type="CREDIT", name="Cartão", **columns)


def bill(card: Account, due: str, total: str = "100.00", **changes: Any) -> str:
    """Store a bill as the bank sends it; return its id. Keys are Pluggy's (camelCase)."""
    body = {
        "id": str(uuid.uuid4()),
        "dueDate": f"{due}T00:00:00.000Z",
        "totalAmount": Decimal(total),
        "totalAmountCurrencyCode": "BRL",
    } | changes
    payload = msgspec.convert(body, payloads.Bill)
    with transaction.atomic():
        result = product_upsert.store_bills(
            card, [payload], roots=CategoryTree.load().roots, now=timezone.now()
        )
        monthly_totals.apply(result.deltas)
    return str(body["id"])


def purchase(card: Account, on: str, amount: str, *, bill: str | None = None, **changes: Any) -> str:
    """Store a purchase; return its id. A card's purchase is positive at the bank."""
    transaction_id = str(uuid.uuid4())
    metadata = {"billId": bill} | changes.pop("metadata", {})
    body = {"id": transaction_id, "date": f"{on}T15:00:00Z", "amount": amount, "type": "DEBIT"}
    store_transactions(card, body | {"creditCardMetadata": metadata} | changes)
    return transaction_id


def month_paid(transaction_id: str) -> str:
    return f"{Transaction.objects.get(id=transaction_id).cash_month:%Y-%m}"


# --- The month of payment ----------------------------------------------------------------------------------


def test_transaction_is_paid_in_the_due_month_of_its_bill_whichever_arrives_first(card: Account) -> None:
    early = str(uuid.uuid4())
    before = purchase(card, "2026-10-20", "30.00", bill=early, metadata={"billForecastDate": "2026-10"})
    assert month_paid(before) == "2026-10"
    bill(card, "2026-11-05", id=early)
    after = purchase(card, "2026-10-21", "12.00", bill=early, metadata={"billForecastDate": "2026-10"})
    assert (month_paid(before), month_paid(after)) == ("2026-11", "2026-11")
    assert monthly_totals.differences() == []


def test_transactions_move_with_the_due_date_of_their_bill(card: Account) -> None:
    bill_id = bill(card, "2026-11-05")
    on_bill = purchase(card, "2026-10-20", "30.00", bill=bill_id)
    other = purchase(card, "2026-10-20", "7.00")
    bill(card, "2026-12-01", id=bill_id)
    assert (month_paid(on_bill), month_paid(other)) == ("2026-12", "2026-11")
    assert monthly_totals.differences() == []


def test_bill_with_the_same_due_date_changes_no_monthly_total(card: Account) -> None:
    bill_id = bill(card, "2026-11-05")
    purchase(card, "2026-10-20", "30.00", bill=bill_id)
    before = set(MonthlyTotal.objects.values_list("id", "total"))
    bill(card, "2026-11-05", "123.00", id=bill_id)
    assert set(MonthlyTotal.objects.values_list("id", "total")) == before


# --- The sum of a bill and its payments --------------------------------------------------------------------


def payment(card: Account, on: str, amount: str) -> str:
    """Store a payment that the card received; return its id."""
    return purchase(card, on, f"-{amount}", type="CREDIT", categoryId="05100000", description="PAGAMENTO")


def report_of(card: Account, today: date = TODAY) -> Card:
    (report,) = cards.cards_of(TransactionFilter(card.user, Period.of_month(Month.of(today))), today=today)
    return report


def newest_closed(card: Account, today: date = TODAY) -> Statement:
    return report_of(card, today).closed[0]


def test_open_bill_is_the_sum_of_its_transactions(card: Account) -> None:
    purchase(card, "2026-11-10", "30.00")
    purchase(card, "2026-11-24", "12.50")
    purchase(card, "2026-11-26", "99.00")
    payment(card, "2026-11-05", "80.00")
    bill(card, "2026-11-05", "80.00")
    report = report_of(card)
    opened = report.open
    assert (opened.month, opened.total, opened.transaction_count) == (Month(2026, 12), Decimal("42.50"), 2)
    assert (opened.closes_on, opened.due_on, opened.days_left) == (CLOSES, DUE, 14)
    assert opened.bill is None and opened.state == "open"
    assert [(statement.month, statement.total, statement.state) for statement in report.coming] == [
        (Month(2027, 1), Decimal("99.00"), "future")
    ]
    assert (report.used, report.limit) == (Decimal(1500), Decimal(5000))


def test_open_bill_is_after_the_last_closed_bill_although_the_cards_dates_are_old(card: Account) -> None:
    bill(card, "2026-12-05")
    assert report_of(card).open.month == Month(2027, 1)


@pytest.mark.parametrize(
    ("today", "payments", "state", "unpaid"),
    [
        ("2026-11-03", [], "unpaid", "100.00"),
        ("2026-11-06", [], "overdue", "100.00"),
        ("2026-11-06", ["2026-11-05 40.00"], "partly", "60.00"),
        ("2026-11-06", ["2026-11-05 40.00", "2026-11-17 60.00"], "paid", "0.00"),
        ("2026-11-06", ["2026-10-20 100.00"], "overdue", "100.00"),  # it paid the previous bill
        ("2026-11-06", ["2026-11-26 100.00"], "overdue", "100.00"),  # it paid the next bill
    ],
)
def test_payments_of_a_bill_are_those_before_the_next_closing(
    card: Account, today: str, payments: list[str], state: str, unpaid: str
) -> None:
    bill(card, "2026-11-05", billClosingDate="2026-10-25T00:00:00.000Z")
    for date_and_amount in payments:
        payment(card, *date_and_amount.split())
    statement = newest_closed(card, date.fromisoformat(today))
    assert (statement.state, statement.unpaid) == (state, Decimal(unpaid))


def test_payment_in_the_bill_and_among_the_transactions_counts_once(card: Account) -> None:
    in_bill = {"paymentDate": "2026-11-05T00:00:00Z", "amount": Decimal("100.00"), "paymentMode": "PIX"}
    bill(card, "2026-11-05", payments=[in_bill, in_bill])
    payment(card, "2026-11-05", "100.00")
    assert (newest_closed(card).paid, newest_closed(card).state) == (Decimal("100.00"), "paid")


def test_duplicate_credit_pays_once(card: Account) -> None:
    bill(card, "2026-11-05", "200.00")
    first, second = payment(card, "2026-11-05", "100.00"), payment(card, "2026-11-05", "100.00")
    match = TransactionMatch.objects.create(
        user=card.user,
        kind="duplicate",
        state="suggested",
        outflow_id=first,
        inflow_id=second,
        created_at=timezone.now(),
    )
    assert newest_closed(card).state == "partly"
    match.state = TransactionMatch.State.REJECTED
    match.save()
    assert newest_closed(card).state == "paid"


def test_old_bill_without_a_known_payment_is_not_called_overdue(card: Account) -> None:
    bill(card, "2026-10-05")
    bill(card, "2026-11-05", "0.00")
    assert [statement.state for statement in report_of(card).closed] == ["nothing", "unseen"]
    assert cards.bills_due([report_of(card)]) == []


def test_bill_due_on_a_weekend_is_not_overdue_before_tuesday(card: Account) -> None:
    bill(card, "2026-11-14")  # a Saturday
    states = [newest_closed(card, date(2026, 11, day)).state for day in (14, 16, 17)]
    assert states == ["unpaid", "unpaid", "overdue"]


def test_month_that_the_bank_does_not_list_is_the_sum_of_its_transactions(card: Account) -> None:
    purchase(card, "2026-08-10", "30.00")
    (statement,) = report_of(card).closed
    assert (statement.month, statement.state, statement.total) == (
        Month(2026, 9), "unlisted", Decimal("30.00"),
    )  # fmt: skip


def test_difference_to_the_banks_total_is_shown_and_explained(card: Account, as_alice: Client) -> None:
    charge = {"type": "LATE_PAYMENT_FEE", "amount": Decimal("2.00")}
    bill_id = bill(card, "2026-11-05", "102.00", financeCharges=[charge])
    purchase(card, "2026-10-20", "100.00", bill=bill_id)
    statement = newest_closed(card)
    assert (statement.owed, statement.difference, statement.charges) == (Decimal(100), Decimal(2), Decimal(2))
    purchase(card, "2026-10-21", "7.00")
    detail = cards.bill_detail(card.user, card.id, "2026-11", today=TODAY)
    assert (detail.statement.difference, detail.unbilled) == (Decimal(-5), Decimal(7))
    page = as_alice.get(reverse("bill", args=[card.id, "2026-11"]))
    assert "Multa por atraso" in page.content.decode()


def test_two_bills_in_one_month_have_separate_transactions(card: Account, as_alice: Client) -> None:
    early, late = bill(card, "2026-11-02", "30.00"), bill(card, "2026-11-30", "12.00")
    purchase(card, "2026-10-20", "30.00", bill=early)
    purchase(card, "2026-11-20", "12.00", bill=late)
    purchase(card, "2026-10-22", "5.00")  # without a bill id
    closed = report_of(card).closed
    assert [(statement.name, statement.owed) for statement in reversed(closed)] == [
        (early, Decimal(30)),
        (late, Decimal(12)),
        ("2026-11", Decimal(5)),
    ]
    for statement in closed:
        assert owed_by_transactions(statement.filters) == statement.owed
        assert as_alice.get(reverse("bill", args=[card.id, statement.name])).status_code == 200


def owed_by_transactions(filters: TransactionFilter) -> Decimal:
    """Return the sum of the transactions that the filter selects, money out positive."""
    selected = filters.transactions(CategoryTree.load())
    return sum((-transaction.signed_amount for transaction in selected), Decimal(0))


def test_bill_that_is_listed_twice_is_shown_once(card: Account) -> None:
    bill_id = bill(card, "2026-11-05", "30.00")
    bill(card, "2026-11-05", "30.00")
    purchase(card, "2026-10-20", "30.00", bill=bill_id)
    (statement,) = report_of(card).closed
    assert (statement.name, statement.difference) == ("2026-11", Decimal(0))


def test_bill_detail_has_the_previous_and_the_next_bill(card: Account) -> None:
    for due in ("2026-09-05", "2026-10-05", "2026-11-05"):
        bill(card, due)
    detail = cards.bill_detail(card.user, card.id, "2026-10", today=TODAY)
    assert detail.previous and detail.next
    assert (detail.previous.name, detail.next.name) == ("2026-09", "2026-11")
    first = cards.bill_detail(card.user, card.id, "2026-09", today=TODAY)
    last = cards.bill_detail(card.user, card.id, "2026-12", today=TODAY)
    assert (first.previous, last.next) == (None, None)


@pytest.mark.parametrize("name", ["2019-01", "2026-99", "x", str(uuid.UUID(int=7))])
def test_unknown_bill_is_not_found(card: Account, as_alice: Client, name: str) -> None:
    assert as_alice.get(reverse("bill", args=[card.id, name])).status_code == 404


def test_both_bases_count_the_same_transactions(card: Account) -> None:
    for month in range(1, 13):
        purchase(card, f"2025-{month:02}-15", f"{month}.10")
    of_card = MonthlyTotal.objects.filter(account=card)
    sums = {basis: of_card.filter(basis=basis).aggregate(sum=Sum("total"))["sum"] for basis in Basis}
    assert sums[Basis.CASH] == sums[Basis.ACCRUAL] == Decimal("-79.20")


# --- Installments ------------------------------------------------------------------------------------------


def installment(
    card: Account, number: int, count: int, on: str, amount: str = "50.00", **changes: Any
) -> str:
    """Store installment `number` of `count`; return its id."""
    metadata = {"installmentNumber": number, "totalInstallments": count} | changes.pop("metadata", {})
    text = {"description": f"LOJA DO BAIRRO {number:02}/{count:02}"}
    return purchase(card, on, amount, **(text | changes), metadata=metadata)


def installments_of(card: Account, today: date = TODAY) -> InstallmentReport:
    return cards.installment_report(card.user, [report_of(card, today)])


def test_installments_that_the_bank_has_not_sent_are_expected(card: Account) -> None:
    for number, month in ((2, "09"), (3, "10"), (4, "11")):
        installment(card, number, 6, f"2026-{month}-10")
    (bought,) = installments_of(card).purchases
    assert (bought.title, bought.done_count, bought.count) == ("LOJA DO BAIRRO", 3, 6)
    assert bought.remaining == Decimal(150)
    assert [(coming.number, str(coming.month), coming.is_expected) for coming in bought.coming] == [
        (4, "2026-12", False),
        (5, "2027-01", True),
        (6, "2027-02", True),
    ]
    months = [(str(month.month), month.known, month.expected) for month in installments_of(card).months]
    fifty, nothing = Decimal(50), Decimal(0)
    assert months == [
        ("2026-12", fifty, nothing),
        ("2027-01", nothing, fifty),
        ("2027-02", nothing, fifty),
    ]
    assert not MonthlyTotal.objects.filter(month__gte="2027-01-01").exists()


def test_installments_that_the_bank_sent_ahead_are_counted_from_transactions(card: Account) -> None:
    for number in range(3):
        forecast = {"billForecastDate": str(Month(2026, 12) + number)}
        installment(card, number + 1, 3, "2026-11-10", metadata=forecast)
    report = installments_of(card)
    assert [(month.known, month.expected) for month in report.months] == [(Decimal(50), Decimal(0))] * 3
    for month in report.months:
        assert owed_by_transactions(month.filters) == month.known
    assert report.totals == {"BRL": Decimal(150)}


def test_purchase_without_an_installment_on_the_last_bill_has_ended(card: Account) -> None:
    installment(card, 2, 6, "2026-09-10")
    assert installments_of(card).purchases == ()
    assert installments_of(card, date(2026, 10, 21)).purchases != ()


def remaining_amounts(card: Account) -> list[Decimal]:
    return sorted(bought.remaining for bought in installments_of(card).purchases)


def test_two_purchases_that_look_the_same_are_counted_as_two(card: Account) -> None:
    for _ in range(2):
        installment(card, 2, 3, "2026-11-10")
        installment(card, 1, 3, "2026-10-10")
    assert remaining_amounts(card) == [Decimal(100), Decimal(100)]


def test_purchases_of_different_months_at_one_shop_are_counted_separately(card: Account) -> None:
    installment(card, 3, 4, "2026-11-10")
    installment(card, 2, 4, "2026-11-11", "70.00")
    installment(card, 1, 4, "2026-10-11", "70.00")
    assert remaining_amounts(card) == [Decimal(100), Decimal(210)]


def test_refund_of_the_purchase_ends_its_installments(card: Account) -> None:
    first = installment(card, 1, 4, "2026-10-10")
    installment(card, 2, 4, "2026-11-10")
    refund = purchase(card, "2026-11-15", "-200.00", type="CREDIT", description="ESTORNO LOJA")
    assert installments_of(card).totals == {"BRL": Decimal(150)}
    TransactionMatch.objects.create(
        user=card.user,
        kind="refund",
        state="automatic",
        outflow_id=first,
        inflow_id=refund,
        created_at=timezone.now(),
    )
    assert installments_of(card).totals == {"BRL": Decimal(50)}


def test_installment_with_a_split_is_still_one_installment(card: Account) -> None:
    parent = Transaction.objects.select_related("account__item__connector").get(
        id=installment(card, 1, 2, "2026-11-10")
    )
    replace_splits(parent, [Split(Decimal("20.00"))])
    (bought,) = installments_of(card).purchases
    assert [part.amount for part in bought.installments] == [Decimal(50), Decimal(50)]


# --- With the local Pluggy ---------------------------------------------------------------------------------


@pytest.mark.parametrize("connector", [9001, 9003, 2])
def test_bills_have_the_sums_and_payments_that_the_bank_sends(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item], connector: int
) -> None:
    item = connect(alice, connector=connector)
    card = item.accounts.get(type="CREDIT")
    closed = [statement for statement in report_of(card, timezone.localdate()).closed if statement.bill]
    assert len(closed) > 5
    for statement in closed:
        assert statement.bill is not None
        assert statement.difference in (0, statement.charges), (statement.month, statement.difference)
        assert owed_by_transactions(statement.filters) == statement.owed
        bill_ids = statement.filters.transactions(CategoryTree.load()).values_list("bill_id", flat=True)
        assert set(bill_ids) == {statement.bill.id}
        assert statement.unpaid == 0 or statement.state == ("partly" if statement.paid else "unpaid")
    assert monthly_totals.differences() == []


def test_bill_that_the_bank_closes_is_shown_as_closed(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item]
) -> None:
    item = connect(alice)
    card = item.accounts.get(type="CREDIT")
    pluggy.add_transaction(str(item.id), description="PADARIA", amount="-50.00", accountType="CREDIT_CARD")
    pluggy.control("POST", f"/items/{item.id}/close-bill")
    mark_changed(item)
    run_sync(item)
    report = report_of(card, timezone.localdate())
    assert report.closed[0].state == "unpaid" and report.closed[0].difference == 0
    assert report.open.month > report.closed[0].month
    assert monthly_totals.differences() == []


def test_card_pages_make_few_queries_however_long_the_history(
    alice: User, pluggy: LocalPluggy, connect: Callable[..., Item], as_alice: Client
) -> None:
    connect(alice)
    this_month = TransactionFilter(alice, Period.of_month(Month.of(timezone.localdate())))
    with CaptureQueriesContext(connection) as queries:
        reports = cards.cards_of(this_month, today=timezone.localdate())
        cards.installment_report(alice, reports)
    assert len(queries) == 6
    for url in (
        reverse("cards"),
        reverse("installments"),
        reverse("bills_due"),
        reverse("bill", args=[reports[0].account.id, reports[0].closed[0].name]),
    ):
        with CaptureQueriesContext(connection) as queries:
            page = as_alice.get(url)
        assert len(queries) <= 13, url
        check_links(as_alice, page.content.decode())


def check_links(client: Client, page: str) -> None:
    """Check that each amount with a link to transactions is their sum."""
    links = re.findall(r'<a[^>]*href="(/transactions/\?[^"]*)"[^>]*>((?:(?!</a>).)*?)</a>', page, re.DOTALL)
    for url, inside in links:
        amounts = re.findall(r'class="money[^"]*" value="([^"]*)"', inside)
        if len(amounts) == 1:
            totals = client.get(html.unescape(url)).context["page"].totals
            sign = -1 if "measure=spending" in url or "measure=billed" in url else 1
            assert sum(sign * total.total for total in totals) == Decimal(amounts[0]), url
