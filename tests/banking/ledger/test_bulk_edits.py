"""Bulk edits: they change exactly the chosen transactions and their monthly totals, and can be undone."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from banking.connections.models import Item
from banking.ledger import bulk_edits, monthly_totals
from banking.ledger.classification import Override
from banking.ledger.edits import BulkChange, TransactionEdits
from banking.ledger.models import (
    BulkEdit,
    BulkEditItem,
    Kind,
    Transaction,
)
from banking.ledger.overrides import save_edits
from banking.web import tasks
from banking.web.views import bulk_edits as bulk_edit_views
from tests.factories import create_account, create_item, create_item_with_transactions, store_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

NOVEMBER = {"month": "2026-11"}


def at(day: int, amount: str = "-10.00", **more: Any) -> dict[str, Any]:
    return {"date": f"2026-11-{day:02}T15:00:00Z", "amount": amount} | more


@pytest.fixture
def item(alice: User) -> Item:
    return create_item_with_transactions(
        alice, [at(1), at(2, description="MERCADO SÃO JOÃO"), at(3), at(4, "500.00")]
    )


def by_date() -> list[Transaction]:
    return list(Transaction.objects.order_by("local_date"))


def edit(client: Client, body: dict[str, Any], **query: str) -> Any:
    parameters = "&".join(f"{name}={value}" for name, value in (NOVEMBER | query).items())
    return client.post(f"{reverse('bulk_edit')}?{parameters}", body)


def hide_all(user: User) -> BulkEdit:
    """Create a bulk edit, without executing it."""
    return bulk_edits.create(user, Transaction.objects.of(user), BulkChange(hidden=True), now=timezone.now())


def execute_one_batch(bulk_edit: BulkEdit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_edits, "BATCH", 2)
    bulk_edits._execute_batch(bulk_edit, by_date()[0].account_id, {})


def test_only_the_chosen_transactions_are_changed(item: Item, as_alice: Client) -> None:
    first, second, third, _ = by_date()
    body = {"transaction": [first.id, second.id], "category": "11020000", "add": "férias, casa"}
    assert edit(as_alice, body).status_code == 302
    first, second, third, _ = by_date()
    assert {first.category_id, second.category_id} == {"11020000"}
    assert first.tags == second.tags == ["férias", "casa"]
    assert third.tags == [] and third.category_id == "11010000"
    assert monthly_totals.differences() == []


def test_empty_fields_change_nothing(item: Item, as_alice: Client) -> None:
    first = by_date()[0]
    save_edits(first, TransactionEdits(Override("11020000", kind=Kind.REFUND), "nota", ("a", "b")))
    edit(as_alice, {"transaction": [first.id], "hidden": "hide", "remove": "a"})
    first.refresh_from_db()
    assert TransactionEdits.of(first) == TransactionEdits(
        Override("11020000", True, Kind.REFUND), "nota", ("b",)
    )
    edit(as_alice, {"transaction": [first.id], "hidden": "show", "category": "-", "kind": "-"})
    first.refresh_from_db()
    assert TransactionEdits.of(first) == TransactionEdits(Override(), "nota", ("b",))
    assert monthly_totals.differences() == []


def test_all_transactions_of_the_filter_are_changed(alice: User, item: Item, as_alice: Client) -> None:
    store_transactions(create_account(create_item(alice)), at(5, description="Mercado Sao Joao"), at(6))
    assert edit(as_alice, {"all": "1", "add": "feira"}, q="SAO+JOAO").status_code == 302
    assert [transaction.local_date.day for transaction in by_date() if transaction.tags] == [2, 5]
    assert BulkEdit.objects.get().transaction_count == 2
    assert monthly_totals.differences() == []


@pytest.mark.parametrize("foreign", ["another user", "unknown", "deleted"])
def test_nothing_is_changed_if_a_transaction_is_not_the_users(
    item: Item, bob: User, as_alice: Client, foreign: str
) -> None:
    create_item_with_transactions(bob, [at(9)])
    own, other = by_date()[0], Transaction.objects.get(user=bob).id
    if foreign == "unknown":
        other = uuid.uuid4()
    if foreign == "deleted":
        other = by_date()[1].id
        Transaction.objects.filter(id=other).update(deleted_at=timezone.now())
    assert edit(as_alice, {"transaction": [own.id, other], "hidden": "hide"}).status_code == 404
    assert not Transaction.objects.filter(hidden=True).exists()
    assert not BulkEdit.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"category": "12345678"},
        {"category": "11020000", "transaction": []},
        {"add": ",".join("abcdefghijkl")},
    ],
)
def test_invalid_edit_shows_an_error_and_changes_nothing(
    item: Item, as_alice: Client, body: dict[str, Any]
) -> None:
    response = edit(as_alice, {"transaction": [by_date()[0].id]} | body)
    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()
    assert not Transaction.objects.edited().exists()


def test_malformed_id_is_not_found(item: Item, as_alice: Client) -> None:
    assert edit(as_alice, {"transaction": ["../x"], "hidden": "hide"}).status_code == 404


def test_undo_restores_everything_except_later_edits(item: Item, as_alice: Client) -> None:
    first, second, third, _ = by_date()
    save_edits(first, TransactionEdits(Override("11020000"), tags=("alt",)))
    edit(as_alice, {"transaction": [first.id, second.id, third.id], "category": "17010000", "add": "neu"})
    save_edits(by_date()[2], TransactionEdits(Override("18000000")))
    page = as_alice.get(reverse("transactions"), NOVEMBER).content.decode()
    url = reverse("undo_bulk_edit", args=[BulkEdit.objects.get().pk])
    assert url in page
    assert as_alice.post(url).status_code == 302
    first, second, third, _ = by_date()
    assert TransactionEdits.of(first) == TransactionEdits(Override("11020000"), tags=("alt",))
    assert TransactionEdits.of(second) == TransactionEdits()
    assert TransactionEdits.of(third) == TransactionEdits(Override("18000000"))
    assert monthly_totals.differences() == []
    assert not BulkEditItem.objects.exists()
    assert url not in as_alice.get(reverse("transactions"), NOVEMBER).content.decode()


def test_interrupted_edit_is_continued(alice: User, item: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    bulk_edit = hide_all(alice)
    execute_one_batch(bulk_edit, monkeypatch)
    assert Transaction.objects.filter(hidden=True).count() == 2
    tasks.run_bulk_edit(bulk_edit.pk)
    assert Transaction.objects.filter(hidden=True).count() == 4
    bulk_edit.refresh_from_db()
    assert bulk_edit.finished_at
    assert monthly_totals.differences() == []


def test_edit_that_is_undone_midway_changes_no_more_transactions(
    alice: User, item: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    bulk_edit = hide_all(alice)
    execute_one_batch(bulk_edit, monkeypatch)
    stale = BulkEdit.objects.get()
    assert bulk_edits.undo(bulk_edit, now=now)
    bulk_edits.execute(stale, now=now)
    bulk_edits.execute(bulk_edit, now=now)
    assert not Transaction.objects.filter(hidden=True).exists()
    assert monthly_totals.differences() == []


def test_undo_is_refused_after_a_while(alice: User, item: Item, as_alice: Client) -> None:
    edit(as_alice, {"transaction": [by_date()[0].id], "hidden": "hide"})
    BulkEdit.objects.update(created_at=timezone.now() - timedelta(hours=1))
    as_alice.post(reverse("undo_bulk_edit", args=[BulkEdit.objects.get().pk]))
    assert by_date()[0].hidden


def test_transaction_that_was_deleted_meanwhile_is_skipped(alice: User, item: Item) -> None:
    bulk_edit = hide_all(alice)
    by_date()[0].delete()
    bulk_edits.execute(bulk_edit, now=timezone.now())
    assert BulkEditItem.objects.count() == 3


def test_category_is_changed_in_the_list(item: Item, as_alice: Client) -> None:
    edited = by_date()[0]
    save_edits(edited, TransactionEdits(Override(hidden=False), "nota", ("t",)))
    url = reverse("transaction_category", args=[edited.id])
    choice = as_alice.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<select" in choice and "<html" not in choice
    response = as_alice.post(url, {"category": "11020000"}, headers={"HX-Request": "true"})
    assert response["HX-Trigger"] == "transaction-edited"
    assert "/rules/new/?" in response.content.decode() and "<html" not in response.content.decode()
    edited.refresh_from_db()
    assert TransactionEdits.of(edited) == TransactionEdits(Override("11020000"), "nota", ("t",))
    assert monthly_totals.differences() == []
    assert as_alice.get(url).status_code == 302


def test_many_transactions_are_changed_in_few_statements(
    alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    create_item_with_transactions(alice, [at(1 + n % 28) for n in range(300)])
    with django_assert_max_num_queries(40):
        change = BulkChange(category_id="11020000")
        bulk_edit = bulk_edits.create(alice, Transaction.objects.of(alice), change, now=timezone.now())
        bulk_edits.execute(bulk_edit, now=timezone.now())
    assert Transaction.objects.filter(category_id="11020000").count() == 300


# --- Many transactions: a task, and its progress -----------------------------------------------------------


@pytest.fixture
def interactive_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave edits of more than two transactions to a task, which changes two at a time."""
    monkeypatch.setattr(bulk_edit_views, "MAX_INTERACTIVE", 2)
    monkeypatch.setattr(bulk_edits, "BATCH", 2)


