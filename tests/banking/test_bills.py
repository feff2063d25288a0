"""Bills: rows are paid with the bill that carries them, and each bill says what is on it and what is paid."""

import html
import re
import uuid
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
from banking import rollups
from banking.models import Account, Basis, CategoryTree, Link, MonthTotal, Transaction
from banking.models.rollups import Delta
from banking.periods import Month, Period
from banking.pluggy import payloads
from banking.reports import cards
from banking.reports.cards.instalments import Instalments
from banking.reports.cards.statement import Card, Statement
from banking.reports.scope import Scope
from banking.upsert import parts, products
from banking.upsert.conclusions import conclude
from tests.localpluggy import LocalPluggy
from tests.payloads import bound_item
from tests.rows import an_account, write
from tests.syncing import changed, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

TODAY = date(2026, 11, 21)
CLOSES, DUE = date(2026, 11, 25), date(2026, 12, 5)


@pytest.fixture
def card(alice: User) -> Account:
    days = {"closes_on": CLOSES, "due_on": DUE, "credit_limit": 5000, "available_limit": 3500}
    return an_account(bound_item(alice), type="CREDIT", name="Cartão", **days)


def bill(card: Account, due: str, total: str = "100.00", **changes: Any) -> str:
    """Arrives from the bank; gives its id. Keys are Pluggy's (camelCase)."""
    body = {
        "id": str(uuid.uuid4()),
        "dueDate": f"{due}T00:00:00.000Z",
        "totalAmount": Decimal(total),
        "totalAmountCurrencyCode": "BRL",
    } | changes
    found = msgspec.convert(body, payloads.Bill)
    with transaction.atomic():
        changed = products.bills(card, [found], roots=CategoryTree.load().roots, now=timezone.now())
        rollups.apply(changed.deltas)
    return str(body["id"])


def bought(card: Account, on: str, amount: str, *, bill: str | None = None, **changes: Any) -> str:
    """A purchase of so much (a card's purchase is positive at the bank); gives its id."""
    row_id = str(uuid.uuid4())
    metadata = {"billId": bill} | changes.pop("metadata", {})
    body = {"id": row_id, "date": f"{on}T15:00:00Z", "amount": amount, "type": "DEBIT"}
    write(card, body | {"creditCardMetadata": metadata} | changes)
    return row_id


def paid_in(row_id: str) -> str:
    return f"{Transaction.objects.get(id=row_id).month_cash:%Y-%m}"


# --- The month of payment ----------------------------------------------------------------------------


def test_a_row_is_paid_when_its_bill_is_due_whichever_arrives_first(card: Account) -> None:
    early = str(uuid.uuid4())
    before = bought(card, "2026-10-20", "30.00", bill=early, metadata={"billForecastDate": "2026-10"})
    assert paid_in(before) == "2026-10"
    bill(card, "2026-11-05", id=early)
    after = bought(card, "2026-10-21", "12.00", bill=early, metadata={"billForecastDate": "2026-10"})
    assert (paid_in(before), paid_in(after)) == ("2026-11", "2026-11")
    assert rollups.differences() == []


def test_rows_move_with_the_due_day_of_their_bill(card: Account) -> None:
    mine = bill(card, "2026-11-05")
    row, other = bought(card, "2026-10-20", "30.00", bill=mine), bought(card, "2026-10-20", "7.00")
    bill(card, "2026-12-01", id=mine)
    assert (paid_in(row), paid_in(other)) == ("2026-12", "2026-11")
    assert rollups.differences() == []


def test_a_bill_that_did_not_move_moves_nothing(card: Account) -> None:
    mine = bill(card, "2026-11-05")
    bought(card, "2026-10-20", "30.00", bill=mine)
    seen = set(MonthTotal.objects.values_list("id", "total"))
    bill(card, "2026-11-05", "123.00", id=mine)
    assert set(MonthTotal.objects.values_list("id", "total")) == seen


# --- What is on a bill, and what is paid -------------------------------------------------------------


def paid(card: Account, on: str, amount: str) -> str:
    """The card has received so much."""
    return bought(card, on, f"-{amount}", type="CREDIT", categoryId="05100000", description="PAGAMENTO")


def seen(card: Account, today: date = TODAY) -> Card:
    (found,) = cards.cards(Scope(card.user, Period.of_month(Month.of(today))), today=today)
    return found


def newest(card: Account, today: date = TODAY) -> Statement:
    return seen(card, today).closed[0]


