"""An id that comes with another sign, amount, words and day is another transaction."""

import json
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections import actions
from banking.ledger import monthly_totals, overrides, replacements, splits
from banking.ledger.classification import Override
from banking.ledger.edits import Split, TransactionEdits
from banking.ledger.models import (
    Account,
    CategoryTree,
    CategoryUpdate,
    Transaction,
    TransactionReplacement,
)
from banking.web.api_client import pluggy as our_client
from tests.factories import create_account, create_item, store_transactions
from tests.ingest_worlds import load_world
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
RETIREMENT = "01020000"
SALARY = {
    "amount": "2500.00",
    "date": "2026-11-05T15:00:00Z",
    "description": "SALARIO ACME",
    "categoryId": "01010000",
}
PETROL = {
    "amount": "-85.00",
    "date": "2026-11-06T15:00:00Z",
    "description": "POSTO ESTRELA",
    "categoryId": "19010000",
}
EDITS = TransactionEdits(Override(RETIREMENT, False, ""), "my note", ("tag",))
State = TransactionReplacement.State


@pytest.fixture
def account(alice: User) -> Account:
    return create_account(create_item(alice))


@pytest.fixture
def edited(account: Account) -> Transaction:
    store_transactions(account, SALARY)
    transaction = Transaction.objects.get()
    overrides.save_edits(transaction, EDITS)
    return transaction


def receive(account: Account, transaction: Transaction, **body: Any) -> Transaction:
    """Store the transaction with other fields under the same id."""
    store_transactions(account, SALARY | body | {"id": str(transaction.id)})
    assert monthly_totals.differences() == []
    return Transaction.objects.get(id=transaction.id)


def test_another_transaction_under_the_id_has_no_edits_and_is_offered_them(
    account: Account, edited: Transaction, as_alice: Client
) -> None:
    new = receive(account, edited, **PETROL)
    assert TransactionEdits.of(new) == TransactionEdits()
    assert (new.category_id, new.kind, new.signed_amount) == ("19010000", "expense", -85)
    suggestion = TransactionReplacement.objects.get()
    assert (suggestion.new_id, suggestion.state) == (new.id, State.SUGGESTED)
    old = Transaction.objects.get(id=suggestion.old_id)
    assert TransactionEdits.of(old) == EDITS
    assert old.deleted_at and (old.description, old.signed_amount) == ("SALARIO ACME", 2500)
    assert not CategoryUpdate.objects.filter(transaction=new).exists()
    url = reverse("transaction", args=[new.id])
    assert "my note" in as_alice.get(url).content.decode()
    as_alice.post(reverse("replacement", args=[new.id]), {"original": old.id, "answer": "same"})
    new.refresh_from_db()
    assert TransactionEdits.of(new) == EDITS
    assert monthly_totals.differences() == []


def test_a_rejected_offer_is_not_made_again(account: Account, edited: Transaction, as_alice: Client) -> None:
    new = receive(account, edited, **PETROL)
    old_id = TransactionReplacement.objects.get().old_id
    as_alice.post(reverse("replacement", args=[new.id]), {"original": old_id, "answer": "another"})
    new = receive(account, edited, **PETROL | {"amount": "-86.00"})
    assert TransactionEdits.of(new) == TransactionEdits()
    assert [each.state for each in TransactionReplacement.objects.all()] == [State.REJECTED]


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "-2500.00"},
        {"amount": "85.00"},
        {"description": "POSTO ESTRELA"},
        {"date": "2026-11-06T15:00:00Z"},
        {"categoryId": "19010000"},
        PETROL | {"amount": "85.00"},
        PETROL | {"amount": "-2500.00"},
        PETROL | {"description": "ACME SALARIO NOV"},
        PETROL | {"date": "2026-11-05T20:00:00Z"},
        PETROL | {"date": "2026-11-06T02:00:00Z"},  # still November 5 in São Paulo
    ],
)
def test_edits_stay_if_only_some_of_the_four_change(
    account: Account, edited: Transaction, changes: dict[str, Any]
) -> None:
    assert TransactionEdits.of(receive(account, edited, **changes)) == EDITS
    assert not TransactionReplacement.objects.exists()