def progress_bar(client: Client) -> tuple[str, str] | None:
    """Return value and maximum of the progress bar in the list."""
    page = client.get(reverse("transactions"), NOVEMBER).content.decode()
    found = re.search(r'<progress role="progressbar"[^>]* max="(\d+)" value="(\d+)"', page)
    return (found[2], found[1]) if found else None


def ask(client: Client, **query: Any) -> Any:
    url = reverse("bulk_edit_progress", args=[BulkEdit.objects.get().pk])
    return client.get(url, query, headers={"HX-Request": "true"})


def test_five_hundred_are_changed_at_once_and_more_by_a_task() -> None:
    assert bulk_edit_views.MAX_INTERACTIVE == 500


@pytest.mark.usefixtures("interactive_limit")
def test_the_page_shows_the_progress_of_a_task(alice: User, item: Item, as_alice: Client) -> None:
    edit(as_alice, {"hidden": "hide", "all": "1"})
    assert not Transaction.objects.filter(hidden=True).exists()
    assert progress_bar(as_alice) == ("0", "4")
    bulk_edits._execute_batch(BulkEdit.objects.get(), by_date()[0].account_id, {})
    assert progress_bar(as_alice) == ("2", "4")  # also after a reload
    assert 'value="2"' in ask(as_alice, done="0").content.decode()
    assert ask(as_alice, done="2").status_code == 204
    tasks.run_bulk_edit(BulkEdit.objects.get().pk)
    assert ask(as_alice, done="2")["HX-Refresh"] == "true"
    assert progress_bar(as_alice) is None


