"""What a person says of many rows at once: exactly those, sums included, and taken back as a whole."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking import rollups, tasks
from banking.actions import edits
from banking.actions.edits import Change
from banking.actions.transactions import say
from banking.classify import Word
from banking.models import Edit, EditedRow, Item, Kind, Transaction
from banking.upsert.words import Said
from tests.payloads import bound_item
from tests.rows import an_account, store_rows, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

NOVEMBER = {"month": "2026-11"}


def at(day: int, amount: str = "-10.00", **more: Any) -> dict[str, Any]:
    return {"date": f"2026-11-{day:02}T15:00:00Z", "amount": amount} | more


@pytest.fixture
def item(alice: User) -> Item:
    return store_rows(alice, [at(1), at(2, description="MERCADO SÃO JOÃO"), at(3), at(4, "500.00")])


def rows() -> list[Transaction]:
    return list(Transaction.objects.order_by("local_date"))


def edit(client: Client, body: dict[str, Any], **query: str) -> Any:
    return client.post(
        f"{reverse('edit_rows')}?{'&'.join(f'{k}={v}' for k, v in (NOVEMBER | query).items())}", body
    )


def test_the_chosen_rows_are_changed_and_no_other(item: Item, as_alice: Client) -> None:
    first, second, third, _ = rows()
    body = {"row": [first.id, second.id], "category": "11020000", "add": "férias, casa"}
    assert edit(as_alice, body).status_code == 302
    first, second, third, _ = rows()
    assert {first.category_id, second.category_id} == {"11020000"}
    assert first.tags == second.tags == ["férias", "casa"]
    assert third.tags == [] and third.category_id == "11010000"
    assert rollups.differences() == []


def test_what_is_left_empty_stays_as_it_was(item: Item, as_alice: Client) -> None:
    first = rows()[0]
    say(first, Said(Word("11020000", kind=Kind.REFUND), "nota", ("a", "b")))
    edit(as_alice, {"row": [first.id], "hidden": "hide", "remove": "a"})
    first.refresh_from_db()
    assert Said.about(first) == Said(Word("11020000", True, Kind.REFUND), "nota", ("b",))
    edit(as_alice, {"row": [first.id], "hidden": "show", "category": "-", "kind": "-"})
    first.refresh_from_db()
    assert Said.about(first) == Said(Word(), "nota", ("b",))
    assert rollups.differences() == []


def test_all_that_the_filter_finds(alice: User, item: Item, as_alice: Client) -> None:
    write(an_account(bound_item(alice)), at(5, description="Mercado Sao Joao"), at(6))
    assert edit(as_alice, {"all": "1", "add": "feira"}, q="SAO+JOAO").status_code == 302
    assert [row.local_date.day for row in rows() if row.tags] == [2, 5]
    assert Edit.objects.get().rows == 2
    assert rollups.differences() == []


@pytest.mark.parametrize("foreign", ["bobs", "nobodys", "gone"])
def test_one_foreign_row_and_nothing_is_changed(
    item: Item, bob: User, as_alice: Client, foreign: str
) -> None:
    store_rows(bob, [at(9)])
    mine, other = rows()[0], Transaction.objects.get(user=bob).id
    if foreign == "nobodys":
        other = uuid.uuid4()
    if foreign == "gone":
        other = rows()[1].id
        Transaction.objects.filter(id=other).update(deleted_at=timezone.now())
    assert edit(as_alice, {"row": [mine.id, other], "hidden": "hide"}).status_code == 404
    assert not Transaction.objects.filter(hidden=True).exists()
    assert not Edit.objects.exists()


@pytest.mark.parametrize(
    "body",
    [{}, {"category": "12345678"}, {"category": "11020000", "row": []}, {"add": ",".join("abcdefghijkl")}],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    item: Item, as_alice: Client, body: dict[str, Any]
) -> None:
    answer = edit(as_alice, {"row": [rows()[0].id]} | body)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert not Transaction.objects.spoken_of().exists()


def test_an_id_that_is_none_is_not_found(item: Item, as_alice: Client) -> None:
    assert edit(as_alice, {"row": ["../x"], "hidden": "hide"}).status_code == 404


def test_undone_everything_is_as_before_but_what_was_said_since(item: Item, as_alice: Client) -> None:
    first, second, third, _ = rows()
    say(first, Said(Word("11020000"), tags=("alt",)))
    edit(as_alice, {"row": [one.id for one in (first, second, third)], "category": "17010000", "add": "neu"})
    say(rows()[2], Said(Word("18000000")))
    page = as_alice.get(reverse("transactions"), NOVEMBER).content.decode()
    url = reverse("undo_edit", args=[Edit.objects.get().pk])
    assert url in page
    assert as_alice.post(url).status_code == 302
    first, second, third, _ = rows()
    assert Said.about(first) == Said(Word("11020000"), tags=("alt",))
    assert Said.about(second) == Said()
    assert Said.about(third) == Said(Word("18000000"))
    assert rollups.differences() == []
    assert not EditedRow.objects.exists()
    assert url not in as_alice.get(reverse("transactions"), NOVEMBER).content.decode()


def test_an_edit_that_was_interrupted_goes_on(alice: User, item: Item, monkeypatch: Any) -> None:
    monkeypatch.setattr(edits, "BATCH", 2)
    now = timezone.now()
    one = edits.begin(alice, Transaction.objects.of(alice), Change(hidden=True), now=now)
    edits._batch(one, rows()[0].account_id, {})
    assert Transaction.objects.filter(hidden=True).count() == 2
    tasks.carry_out_edit(one.pk)
    assert Transaction.objects.filter(hidden=True).count() == 4
    one.refresh_from_db()
    assert one.finished_at
    assert rollups.differences() == []


def test_an_edit_that_is_undone_half_way_reaches_no_further_row(
    alice: User, item: Item, monkeypatch: Any
) -> None:
    monkeypatch.setattr(edits, "BATCH", 2)
    now = timezone.now()
    one = edits.begin(alice, Transaction.objects.of(alice), Change(hidden=True), now=now)
    edits._batch(one, rows()[0].account_id, {})
    stale = Edit.objects.get()
    assert edits.undo(one, now=now)
    edits.carry_out(stale, now=now)
    edits.carry_out(one, now=now)
    assert not Transaction.objects.filter(hidden=True).exists()
    assert rollups.differences() == []


def test_after_a_while_it_is_too_late(alice: User, item: Item, as_alice: Client) -> None:
    edit(as_alice, {"row": [rows()[0].id], "hidden": "hide"})
    Edit.objects.update(made_at=timezone.now() - timezone.timedelta(hours=1))
    as_alice.post(reverse("undo_edit", args=[Edit.objects.get().pk]))
    assert rows()[0].hidden


def test_a_row_that_has_gone_meanwhile_holds_nothing_up(alice: User, item: Item) -> None:
    now = timezone.now()
    one = edits.begin(alice, Transaction.objects.of(alice), Change(hidden=True), now=now)
    rows()[0].delete()
    edits.carry_out(one, now=now)
    assert EditedRow.objects.count() == 3


def test_a_category_is_changed_in_its_place(item: Item, as_alice: Client) -> None:
    row = rows()[0]
    say(row, Said(Word(hidden=False), "nota", ("t",)))
    url = reverse("row_category", args=[row.id])
    asked = as_alice.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<select" in asked and "<html" not in asked
    answer = as_alice.post(url, {"category": "11020000"}, headers={"HX-Request": "true"})
    assert answer["HX-Trigger"] == "said"
    assert "/rules/new/?" in answer.content.decode() and "<html" not in answer.content.decode()
    row.refresh_from_db()
    assert Said.about(row) == Said(Word("11020000"), "nota", ("t",))
    assert rollups.differences() == []
    assert as_alice.get(url).status_code == 302


def test_many_rows_are_changed_by_few_statements(alice: User, django_assert_max_num_queries: Any) -> None:
    store_rows(alice, [at(1 + n % 28) for n in range(300)])
    with django_assert_max_num_queries(40):
        one = edits.begin(
            alice, Transaction.objects.of(alice), Change(category_id="11020000"), now=timezone.now()
        )
        edits.carry_out(one, now=timezone.now())
    assert Transaction.objects.filter(category_id="11020000").count() == 300