@pytest.mark.parametrize(
    "edits",
    [
        TransactionEdits(Override(None, True, "")),
        TransactionEdits(Override(None, False, "transfer")),
        TransactionEdits(note="only a note"),
        TransactionEdits(tags=("tag",)),
    ],
)
def test_every_edit_is_set_aside(account: Account, edits: TransactionEdits) -> None:
    store_transactions(account, SALARY)
    transaction = Transaction.objects.get()
    overrides.save_edits(transaction, edits)
    new = receive(account, transaction, **PETROL)
    assert TransactionEdits.of(new) == TransactionEdits()
    assert new.kind == "expense"
    assert (
        TransactionEdits.of(Transaction.objects.get(id=TransactionReplacement.objects.get().old_id)) == edits
    )


def test_splits_are_set_aside_and_come_back_with_a_yes(account: Account, as_alice: Client) -> None:
    store_transactions(account, SALARY)
    transaction = Transaction.objects.get()
    splits.replace_splits(transaction, [Split(Decimal(500), RETIREMENT), Split(Decimal(100))])
    new = receive(account, transaction, **PETROL)
    assert new.signed_amount == -85 and not new.splits.exists()
    live = Transaction.objects.live()
    assert [each.id for each in live] == [new.id]
    old_id = TransactionReplacement.objects.get().old_id
    assert Transaction.objects.get(id=old_id).splits.count() == 2


def test_the_old_transaction_under_a_new_id_keeps_its_edits(account: Account, edited: Transaction) -> None:
    other = str(uuid.uuid4())
    store_transactions(account, PETROL | {"id": str(edited.id)}, SALARY | {"id": other})
    assert monthly_totals.differences() == []
    assert TransactionEdits.of(Transaction.objects.get(id=other)) == EDITS
    assert TransactionEdits.of(Transaction.objects.get(id=edited.id)) == TransactionEdits()
    assert TransactionReplacement.objects.get().state == State.AUTOMATIC


@pytest.mark.parametrize("shared", [{"providerId": "N1"}, {"description": ""}, {"description": "7"}])
def test_what_says_nothing_does_not_keep_the_edits_on_another_transaction(
    account: Account, shared: dict[str, Any]
) -> None:
    """The bank's number comes with the id, or neither of the two has words."""
    store_transactions(account, SALARY | shared)
    transaction = Transaction.objects.get()
    overrides.save_edits(transaction, EDITS)
    new = receive(account, transaction, **PETROL | shared)
    assert TransactionEdits.of(new) == TransactionEdits()
    assert TransactionReplacement.objects.get().state == State.SUGGESTED


def test_a_number_that_many_transactions_have_identifies_none(account: Account, edited: Transaction) -> None:
    constant = {"providerId": "7"}
    store_transactions(account, SALARY | constant | {"id": str(edited.id)})
    store_transactions(account, PETROL | constant, PETROL | constant | {"amount": "-40.00"})
    receive(account, edited, **PETROL | constant | {"amount": "-31.00"})
    assert [TransactionEdits.of(each) for each in Transaction.objects.live()] == [TransactionEdits()] * 3
    assert TransactionReplacement.objects.get().new_id == edited.id  # the others are not asked about


def test_an_older_answer_changes_nothing(account: Account, edited: Transaction) -> None:
    old = (timezone.now() - timedelta(days=1)).isoformat()
    assert TransactionEdits.of(receive(account, edited, **PETROL, updatedAt=old)) == EDITS
    assert not TransactionReplacement.objects.exists()


def receive_under_new_id(account: Account) -> None:
    """Store the old transaction again, as a sync does."""
    store_transactions(account, SALARY | {"id": str(uuid.uuid4())})
    roots = CategoryTree.load().roots
    deltas = replacements.handle_replacements(account, now=timezone.now(), roots=roots)
    monthly_totals.apply(deltas)


def answer(client: Client, new: Transaction, old_id: object, value: str) -> str:
    url = reverse("replacement", args=[new.id])
    data = {"original": str(old_id), "answer": value}
    response = client.post(url, data, follow=True, headers={"Accept-Language": "en"})
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def offered(account: Account, edited: Transaction) -> tuple[Transaction, uuid.UUID]:
    """The transaction that has got the id of an edited one, and the id under which the edits are kept."""
    new = receive(account, edited, **PETROL)
    return new, TransactionReplacement.objects.get().old_id


