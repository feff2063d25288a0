"""What the person chooses is told to Pluggy: once, best effort, and its echo changes nothing."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from banking import rollups, tasks
from banking.actions import rules, tellings, transactions
from banking.application import pluggy as our_client
from banking.classify import SILENT, Word
from banking.models import Item, Rule, Telling, Transaction
from banking.upsert import parts
from banking.upsert.words import Said
from tests.localpluggy import LocalPluggy
from tests.rows import store_rows
from tests.syncing import LATER, a_row, changed, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

BAKERY, GROCERIES = "11020000", "10000000"


@pytest.fixture
def item(alice: User, connect: Callable[..., Item]) -> Item:
    return connect(alice)


@pytest.fixture
def row(item: Item) -> Transaction:
    return a_row(item, bank_category_id__gt="", total_installments=None)


def at_pluggy(pluggy: LocalPluggy, row: Transaction) -> str:
    return str(pluggy.api("GET", f"/transactions/{row.pk}")["categoryId"])


def say(row: Transaction, category_id: str | None) -> None:
    transactions.say(row, Said(Word(category_id) if category_id else SILENT))


def test_a_choice_is_told_and_its_echo_changes_nothing(
    pluggy: LocalPluggy, item: Item, row: Transaction
) -> None:
    say(row, BAKERY)
    tasks.tell_categories()
    assert at_pluggy(pluggy, row) == BAKERY
    assert not Telling.objects.get().is_open
    concluded = (row.kind, row.kind_reason, row.category_id)
    hint = {"kind": "updated", "account_id": row.account_id, "transaction_ids": [row.pk]}
    changed(item, **hint)
    assert run(item).rows_written >= 1  # the bank's column
    changed(item, **hint)
    assert run(item).rows_written == 0
    row.refresh_from_db()
    assert row.bank_category_id == BAKERY
    assert (row.kind, row.kind_reason, row.category_id) == concluded
    tasks.tell_categories()
    assert not Telling.objects.filter(is_open=True).exists()
    assert rollups.differences() == []


def test_a_choice_can_be_withdrawn_also_after_its_echo(
    pluggy: LocalPluggy, item: Item, row: Transaction
) -> None:
    was = row.bank_category_id
    for category in (BAKERY, GROCERIES):
        say(row, category)
        tasks.tell_categories()
        changed(item, kind="updated", account_id=row.account_id, transaction_ids=[row.pk])
        run(item)
    row.refresh_from_db()
    assert row.bank_category_id == GROCERIES
    say(row, None)
    assert row.category_id == was
    tasks.tell_categories()
    assert at_pluggy(pluggy, row) == was
    assert not Telling.objects.exists()


def test_only_the_persons_own_choice_of_a_banks_row_is_told(alice: User) -> None:
    store_rows(alice, [{"amount": "-10.00", "description": "PADARIA", "categoryId": GROCERIES}])
    row = Transaction.objects.get()
    rule = rules.save(Rule(user=alice, text="padaria", category_id=BAKERY), now=timezone.now())
    rules.apply(rule)
    part = parts.make(row, row.amount / -2)
    part.save()
    say(part, BAKERY)
    transactions.say(row, Said(SILENT, "a note", ("a tag",)))
    assert not Telling.objects.exists()
    say(row, GROCERIES)  # against the rule; the bank says it already
    assert not Telling.objects.exists()


@pytest.mark.parametrize(
    ("kind", "more"), [("status", {"status": 500, "body": "{}"}), ("status", {"status": 503, "body": "x"})]
)
def test_a_failure_is_tried_again_some_times_and_then_dropped(
    pluggy: LocalPluggy, row: Transaction, kind: str, more: dict[str, Any], caplog: Any
) -> None:
    say(row, BAKERY)
    pluggy.fault(kind, "/transactions/", method="PATCH", times=tellings.MOST_ATTEMPTS, **more)
    now = timezone.now()
    with caplog.at_level(logging.WARNING, logger="banking.actions.tellings"):
        for attempt in range(tellings.MOST_ATTEMPTS):
            assert Telling.objects.get().attempts == attempt
            tellings.tell_all(client=our_client(), now=now + attempt * LATER)
            tellings.tell_all(client=our_client(), now=now + attempt * LATER + timedelta(minutes=1))  # waits
    assert not Telling.objects.get().is_open
    assert str(row.pk) in caplog.text


def test_a_limit_is_waited_out_and_costs_no_attempt(pluggy: LocalPluggy, row: Transaction) -> None:
    say(row, BAKERY)
    pluggy.fault("limited", "/transactions/", method="PATCH")
    tellings.tell_all(client=our_client(), now=timezone.now())
    owed = Telling.objects.get()
    assert (owed.is_open, owed.attempts) == (True, 0)


def test_a_row_that_is_gone_at_pluggy_is_no_trouble(pluggy: LocalPluggy, row: Transaction) -> None:
    say(row, BAKERY)
    pluggy.control("DELETE", f"/transactions/{row.pk}")
    tasks.tell_categories()
    assert not Telling.objects.get().is_open


def test_another_choice_meanwhile_is_told_as_well(
    pluggy: LocalPluggy, row: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(row, BAKERY)
    client = our_client()
    tell = client.recategorise

    def slow(transaction_id: Any, category_id: str) -> None:
        tell(transaction_id, category_id)
        say(Transaction.objects.get(pk=row.pk), GROCERIES)

    monkeypatch.setattr(client, "recategorise", slow)
    tellings.tell_all(client=client, now=timezone.now())
    monkeypatch.undo()
    assert Telling.objects.get().is_open
    tellings.tell_all(client=client, now=timezone.now())
    assert at_pluggy(pluggy, row) == GROCERIES


def test_a_disconnection_takes_what_was_owed_along(row: Transaction, item: Item) -> None:
    say(row, BAKERY)
    Transaction.objects.filter(account__item=item).delete()
    assert not Telling.objects.exists()
