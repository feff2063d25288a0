"""Every address, seen by somebody who is not signed in and by a stranger: nothing of alice's."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import User
from banking.actions import edits
from banking.models import Edit, Item, Link, Rule, Transaction
from tests.rows import an_investment, store_rows, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


Make = Callable[[Item, Transaction], list[Any]]
# Each address of the product: its arguments, and its methods. A new address must be added here.
OWNED: dict[str, tuple[Make, str]] = {
    "transaction": (lambda item, row: [row.id], "GET POST"),
    "bill": (lambda item, row: [row.account_id, "2026-11"], "GET"),
    "suggestion": (lambda item, row: [_asked(row).id], "POST"),
    "row_category": (lambda item, row: [row.id], "GET POST"),
    "parts": (lambda item, row: [row.id], "GET POST"),
    "undo_edit": (lambda item, row: [an_edit(row).pk], "POST"),
    "reappearance": (lambda item, row: [row.id], "POST"),
    "investment": (lambda item, row: [an_investment(item).id], "GET"),
    "rule": (lambda item, row: [a_rule(item)], "GET POST"),
    "move_rule": (lambda item, row: [a_rule(item)], "POST"),
    "delete_rule": (lambda item, row: [a_rule(item)], "POST"),
    "connection": (lambda item, row: [item.id], "GET"),
    "progress": (lambda item, row: [item.id], "GET"),
    "refresh": (lambda item, row: [item.id], "POST"),
    "disconnect": (lambda item, row: [item.id], "POST"),
}
# What is not there; a uuid where nothing else is said.
UNKNOWN: dict[str, list[Any]] = {
    "bill": [uuid.uuid4(), "2026-11"],
    **{name: [0] for name in ("suggestion", "undo_edit", "rule", "move_rule", "delete_rule")},
}


def an_edit(row: Transaction) -> Edit:
    return edits.begin_with(row.user, [row.id], edits.Change(hidden=True), now=timezone.now())


def _asked(row: Transaction) -> Link:
    """The row and another of hers, about which she is asked."""
    write(row.account, {"amount": "10.00"})
    other = Transaction.objects.get(account=row.account, flow=10)
    values = {"kind": Link.Kind.TRANSFER, "state": Link.State.SUGGESTED, "evidence": "same amount"}
    return Link.objects.create(user=row.user, out=row, into=other, found_at=timezone.now(), **values)


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
    "report_flow": "GET",
    "report_flow_json": "GET",
    "rules": "GET",
    "new_rule": "GET POST",
    "export_csv": "GET",
    "export_xlsx": "GET",
    "edit_rows": "POST",
    "news": "GET",
    "cards": "GET",
    "cards_json": "GET",
    "instalments": "GET",
    "instalments_json": "GET",
    "bills_due": "GET",
    "worth": "GET",
    "worth_json": "GET",
    "investments": "GET",
    "investments_json": "GET",
    "suggestions": "GET",
    "connections": "GET",
    "connect": "GET",
    "connect_token": "POST",
    "claim": "POST",
    "preferences": "GET POST",
    "look": "POST",
}
REPORTS = [name for name in PERSONAL if name.startswith("report_")]
OPEN = {"pluggy_webhook", "set_language"}


def a_rule(item: Item) -> int:
    now = timezone.now()
    return Rule.objects.create(user=item.user, position=0, made_at=now, text="SEGREDO", hides=True).pk


@pytest.fixture
def hers(alice: User) -> tuple[Item, Transaction]:
    item = store_rows(alice, [{"amount": "-10.00", "description": "SEGREDO"}])
    return item, Transaction.objects.get(user=alice)


def names_of_ours() -> set[str]:
    """The names of all addresses outside the admin and allauth."""

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> set[str]:
        found: set[str] = set()
        for pattern in patterns:
            path = prefix + str(pattern.pattern)
            if path.startswith(("admin/", "accounts/")):
                continue
            if isinstance(pattern, URLResolver):
                found |= walk(pattern.url_patterns, path)
            else:
                found.add(str(pattern.name))
        return found

    return walk(get_resolver().url_patterns, "")


def test_every_address_is_in_this_table() -> None:
    assert names_of_ours() == {*OWNED, *PERSONAL, *OPEN}


@pytest.mark.parametrize(("name", "method"), [(n, m) for n, (_, ms) in OWNED.items() for m in ms.split()])
def test_a_strangers_id_is_not_there(
    name: str, method: str, hers: tuple[Item, Transaction], as_bob: Client
) -> None:
    url = reverse(name, args=OWNED[name][0](*hers))
    assert as_bob.generic(method, url).status_code == 404


@pytest.mark.parametrize(("name", "method"), [(n, m) for n, (_, ms) in OWNED.items() for m in ms.split()])
def test_an_unknown_id_is_not_there(name: str, method: str, as_alice: Client) -> None:
    unknown = UNKNOWN.get(name, [uuid.uuid4()])
    assert as_alice.generic(method, reverse(name, args=unknown)).status_code == 404


def test_whoever_is_not_signed_in_is_sent_to_sign_in(hers: tuple[Item, Transaction]) -> None:
    owned = [(reverse(name, args=make(*hers)), ms) for name, (make, ms) in OWNED.items()]
    personal = [(reverse(name), methods) for name, methods in PERSONAL.items()]
    for url, methods in owned + personal:
        for method in methods.split():
            answer = Client().generic(method, url)
            assert answer.status_code == 302, (method, url)
            assert answer["Location"].startswith(reverse("account_login")), (method, url)


@pytest.mark.parametrize("name", ["overview", "overview_json", "transactions", *REPORTS])
@pytest.mark.parametrize("what", ["item", "account"])
def test_a_filter_cannot_name_what_is_anothers(
    name: str, what: str, hers: tuple[Item, Transaction], as_bob: Client
) -> None:
    item, row = hers
    foreign = item.id if what == "item" else row.account_id
    assert as_bob.get(reverse(name), {what: str(foreign)}).status_code == 404
    assert as_bob.get(reverse(name), {"rule": a_rule(item)}).status_code == 404
    assert as_bob.get(reverse(name), {what: "../../x"}).status_code == 404


@pytest.mark.parametrize("name", ["transactions", "export_csv"])
def test_a_filter_cannot_name_anothers_rule(name: str, alice: User, as_bob: Client) -> None:
    rule = Rule.objects.create(user=alice, position=1, made_at=timezone.now(), text="x", hides=True)
    for foreign in (rule.pk, "0", "x", "9" * 30, "-1"):
        assert as_bob.get(reverse(name), {"rule": foreign}).status_code == 404


def test_nothing_of_hers_is_on_his_pages(hers: tuple[Item, Transaction], as_bob: Client) -> None:
    for name in (name for name, methods in PERSONAL.items() if "GET" in methods):
        assert b"SEGREDO" not in b"".join(as_bob.get(reverse(name)))


def test_posts_need_a_csrf_token(hers: tuple[Item, Transaction], alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    owned = [reverse(name, args=make(*hers)) for name, (make, ms) in OWNED.items() if "POST" in ms]
    personal = [reverse(name) for name, methods in PERSONAL.items() if "POST" in methods]
    for url in owned + personal:
        assert strict.post(url).status_code == 403, url


def test_personal_pages_are_never_cached(hers: tuple[Item, Transaction], as_alice: Client) -> None:
    for name in ("overview", "transactions", "connections", "overview_json"):
        assert "no-store" in as_alice.get(reverse(name))["Cache-Control"]


@pytest.mark.parametrize("target", ["//evil.test", "https:evil", "connection", "/\\\\evil", "javascript:x"])
def test_a_switch_leads_nowhere_else(as_alice: Client, target: str) -> None:
    answer = as_alice.post(reverse("look"), {"theme": "dark", "next": target})
    assert answer.status_code == 302
    assert answer["Location"] in ("/", "connection")


def test_hostile_filters_are_no_500(as_alice: Client, hers: tuple[Item, Transaction]) -> None:
    for query in (
        {"currency": "\x00"},
        {"q": "\x00"},
        {"tag": "\x00"},
        {"least": "1.2.3"},
        {"month": "all"},
        {"month": "9" * 4000},
        {"to": "9999-12-31"},
    ):
        assert as_alice.get(reverse("transactions"), query).status_code == 200
        assert as_alice.get(reverse("overview"), query).status_code == 200