def test_the_page_says_what_was_changed_and_asks(
    offered: tuple[Transaction, uuid.UUID], as_alice: Client
) -> None:
    headers = {"Accept-Language": "en"}
    shown = as_alice.get(reverse("transaction", args=[offered[0].id]), headers=headers).content.decode()
    for text in (
        "The bank replaced this transaction",
        "Use your changes for this one?",
        "SALARIO ACME",
        "my note",
    ):
        assert text in shown
    assert "tag" in shown and "Is this the same transaction?" not in shown
    listed = as_alice.get(reverse("matches"), headers=headers).content.decode()
    assert "Replaced by the bank" in listed and "POSTO ESTRELA" in listed
    assert (
        "O banco substituiu esta transação"
        in as_alice.get(reverse("transaction", args=[offered[0].id])).content.decode()
    )


@pytest.mark.parametrize(("first", "second"), [("same", "same"), ("same", "another"), ("another", "same")])
def test_a_second_answer_changes_nothing(
    offered: tuple[Transaction, uuid.UUID], as_alice: Client, first: str, second: str
) -> None:
    new, old_id = offered
    answer(as_alice, new, old_id, first)
    new.refresh_from_db()
    before, state = TransactionEdits.of(new), TransactionReplacement.objects.get().state
    assert "already answered" in answer(as_alice, new, old_id, second)
    new.refresh_from_db()
    assert (TransactionEdits.of(new), TransactionReplacement.objects.get().state) == (before, state)
    assert "Replaced by the bank" not in as_alice.get(reverse("matches")).content.decode()


@pytest.mark.parametrize("value", ["", "yes", "SAME", "no"])
def test_no_answer_changes_nothing(
    offered: tuple[Transaction, uuid.UUID], as_alice: Client, value: str
) -> None:
    assert "Choose an answer" in answer(as_alice, *offered, value)
    assert TransactionReplacement.objects.get().state == State.SUGGESTED


def test_an_offer_to_another_user_is_404(
    offered: tuple[Transaction, uuid.UUID], as_alice: Client, as_bob: Client, bob: User
) -> None:
    new, old_id = offered
    url = reverse("replacement", args=[new.id])
    assert as_bob.post(url, {"original": str(old_id), "answer": "same"}).status_code == 404
    of_bob = create_account(create_item(bob))
    store_transactions(of_bob, PETROL)
    own = Transaction.objects.get(account=of_bob)
    foreign = as_bob.post(reverse("replacement", args=[own.id]), {"original": str(old_id), "answer": "same"})
    assert foreign.status_code == 404
    for original in ("", "x", str(uuid.uuid4())):
        assert as_alice.post(url, {"original": original, "answer": "same"}).status_code == 404
    assert as_alice.get(url).status_code == 405
    assert TransactionReplacement.objects.get().state == State.SUGGESTED


def test_a_transaction_that_is_no_offer_changes_nothing(
    account: Account, offered: tuple[Transaction, uuid.UUID], as_alice: Client
) -> None:
    new, old_id = offered
    store_transactions(account, PETROL | {"description": "OUTRO POSTO"})
    other = Transaction.objects.get(description="OUTRO POSTO")
    assert "already answered" in answer(as_alice, other, old_id, "same")
    assert "already answered" in answer(as_alice, new, other.id, "same")
    other.refresh_from_db()
    assert TransactionEdits.of(other) == TransactionEdits()


def test_a_rejected_offer_stays_rejected_when_the_bank_sends_it_again_and_again(
    account: Account, offered: tuple[Transaction, uuid.UUID], as_alice: Client
) -> None:
    new, old_id = offered
    answer(as_alice, new, old_id, "another")
    for day in (7, 8):
        receive(account, new, **PETROL | {"date": f"2026-11-0{day}T15:00:00Z", "amount": f"-9{day}"})
    assert [each.state for each in TransactionReplacement.objects.all()] == [State.REJECTED]
    assert (
        "The bank replaced"
        not in as_alice.get(
            reverse("transaction", args=[new.id]), headers={"Accept-Language": "en"}
        ).content.decode()
    )


