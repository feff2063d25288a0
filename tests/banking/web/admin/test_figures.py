"""Figures over all users: counts and sums that agree with each user's own pages, and nobody's data."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Connector, Item, SyncRun, SyncState
from banking.ledger.models import Account, CategoryTree
from banking.money.periods import Month, Period
from banking.reports import spending
from banking.reports.operator_figures import MIN_USERS, OperatorFigures, SyncCounts, operator_figures
from banking.reports.transaction_filter import TransactionFilter
from tests.factories import create_account, create_item, store_transactions
from tests.staff import page, sign_in_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
TODAY = date(2026, 11, 29)
OCTOBER = date(2026, 10, 1)


def figures(today: date = TODAY) -> OperatorFigures:
    return operator_figures(now=timezone.now(), today=today)


def create_users(count: int) -> list[User]:
    return [User.objects.create(email=f"user{number}@example.com") for number in range(count)]


def spend(user: User, amount: str, day: str = "2026-10-15", **body: Any) -> Account:
    """Store one transaction of a new account of the user in October 2026."""
    account = create_account(create_item(user))
    store_transactions(account, {"amount": amount, "date": f"{day}T12:00:00Z", **body})
    return account


def test_an_empty_product_has_no_figures() -> None:
    result = figures()
    assert (result.connectors, result.syncs, result.money, result.users.total) == ((), (), (), 0)
    assert result.total.connections == 0


def test_users_are_counted_once_however_many_connections_they_have(alice: User, bob: User) -> None:
    create_item(alice)
    create_item(alice)
    create_item(bob, disconnected_at=timezone.now())
    User.objects.create(email="carol@example.com", is_active=False)
    counts = figures().users
    assert (counts.total, counts.active, counts.connected) == (3, 2, 1)
    assert (figures().total.connections, figures().total.users, figures().disconnecting) == (2, 1, 1)


def test_connections_are_counted_by_institution(alice: User, bob: User) -> None:
    now = timezone.now()
    cerrado = Connector.objects.create(id=7, name="Banco Cerrado", seen_at=now)
    behind, failing, parked, _waiting, _gone, leaving = (
        create_item(alice, **columns)
        for columns in ({}, {}, {}, {"status": "LOGIN_ERROR"}, {"gone_at": now}, {"disconnected_at": now})
    )
    SyncState.objects.filter(item__in=(behind, leaving)).update(dirty_seq=3)
    SyncState.objects.filter(item=failing).update(failing_since=now, dirty_seq=1)
    SyncState.objects.filter(item=parked).update(quarantined_until=now + timedelta(hours=1))
    create_item(bob, connector=cerrado, status="SOMETHING_NEW", gone_at=None)
    aurora, other = figures().connectors
    assert (aurora.name, aurora.connections, aurora.users) == ("Banco Aurora", 5, 1)
    assert (aurora.behind, aurora.failing, aurora.parked, aurora.waiting, aurora.gone) == (2, 1, 1, 1, 1)
    assert (other.name, other.connections, other.waiting) == ("Banco Cerrado", 1, 1)
    assert figures().total.connections == Item.objects.connected().count() == 6


def test_syncs_of_the_last_day_are_summed_by_outcome(alice: User) -> None:
    now, item = timezone.now(), create_item(alice)
    for hours, outcome, read in (
        (1, "succeeded", 5),
        (2, "succeeded", 7),
        (3, "failed", 1),
        (25, "failed", 9),
    ):
        SyncRun.objects.create(
            user=alice, item=item, fence=1, target_seq=1, started_at=now - timedelta(hours=hours),
            outcome=outcome, transactions_read=read, records_written=read, transactions_removed=1,
        )  # fmt: skip
    assert figures().syncs == (SyncCounts("succeeded", 2, 12, 12, 2), SyncCounts("failed", 1, 1, 1, 1))


def test_sums_are_those_of_the_users_own_reports() -> None:
    """Refunds reduce spending; transfers, other months and accounts that are left out count in nothing."""
    users = create_users(MIN_USERS)
    for number, user in enumerate(users):
        spend(user, f"-{100 + number}.10")
    spend(users[0], "40.05", categoryId="11010000")  # a refund
    spend(users[1], "5000.00", categoryId="01010000")
    spend(users[2], "-999.00", day="2026-11-02")
    left_out = spend(users[3], "-777.00")
    Account.objects.filter(id=left_out.id).update(is_left_out=True)
    (sums,) = figures().money
    period, tree = Period.of_month(Month.of(OCTOBER)), CategoryTree.load()
    reports = [spending.figures(TransactionFilter(user, period), tree) for user in users]
    assert sums.spending == sum((figures.spending for report in reports for figures in report), Decimal(0))
    assert sums.spending == Decimal("470.45")
    assert (sums.currency, sums.users, sums.transactions) == ("BRL", MIN_USERS, MIN_USERS + 2)
    assert sums.income == Decimal("5000.00")


def test_fewer_users_have_no_sum(alice: User) -> None:
    """The spending of one person is not shown as the spending of all."""
    for user in create_users(MIN_USERS - 1):
        spend(user, "-100.00")
    for _ in range(3):
        spend(User.objects.get(email="user0@example.com"), "-100.00")
    (sums,) = figures().money
    assert (sums.users, sums.income, sums.spending) == (MIN_USERS - 1, None, None)
    spend(alice, "-0.01")
    assert figures().money[0].spending == Decimal("700.01")


def test_each_currency_has_its_own_sum() -> None:
    users = create_users(MIN_USERS)
    for user in users:
        spend(user, "-10.00")
    dollars = create_account(create_item(users[0]), currency="USD")
    store_transactions(dollars, {"amount": "-3.00", "date": "2026-10-15T12:00:00Z", "currencyCode": "USD"})
    brl, usd = figures().money
    assert (brl.currency, brl.spending) == ("BRL", Decimal(10 * MIN_USERS))
    assert (usd.currency, usd.users, usd.spending) == ("USD", 1, None)


@pytest.mark.parametrize(
    ("today", "month"),
    [(date(2026, 1, 1), date(2025, 12, 1)), (date(2026, 3, 31), date(2026, 2, 1)), (TODAY, OCTOBER)],
)
def test_the_month_is_the_last_complete_one(today: date, month: date) -> None:
    assert figures(today).month == month


def test_the_page_names_nobody(alice: User) -> None:
    account = spend(alice, "-123.45", description="SEGREDO")
    operator = sign_in_staff("operator@example.com", "view_item")
    html = page(operator, reverse("admin:operator_figures"))
    assert "Figures of all users" in html and "Banco Aurora" in html
    for text in ("alice", "SEGREDO", "123,45", str(account.id), str(account.item_id)):
        assert text not in html, text


def test_the_page_is_linked_and_needs_a_permission(alice: User) -> None:
    url = reverse("admin:operator_figures")
    assert url in page(sign_in_staff("operator@example.com", "view_item"), reverse("admin:index"))
    other = sign_in_staff("other@example.com", "view_alert")
    assert url not in page(other, reverse("admin:index"))
    assert other.get(url).status_code == 403
    assert Client().get(url).status_code == 302


def test_the_page_is_in_both_languages(alice: User) -> None:
    operator = sign_in_staff("operator@example.com", "view_item")
    operator.cookies["django_language"] = "pt-br"
    html = page(operator, reverse("admin:operator_figures"))
    assert "Números de todos os usuários" in html and "Syncs of" not in html