def test_the_open_bill_is_estimated_from_its_rows(card: Account) -> None:
    bought(card, "2026-11-10", "30.00")
    bought(card, "2026-11-24", "12.50")
    bought(card, "2026-11-26", "99.00")
    paid(card, "2026-11-05", "80.00")
    bill(card, "2026-11-05", "80.00")
    found = seen(card)
    assert (found.open.month, found.open.total, found.open.rows) == (Month(2026, 12), Decimal("42.50"), 2)
    assert (found.open.closes_on, found.open.due_on, found.open.days_left) == (CLOSES, DUE, 14)
    assert found.open.bill is None and found.open.state == "open"
    assert [(one.month, one.total, one.state) for one in found.coming] == [
        (Month(2027, 1), Decimal("99.00"), "future")
    ]
    assert (found.used, found.limit) == (Decimal(1500), Decimal(5000))


def test_a_bill_that_closed_before_the_cards_days_moved_on_is_not_the_open_one(card: Account) -> None:
    bill(card, "2026-12-05")
    assert seen(card).open.month == Month(2027, 1)


@pytest.mark.parametrize(
    ("today", "payments", "state", "rest"),
    [
        ("2026-11-03", [], "unpaid", "100.00"),
        ("2026-11-06", [], "overdue", "100.00"),
        ("2026-11-06", ["2026-11-05 40.00"], "partly", "60.00"),
        ("2026-11-06", ["2026-11-05 40.00", "2026-11-17 60.00"], "paid", "0.00"),
        ("2026-11-06", ["2026-10-20 100.00"], "overdue", "100.00"),  # it paid the bill before
        ("2026-11-06", ["2026-11-26 100.00"], "overdue", "100.00"),  # and this one the next
    ],
)
def test_what_is_paid_is_what_the_card_received_until_the_next_closing(
    card: Account, today: str, payments: list[str], state: str, rest: str
) -> None:
    bill(card, "2026-11-05", billClosingDate="2026-10-25T00:00:00.000Z")
    for payment in payments:
        paid(card, *payment.split())
    found = newest(card, date.fromisoformat(today))
    assert (found.state, found.rest) == (state, Decimal(rest))


def test_the_banks_own_payments_and_the_cards_rows_tell_of_the_same_money(card: Account) -> None:
    told = {"paymentDate": "2026-11-05T00:00:00Z", "amount": Decimal("100.00"), "paymentMode": "PIX"}
    bill(card, "2026-11-05", payments=[told, told])
    paid(card, "2026-11-05", "100.00")
    assert (newest(card).paid, newest(card).state) == (Decimal("100.00"), "paid")


def test_a_doubled_credit_pays_once(card: Account) -> None:
    bill(card, "2026-11-05", "200.00")
    first, again = paid(card, "2026-11-05", "100.00"), paid(card, "2026-11-05", "100.00")
    link = Link.objects.create(
        user=card.user,
        kind="duplicate",
        state="suggested",
        out_id=first,
        into_id=again,
        found_at=timezone.now(),
    )
    assert newest(card).state == "partly"
    link.state = Link.State.REJECTED
    link.save()
    assert newest(card).state == "paid"


def test_of_an_old_bill_without_a_known_payment_nothing_is_claimed(card: Account) -> None:
    bill(card, "2026-10-05")
    bill(card, "2026-11-05", "0.00")
    assert [one.state for one in seen(card).closed] == ["nothing", "unseen"]
    assert cards.due([seen(card)]) == []


def test_what_is_due_at_a_weekend_is_not_overdue_before_tuesday(card: Account) -> None:
    bill(card, "2026-11-14")  # a Saturday
    states = [newest(card, date(2026, 11, day)).state for day in (14, 16, 17)]
    assert states == ["unpaid", "unpaid", "overdue"]


def test_a_month_that_the_bank_has_not_billed_is_an_estimate(card: Account) -> None:
    bought(card, "2026-08-10", "30.00")
    (found,) = seen(card).closed
    assert (found.month, found.state, found.total) == (Month(2026, 9), "unlisted", Decimal("30.00"))


def test_the_difference_of_the_banks_total_is_shown_and_explained(card: Account, as_alice: Client) -> None:
    charge = {"type": "LATE_PAYMENT_FEE", "amount": Decimal("2.00")}
    mine = bill(card, "2026-11-05", "102.00", financeCharges=[charge])
    bought(card, "2026-10-20", "100.00", bill=mine)
    found = newest(card)
    assert (found.owed, found.difference, found.charges) == (Decimal(100), Decimal(2), Decimal(2))
    bought(card, "2026-10-21", "7.00")
    detail = cards.detail(card.user, card.id, "2026-11", today=TODAY)
    assert (detail.statement.difference, detail.unbilled) == (Decimal(-5), Decimal(7))
    page = as_alice.get(reverse("bill", args=[card.id, "2026-11"]))
    assert "Multa por atraso" in page.content.decode()


