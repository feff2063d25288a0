"""The story of a row: what changed of it, by whose word; nothing for what is new or the same."""

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.actions.transactions import say
from banking.classify import Word
from banking.models import Account, CategoryTree, RowChange, SyncState, Transaction
from banking.reports.history import history
from banking.upsert import transactions, words
from banking.upsert.conclusions import conclude
from banking.upsert.words import Said
from tests.payloads import bound_item
from tests.rows import an_account, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def account(alice: User) -> Account:
    return an_account(bound_item(alice))


def body(**changes: Any) -> dict[str, Any]:
    at = "2026-11-14T15:00:00Z"
    return {"id": str(uuid.uuid4()), "date": at, "createdAt": at, "updatedAt": at} | changes


def the_row() -> Transaction:
    return Transaction.objects.select_related("account__item__connector").get()


def told(row: Transaction) -> list[tuple[str, dict[str, list[Any]]]]:
    return list(RowChange.objects.filter(row=row).values_list("by", "changes"))


def remove(account: Account, row: Transaction) -> None:
    with transaction.atomic():
        transactions.remove(account, [row.id], roots=CategoryTree.load().roots, now=timezone.now())


def test_a_new_row_and_the_same_row_have_no_story(account: Account) -> None:
    sent = body()
    write(account, sent)
    write(account, sent)
    assert not RowChange.objects.exists()


def test_what_the_bank_changes_is_told_with_what_it_was(account: Account) -> None:
    sent = body(status="PENDING", description="COMPRA", amount="-10.00")
    write(account, sent)
    write(account, sent | {"status": "POSTED", "description": "PADARIA", "amount": "-12.50"})
    ((by, changes),) = told(the_row())
    assert by == "bank"
    assert changes == {
        "status": ["PENDING", "POSTED"],
        "description": ["COMPRA", "PADARIA"],
        "flow": ["-10.00000000", "-12.50000000"],
    }


def test_what_people_do_not_see_is_not_told(account: Account) -> None:
    sent = body()
    write(account, sent)
    assert write(account, sent | {"providerCode": "9"}).rows == 1
    assert not RowChange.objects.exists()


def test_a_row_that_goes_and_comes_back_says_so(account: Account) -> None:
    sent = body()
    write(account, sent)
    remove(account, the_row())
    write(account, sent | {"amount": "-11.00"})
    (_, back), (_, gone) = told(the_row())
    assert gone == {"gone": [False, True]}
    assert back == {"gone": [True, False], "flow": ["-10.00000000", "-11.00000000"]}


def test_the_persons_word_is_one_entry_with_what_follows_from_it(account: Account) -> None:
    write(account, body())
    say(the_row(), Said(Word("01010000", hidden=True), note="do Beto", tags=("férias",)))
    ((by, changes),) = told(the_row())
    assert by == "you"
    assert changes["category_id"] == ["11010000", "01010000"]
    assert changes["kind"] == ["expense", "neutral"]
    assert changes["hidden"] == [False, True]
    assert changes["note"] == ["", "do Beto"]
    assert changes["tags"] == [[], ["férias"]]
    say(the_row(), Said(Word("01010000", hidden=True), note="do Beto", tags=("férias",)))
    assert RowChange.objects.count() == 1


def test_what_is_concluded_anew_is_told_by_whose_word(account: Account) -> None:
    write(account, body())
    row = the_row()
    Transaction.objects.filter(id=row.id).update(kind="income", flow=Decimal("-9"))
    for by in (RowChange.By.LINK, RowChange.By.LINK):
        conclude(account, [the_row()], roots=CategoryTree.load().roots, by=by)
    ((by_whom, changes),) = told(row)
    assert by_whom == "link"
    assert changes == {"kind": ["income", "expense"], "flow": ["-9.00000000", "-10.00000000"]}


def test_the_story_goes_over_to_the_row_that_comes_in_its_place(account: Account) -> None:
    write(account, body())
    gone = the_row()
    say(gone, Said(note="presente"))
    remove(account, gone)
    write(account, body())
    came = Transaction.objects.select_related("account__item__connector").live().get()
    words.carry(account, gone, came, roots=CategoryTree.load().roots)
    assert [by for by, _ in told(came)] == ["you", "bank", "you"]
    assert told(gone) == []


def test_the_story_goes_with_its_row(account: Account) -> None:
    write(account, body())
    say(the_row(), Said(note="x"))
    the_row().delete()
    assert not RowChange.objects.exists()


def test_the_page_tells_it_in_words_newest_first(account: Account, as_alice: Client) -> None:
    sent = body(status="PENDING", amount="-10.00")
    write(account, sent)
    write(account, sent | {"status": "POSTED", "amount": "-12.50"})
    SyncState.objects.get_or_create(item=account.item, defaults={"due_at": timezone.now()})
    say(the_row(), Said(Word("01010000"), note="do Beto"))
    (yours, banks) = history(the_row(), CategoryTree.load())
    assert (yours.by, banks.by) == ("you", "bank")
    assert [one.column for one in banks.changes] == ["flow", "status"]
    page = as_alice.get(reverse("transaction", args=[the_row().id]), headers={"accept-language": "pt"})
    text = page.content.decode()
    assert "Histórico" in text and "R$\u00a012,50" in text and "do Beto" in text
    assert text.index("Você") < text.index("Enviou pela primeira vez")
