"""Every URL: other users and signed-out visitors see nothing of alice's data."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item
from banking.ledger import bulk_edits
from banking.ledger.edits import BulkChange
from banking.ledger.models import BulkEdit, DoubleListing, Rule, Transaction, TransactionMatch
from tests.factories import create_investment, create_item_with_transactions, store_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


Make = Callable[[Item, Transaction], list[Any]]
# Each URL name of the product with its arguments and its methods. A new URL must be added to one of the tables.
OWNED: dict[str, tuple[Make, str]] = {
    "transaction": (lambda item, transaction: [transaction.id], "GET POST"),
    "bill": (lambda item, transaction: [transaction.account_id, "2026-11"], "GET"),
    "review_match": (lambda item, transaction: [create_suggested_match(transaction).id], "POST"),
    "review_listing": (lambda item, transaction: [create_double_listing(transaction).pk], "POST"),
    "review_owner": (lambda item, transaction: [transaction.id], "POST"),
    "merge_account": (lambda item, transaction: [transaction.account_id], "POST"),
    "close_account": (lambda item, transaction: [transaction.account_id], "POST"),
    "leave_out_account": (lambda item, transaction: [transaction.account_id], "POST"),
    "transaction_category": (lambda item, transaction: [transaction.id], "GET POST"),
    "splits": (lambda item, transaction: [transaction.id], "GET POST"),
    "bulk_edit_progress": (lambda item, transaction: [create_bulk_edit(transaction).pk], "GET"),
    "undo_bulk_edit": (lambda item, transaction: [create_bulk_edit(transaction).pk], "POST"),
    "replacement": (lambda item, transaction: [transaction.id], "POST"),
    "investment": (lambda item, transaction: [create_investment(item).id], "GET"),
    "rule": (lambda item, transaction: [create_rule(item)], "GET POST"),
    "move_rule": (lambda item, transaction: [create_rule(item)], "POST"),
    "delete_rule": (lambda item, transaction: [create_rule(item)], "POST"),
    "connection": (lambda item, transaction: [item.id], "GET"),
    "progress": (lambda item, transaction: [item.id], "GET"),
    "successor": (lambda item, transaction: [item.id], "GET"),
    "read_balance": (lambda item, transaction: [transaction.account_id], "POST"),
    "refresh": (lambda item, transaction: [item.id], "POST"),
    "disconnect": (lambda item, transaction: [item.id], "POST"),
}
# Arguments that no URL has; a random UUID if not listed.
UNKNOWN: dict[str, list[Any]] = {
    "bill": [uuid.uuid4(), "2026-11"],
    **{
        name: [0]
        for name in (
            "review_listing",
            "review_match",
            "bulk_edit_progress",
            "undo_bulk_edit",
            "rule",
            "move_rule",
            "delete_rule",
        )
    },
}


def create_bulk_edit(transaction: Transaction) -> BulkEdit:
    change = BulkChange(hidden=True)
    return bulk_edits.create_for_ids(transaction.user, [transaction.id], change, now=timezone.now())


def create_double_listing(transaction: Transaction) -> DoubleListing:
    return DoubleListing.objects.create(
        user=transaction.user,
        kind=DoubleListing.Kind.ACCOUNT,
        state=DoubleListing.State.SUGGESTED,
        listed_id=transaction.account_id,
        counted_id=uuid.uuid4(),
        evidence="other owner",
        created_at=timezone.now(),
    )


def create_suggested_match(transaction: Transaction) -> TransactionMatch:
    """A suggested match of the transaction and another one of the same user."""
    store_transactions(transaction.account, {"amount": "10.00"})
    other = Transaction.objects.get(account=transaction.account, signed_amount=10)
    values = {
        "kind": TransactionMatch.Kind.TRANSFER,
        "state": TransactionMatch.State.SUGGESTED,
        "evidence": "same amount",
    }
    return TransactionMatch.objects.create(
        user=transaction.user, outflow=transaction, inflow=other, created_at=timezone.now(), **values
    )


PERSONAL = {
    "overview": "GET",
    "overview_json": "GET",
    "transactions": "GET",
    "report_categories": "GET",
    "report_categories_json": "GET",
    "report_merchants": "GET",
    "report_merchants_json": "GET",
    "report_cash_flow": "GET",
    "report_cash_flow_json": "GET",
    "report_pace": "GET",
    "report_pace_json": "GET",
    "report_money_flow": "GET",
    "report_money_flow_json": "GET",
    "rules": "GET",
    "new_rule": "GET POST",
    "export_csv": "GET",
    "export_xlsx": "GET",
    "bulk_edit": "POST",
    "data_version": "GET",
    "cards": "GET",
    "cards_json": "GET",
    "installments": "GET",
    "installments_json": "GET",
    "bills_due": "GET",
    "net_worth": "GET",
    "net_worth_json": "GET",
    "investments": "GET",
    "investments_json": "GET",
    "matches": "GET",
    "connections": "GET",
    "connect": "GET",
    "connect_return": "GET",
    "banks": "GET",
    "connect_token": "POST",
    "claim": "POST",
    "my_data": "GET",
    "download_my_data": "POST",
    "delete_account": "GET POST",
    "keep_account": "POST",
    "preferences": "GET POST",
    "activity": "GET",
    "look": "POST",
}
REPORTS = [name for name in PERSONAL if name.startswith("report_")]
OPEN = {
    "pluggy_webhook",
    "set_language",
    "security_txt",
    "well_known_change_password",
    "undo_email_change",
}


def create_rule(item: Item) -> int:
    now = timezone.now()
    return Rule.objects.create(user=item.user, position=0, created_at=now, text="SEGREDO", hides=True).pk


@pytest.fixture
def alices(alice: User) -> tuple[Item, Transaction]:
    item = create_item_with_transactions(alice, [{"amount": "-10.00", "description": "SEGREDO"}])
    return item, Transaction.objects.get(user=alice)


def url_names() -> set[str]:
    """Return the names of all URLs outside the admin and allauth."""

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> set[str]:
        names: set[str] = set()
        for pattern in patterns:
            path = prefix + str(pattern.pattern)
            if path.startswith(("admin/", "accounts/")):
                continue
            if isinstance(pattern, URLResolver):
                names |= walk(pattern.url_patterns, path)
            else:
                names.add(str(pattern.name))
        return names

    return walk(get_resolver().url_patterns, "")


def test_every_url_is_in_a_table() -> None:
    assert url_names() == {*OWNED, *PERSONAL, *OPEN}


@pytest.mark.parametrize(("name", "method"), [(n, m) for n, (_, ms) in OWNED.items() for m in ms.split()])
def test_the_id_of_another_user_is_404(
    name: str, method: str, alices: tuple[Item, Transaction], as_bob: Client
) -> None:
    url = reverse(name, args=OWNED[name][0](*alices))
    assert as_bob.generic(method, url).status_code == 404


@pytest.mark.parametrize(("name", "method"), [(n, m) for n, (_, ms) in OWNED.items() for m in ms.split()])
def test_an_unknown_id_is_404(name: str, method: str, as_alice: Client) -> None:
    unknown = UNKNOWN.get(name, [uuid.uuid4()])
    assert as_alice.generic(method, reverse(name, args=unknown)).status_code == 404


def test_signed_out_visitors_are_redirected_to_sign_in(alices: tuple[Item, Transaction]) -> None:
    owned = [(reverse(name, args=make(*alices)), ms) for name, (make, ms) in OWNED.items()]
    personal = [(reverse(name), methods) for name, methods in PERSONAL.items()]
    for url, methods in owned + personal:
        for method in methods.split():
            response = Client().generic(method, url)
            assert response.status_code == 302, (method, url)
            assert response["Location"].startswith(reverse("account_login")), (method, url)


@pytest.mark.parametrize("name", ["overview", "overview_json", "transactions", *REPORTS])
@pytest.mark.parametrize("parameter", ["item", "account"])
def test_a_filter_by_data_of_another_user_is_404(
    name: str, parameter: str, alices: tuple[Item, Transaction], as_bob: Client
) -> None:
    item, transaction = alices
    foreign = item.id if parameter == "item" else transaction.account_id
    assert as_bob.get(reverse(name), {parameter: str(foreign)}).status_code == 404
    assert as_bob.get(reverse(name), {"rule": create_rule(item)}).status_code == 404
    assert as_bob.get(reverse(name), {parameter: "../../x"}).status_code == 404


@pytest.mark.parametrize("name", ["transactions", "export_csv"])
def test_a_filter_by_a_rule_of_another_user_is_404(name: str, alice: User, as_bob: Client) -> None:
    rule = Rule.objects.create(user=alice, position=1, created_at=timezone.now(), text="x", hides=True)
    for foreign in (rule.pk, "0", "x", "9" * 30, "-1"):
        assert as_bob.get(reverse(name), {"rule": foreign}).status_code == 404


def test_no_page_shows_data_of_another_user(alices: tuple[Item, Transaction], as_bob: Client) -> None:
    for name in (name for name, methods in PERSONAL.items() if "GET" in methods):
        assert b"SEGREDO" not in b"".join(as_bob.get(reverse(name)))


def test_posts_need_a_csrf_token(alices: tuple[Item, Transaction], alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    owned = [reverse(name, args=make(*alices)) for name, (make, ms) in OWNED.items() if "POST" in ms]
    personal = [reverse(name) for name, methods in PERSONAL.items() if "POST" in methods]
    for url in owned + personal:
        assert strict.post(url).status_code == 403, url


def test_personal_pages_are_never_cached(alices: tuple[Item, Transaction], as_alice: Client) -> None:
    for name in ("overview", "transactions", "connections", "overview_json"):
        assert "no-store" in as_alice.get(reverse(name))["Cache-Control"]


@pytest.mark.parametrize("target", ["//evil.test", "https:evil", "connection", "/\\\\evil", "javascript:x"])
def test_the_appearance_form_redirects_only_to_own_pages(as_alice: Client, target: str) -> None:
    response = as_alice.post(reverse("look"), {"theme": "dark", "next": target})
    assert response.status_code == 302
    assert response["Location"] in ("/", "connection")


def test_invalid_filters_are_no_server_error(as_alice: Client, alices: tuple[Item, Transaction]) -> None:
    for query in (
        {"currency": "\x01"},
        {"q": "\x01"},
        {"tag": "\ufffd"},
        {"min_amount": "1.2.3"},
        {"month": "all"},
        {"month": "9" * 4000},
        {"to": "9999-12-31"},
    ):
        assert as_alice.get(reverse("transactions"), query).status_code == 200
        assert as_alice.get(reverse("overview"), query).status_code == 200