def test_two_bills_in_one_month_keep_their_rows_apart(card: Account, as_alice: Client) -> None:
    early, late = bill(card, "2026-11-02", "30.00"), bill(card, "2026-11-30", "12.00")
    bought(card, "2026-10-20", "30.00", bill=early)
    bought(card, "2026-11-20", "12.00", bill=late)
    bought(card, "2026-10-22", "5.00")  # the bank has not said on which
    found = seen(card)
    assert [(one.name, one.owed) for one in reversed(found.closed)] == [
        (early, Decimal(30)),
        (late, Decimal(12)),
        ("2026-11", Decimal(5)),
    ]
    for one in found.closed:
        assert sum(-row.flow for row in one.scope.rows(CategoryTree.load())) == one.owed
        assert as_alice.get(reverse("bill", args=[card.id, one.name])).status_code == 200


def test_a_bill_that_is_listed_twice_is_one_bill(card: Account) -> None:
    mine = bill(card, "2026-11-05", "30.00")
    bill(card, "2026-11-05", "30.00")
    bought(card, "2026-10-20", "30.00", bill=mine)
    (found,) = seen(card).closed
    assert (found.name, found.difference) == ("2026-11", Decimal(0))


def test_a_bill_knows_its_neighbours(card: Account) -> None:
    for due in ("2026-09-05", "2026-10-05", "2026-11-05"):
        bill(card, due)
    found = cards.detail(card.user, card.id, "2026-10", today=TODAY)
    assert found.previous and found.next
    assert (found.previous.name, found.next.name) == ("2026-09", "2026-11")
    first = cards.detail(card.user, card.id, "2026-09", today=TODAY)
    last = cards.detail(card.user, card.id, "2026-12", today=TODAY)
    assert (first.previous, last.next) == (None, None)


@pytest.mark.parametrize("name", ["2019-01", "2026-99", "x", str(uuid.UUID(int=7))])
def test_a_bill_that_is_not_there_is_not_found(card: Account, as_alice: Client, name: str) -> None:
    assert as_alice.get(reverse("bill", args=[card.id, name])).status_code == 404


def test_both_bases_count_the_same_rows(card: Account) -> None:
    for month in range(1, 13):
        bought(card, f"2025-{month:02}-15", f"{month}.10")
    of_card = MonthTotal.objects.filter(account=card)
    sums = {basis: of_card.filter(basis=basis).aggregate(sum=Sum("total"))["sum"] for basis in Basis}
    assert sums[Basis.CASH] == sums[Basis.COMPETENCE] == Decimal("-79.20")


# --- Instalments -------------------------------------------------------------------------------------


def part(card: Account, number: int, of: int, on: str, amount: str = "50.00", **changes: Any) -> str:
    metadata = {"installmentNumber": number, "totalInstallments": of} | changes.pop("metadata", {})
    text = {"description": f"LOJA DO BAIRRO {number:02}/{of:02}"}
    return bought(card, on, amount, **(text | changes), metadata=metadata)


def committed(card: Account, today: date = TODAY) -> Instalments:
    return cards.instalments(card.user, [seen(card, today)])


def test_what_the_bank_has_not_sent_is_expected(card: Account) -> None:
    for number, month in ((2, "09"), (3, "10"), (4, "11")):
        part(card, number, 6, f"2026-{month}-10")
    (found,) = committed(card).purchases
    assert (found.title, found.done, found.of, found.left) == ("LOJA DO BAIRRO", 3, 6, Decimal(150))
    assert [(one.number, str(one.month), one.is_expected) for one in found.coming] == [
        (4, "2026-12", False),
        (5, "2027-01", True),
        (6, "2027-02", True),
    ]
    loads = [(str(one.month), one.known, one.expected) for one in committed(card).loads]
    assert loads == [("2026-12", 50, 0), ("2027-01", 0, 50), ("2027-02", 0, 50)]
    assert not MonthTotal.objects.filter(month__gte="2027-01-01").exists()


def test_what_the_bank_sent_ahead_is_counted_from_its_rows(card: Account) -> None:
    for number in range(3):
        part(card, number + 1, 3, "2026-11-10", metadata={"billForecastDate": str(Month(2026, 12) + number)})
    found = committed(card)
    assert [(one.known, one.expected) for one in found.loads] == [(50, 0)] * 3
    for load in found.loads:
        assert sum(-row.flow for row in load.scope.rows(CategoryTree.load())) == load.known
    assert found.totals == {"BRL": Decimal(150)}


def test_a_purchase_that_missed_a_bill_has_ended(card: Account) -> None:
    part(card, 2, 6, "2026-09-10")
    assert committed(card).purchases == ()
    assert committed(card, date(2026, 10, 21)).purchases != ()