@pytest.mark.parametrize("is_rejected", [False, True])
def test_the_old_transaction_that_comes_later_under_a_new_id_gets_the_edits(
    account: Account, offered: tuple[Transaction, uuid.UUID], as_alice: Client, is_rejected: bool
) -> None:
    new, old_id = offered
    if is_rejected:
        answer(as_alice, new, old_id, "another")
    receive_under_new_id(account)
    salary = Transaction.objects.live().get(description="SALARIO ACME")
    assert TransactionEdits.of(salary) == EDITS
    assert sorted(TransactionReplacement.objects.values_list("state", flat=True)) == ["automatic", "rejected"]
    assert "already answered" in answer(as_alice, new, old_id, "same")
    assert monthly_totals.differences() == []


def test_accepted_edits_are_carried_over_to_no_other_transaction(
    account: Account, offered: tuple[Transaction, uuid.UUID], as_alice: Client
) -> None:
    new, old_id = offered
    answer(as_alice, new, old_id, "same")
    receive_under_new_id(account)
    salary = Transaction.objects.live().get(description="SALARIO ACME")
    assert TransactionEdits.of(salary) == TransactionEdits()
    assert TransactionReplacement.objects.get().state == State.ACCEPTED


@pytest.mark.parametrize(("amount", "split_count"), [("-85.00", 0), ("-700.00", 2)])
def test_splits_are_used_for_another_transaction_only_if_they_fit(
    account: Account, as_alice: Client, amount: str, split_count: int
) -> None:
    store_transactions(account, SALARY)
    transaction = Transaction.objects.get()
    splits.replace_splits(transaction, [Split(Decimal(500), RETIREMENT), Split(Decimal(100))])
    new = receive(account, transaction, **PETROL | {"amount": amount})
    answer(as_alice, new, TransactionReplacement.objects.get().old_id, "same")
    new.refresh_from_db()
    assert new.splits.live().count() == split_count
    counted = Transaction.objects.live().values_list("signed_amount", flat=True)
    assert sum(counted) == Decimal(amount)
    assert all(each < 0 for each in counted)
    assert monthly_totals.differences() == []


def test_an_id_that_is_reused_twice_asks_about_each(
    account: Account, offered: tuple[Transaction, uuid.UUID], as_alice: Client
) -> None:
    new, first_old = offered
    overrides.save_edits(new, TransactionEdits(note="petrol"))
    third = {
        "amount": "12.00",
        "date": "2026-11-20T15:00:00Z",
        "description": "RENDIMENTO",
        "categoryId": None,
    }
    new = receive(account, new, **third)
    suggested = TransactionReplacement.objects.suggested().filter(new_id=new.id)
    second_old = suggested.get().old_id
    assert second_old != first_old
    answer(as_alice, new, second_old, "same")
    new.refresh_from_db()
    assert new.note == "petrol"


def test_a_hidden_transaction_does_not_hide_another_one_of_the_bank(alice: User, pluggy: LocalPluggy) -> None:
    transaction_id = "21000000-0000-4000-8000-000000000211"
    checking = {
        "id": str(uuid.uuid4()),
        "subtype": "CHECKING_ACCOUNT",
        "number": "0001/55501-0",
        "balance": 1000,
    }
    body = SALARY | {"id": transaction_id, "amount": 2500}
    world = {"items": [{"connectorId": 9001, "accounts": [checking | {"transactions": [body]}]}]}
    (item_id,) = load_world(pluggy, alice, world)
    item = actions.claim(alice, item_id, client=our_client(), now=timezone.now())
    run_sync(item)
    overrides.save_edits(Transaction.objects.get(), TransactionEdits(Override(None, True, "")))
    listed = pluggy.truth(str(item.id))["transactions"][checking["id"]]
    later = (timezone.now() + timedelta(minutes=1)).isoformat()
    changed = [listed[0] | PETROL | {"amount": -85, "type": "DEBIT", "updatedAt": later}]
    body_text = json.dumps({"results": changed, "next": None})
    pluggy.fault("status", "^/v2/transactions", status=200, body=body_text, times=None)
    mark_changed(item)
    run_sync(item)
    transaction = Transaction.objects.get(id=transaction_id)
    assert (transaction.hidden, transaction.kind, transaction.signed_amount) == (False, "expense", -85)
    assert monthly_totals.differences() == []
    mark_changed(item)
    assert run_sync(item).records_written == 0