@pytest.mark.usefixtures("interactive_limit")
def test_an_undo_shows_its_progress_as_well(alice: User, item: Item, as_alice: Client) -> None:
    edit(as_alice, {"hidden": "hide", "all": "1"})
    bulk_edit = BulkEdit.objects.get()
    tasks.run_bulk_edit(bulk_edit.pk)
    as_alice.post(reverse("undo_bulk_edit", args=[bulk_edit.pk]))
    assert progress_bar(as_alice) == ("0", "4")
    bulk_edits._execute_batch(bulk_edit, by_date()[0].account_id, {})
    assert progress_bar(as_alice) == ("2", "4")
    tasks.run_bulk_edit(bulk_edit.pk)
    assert progress_bar(as_alice) is None
    assert not Transaction.objects.filter(hidden=True).exists()


def test_an_edit_whose_worker_died_goes_on_within_minutes(alice: User, item: Item) -> None:
    """A sweep continues an edit that made no progress for a minute, and leaves the others alone."""
    bulk_edit = hide_all(alice)
    tasks.run_bulk_edits()
    assert not Transaction.objects.filter(hidden=True).exists()
    BulkEdit.objects.update(progressed_at=timezone.now() - timedelta(seconds=61))
    tasks.run_bulk_edits()
    assert Transaction.objects.filter(hidden=True).count() == 4
    bulk_edit.refresh_from_db()
    assert bulk_edit.finished_at