def test_two_purchases_that_look_the_same_are_two(card: Account) -> None:
    for _ in range(2):
        part(card, 2, 3, "2026-11-10")
        part(card, 1, 3, "2026-10-10")
    assert [one.left for one in committed(card).purchases] == [Decimal(100), Decimal(100)]


def test_a_purchase_each_month_at_the_same_shop_are_different_ones(card: Account) -> None:
    part(card, 3, 4, "2026-11-10")
    part(card, 2, 4, "2026-11-11", "70.00")
    part(card, 1, 4, "2026-10-11", "70.00")
    assert sorted(one.left for one in committed(card).purchases) == [Decimal(100), Decimal(210)]


def test_a_refund_of_the_purchase_ends_it(card: Account) -> None:
    first = part(card, 1, 4, "2026-10-10")
    part(card, 2, 4, "2026-11-10")
    back = bought(card, "2026-11-15", "-200.00", type="CREDIT", description="ESTORNO LOJA")
    assert committed(card).totals == {"BRL": Decimal(150)}
    Link.objects.create(
        user=card.user, kind="refund", state="found", out_id=first, into_id=back, found_at=timezone.now()
    )
    assert committed(card).totals == {"BRL": Decimal(50)}


def test_a_part_that_was_split_is_one_part_of_its_purchase(card: Account) -> None:
    row = Transaction.objects.select_related("account__item__connector").get(
        id=part(card, 1, 2, "2026-11-10")
    )
    split(row, "20.00")
    (found,) = committed(card).purchases
    assert [one.amount for one in found.parts] == [Decimal(50), Decimal(50)]


def split(row: Transaction, value: str) -> None:
    """As the person does: a part of the row counts by itself."""
    roots = CategoryTree.load().roots
    with transaction.atomic():
        apart = parts.make(row, Decimal(value))
        apart.save()
        moved = [*Delta.of(apart, sign=1), *conclude(row.account, [row], roots=roots).deltas]
        rollups.apply(moved)


# --- The local Pluggy --------------------------------------------------------------------------------


@pytest.mark.parametrize("bank", [9001, 9003, 2])
def test_the_bills_of_a_bank_are_told_as_the_bank_tells_them(
    alice: User, pluggy: LocalPluggy, connect: Any, bank: int
) -> None:
    item = connect(alice, connector=bank)
    card = item.accounts.get(type="CREDIT")
    today = timezone.localdate()
    closed = [one for one in seen(card, today).closed if one.bill]
    assert len(closed) > 5
    for one in closed:
        assert one.bill and one.difference in (0, one.charges), (one.month, one.difference)
        rows = one.scope.rows(CategoryTree.load())
        assert sum(-row.flow for row in rows) == one.owed
        assert {row.bill_id for row in rows} == {one.bill.id}
        assert one.rest == 0 or one.state == ("partly" if one.paid else "unpaid")
    assert rollups.differences() == []


def test_a_bill_that_closes_now_is_closed_here(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    card = item.accounts.get(type="CREDIT")
    pluggy.spend(str(item.id), description="PADARIA", amount="-50.00", accountType="CREDIT_CARD")
    pluggy.control("POST", f"/items/{item.id}/close-bill")
    changed(item)
    run(item)
    found = seen(card, timezone.localdate())
    assert found.closed[0].state == "unpaid" and found.closed[0].difference == 0
    assert found.open.month > found.closed[0].month
    assert rollups.differences() == []


def test_the_pages_ask_little_whatever_the_history(
    alice: User, pluggy: LocalPluggy, connect: Any, as_alice: Client
) -> None:
    connect(alice)
    everything = Scope(alice, Period.of_month(Month.of(timezone.localdate())))
    with CaptureQueriesContext(connection) as asked:
        found = cards.cards(everything, today=timezone.localdate())
        cards.instalments(alice, found)
    assert len(asked) == 6
    for address in (
        reverse("cards"),
        reverse("instalments"),
        reverse("bills_due"),
        reverse("bill", args=[found[0].account.id, found[0].closed[0].name]),
    ):
        with CaptureQueriesContext(connection) as asked:
            page = as_alice.get(address)
        assert len(asked) <= 12, address
        check_links(as_alice, page.content.decode())


def check_links(client: Client, page: str) -> None:
    """Each amount that leads to rows is their sum."""
    found = re.findall(r'<a[^>]*href="(/transactions/\?[^"]*)"[^>]*>((?:(?!</a>).)*?)</a>', page, re.DOTALL)
    for url, inside in found:
        amounts = re.findall(r'class="money[^"]*" value="([^"]*)"', inside)
        if len(amounts) == 1:
            totals = client.get(html.unescape(url)).context["listing"].totals
            sign = -1 if "counts=spending" in url or "counts=billed" in url else 1
            assert sum(sign * one.flow for one in totals) == Decimal(amounts[0]), url
