"""Categories that users choose are sent to Pluggy, best effort; the webhook that follows changes nothing."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item
from banking.ledger import category_outbox, monthly_totals, overrides, rule_edits, splits
from banking.ledger.classification import NO_OVERRIDE, Override
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import CategoryUpdate, Rule, Transaction
from banking.web import tasks
from banking.web.api_client import pluggy as our_client
from tests.factories import create_item_with_transactions
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import LATER, mark_changed, newest_transaction, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

BAKERY, GROCERIES = "11020000", "10000000"


@pytest.fixture
def item(alice: User, connect: Callable[..., Item]) -> Item:
    return connect(alice)


@pytest.fixture
def purchase(item: Item) -> Transaction:
    return newest_transaction(item, bank_category_id__gt="", total_installments=None)


def category_at_pluggy(pluggy: LocalPluggy, transaction: Transaction) -> str:
    return str(pluggy.api("GET", f"/transactions/{transaction.pk}")["categoryId"])


def choose_category(transaction: Transaction, category_id: str | None) -> None:
    override = Override(category_id) if category_id else NO_OVERRIDE
    overrides.save_edits(transaction, TransactionEdits(override))


def test_chosen_category_is_sent_and_the_webhook_that_follows_changes_nothing(
    pluggy: LocalPluggy, item: Item, purchase: Transaction
) -> None:
    choose_category(purchase, BAKERY)
    tasks.send_category_updates()
    assert category_at_pluggy(pluggy, purchase) == BAKERY
    assert not CategoryUpdate.objects.get().is_pending
    before = (purchase.kind, purchase.kind_reason, purchase.category_id)
    hint = {"kind": "updated", "account_id": purchase.account_id, "transaction_ids": [purchase.pk]}
    mark_changed(item, **hint)
    assert run_sync(item).records_written >= 1  # bank_category_id
    mark_changed(item, **hint)
    assert run_sync(item).records_written == 0
    purchase.refresh_from_db()
    assert purchase.bank_category_id == BAKERY
    assert (purchase.kind, purchase.kind_reason, purchase.category_id) == before
    tasks.send_category_updates()
    assert not CategoryUpdate.objects.filter(is_pending=True).exists()
    assert monthly_totals.differences() == []


def test_override_can_be_removed_after_pluggy_has_reported_it(
    pluggy: LocalPluggy, item: Item, purchase: Transaction
) -> None:
    original = purchase.bank_category_id
    for category in (BAKERY, GROCERIES):
        choose_category(purchase, category)
        tasks.send_category_updates()
        mark_changed(item, kind="updated", account_id=purchase.account_id, transaction_ids=[purchase.pk])
        run_sync(item)
    purchase.refresh_from_db()
    assert purchase.bank_category_id == GROCERIES
    choose_category(purchase, None)
    assert purchase.category_id == original
    tasks.send_category_updates()
    assert category_at_pluggy(pluggy, purchase) == original
    assert not CategoryUpdate.objects.exists()


def test_only_overrides_of_bank_transactions_are_sent(alice: User) -> None:
    create_item_with_transactions(
        alice, [{"amount": "-10.00", "description": "PADARIA", "categoryId": GROCERIES}]
    )
    purchase = Transaction.objects.get()
    rule = rule_edits.save(Rule(user=alice, text="padaria", category_id=BAKERY), now=timezone.now())
    rule_edits.apply(rule)
    split = splits.make(purchase, purchase.amount / -2)
    split.save()
    choose_category(split, BAKERY)
    overrides.save_edits(purchase, TransactionEdits(NO_OVERRIDE, "a note", ("a tag",)))
    assert not CategoryUpdate.objects.exists()
    choose_category(purchase, GROCERIES)  # against the rule; the bank has it already
    assert not CategoryUpdate.objects.exists()


@pytest.mark.parametrize(
    ("kind", "more"), [("status", {"status": 500, "body": "{}"}), ("status", {"status": 503, "body": "x"})]
)
def test_failed_update_is_retried_a_few_times_and_then_dropped(
    pluggy: LocalPluggy,
    purchase: Transaction,
    kind: str,
    more: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    choose_category(purchase, BAKERY)
    pluggy.fault(kind, "/transactions/", method="PATCH", times=category_outbox.MAX_ATTEMPTS, **more)
    now = timezone.now()
    with caplog.at_level(logging.WARNING, logger="banking.ledger.category_outbox"):
        for attempt in range(category_outbox.MAX_ATTEMPTS):
            assert CategoryUpdate.objects.get().attempts == attempt
            category_outbox.send_pending(client=our_client(), now=now + attempt * LATER)
            too_soon = now + attempt * LATER + timedelta(minutes=1)
            category_outbox.send_pending(client=our_client(), now=too_soon)
    assert not CategoryUpdate.objects.get().is_pending
    assert str(purchase.pk) in caplog.text


def test_rate_limit_is_not_counted_as_an_attempt(pluggy: LocalPluggy, purchase: Transaction) -> None:
    choose_category(purchase, BAKERY)
    pluggy.fault("limited", "/transactions/", method="PATCH")
    category_outbox.send_pending(client=our_client(), now=timezone.now())
    update = CategoryUpdate.objects.get()
    assert (update.is_pending, update.attempts) == (True, 0)


def test_update_of_a_transaction_deleted_at_pluggy_is_closed(
    pluggy: LocalPluggy, purchase: Transaction
) -> None:
    choose_category(purchase, BAKERY)
    pluggy.control("DELETE", f"/transactions/{purchase.pk}")
    tasks.send_category_updates()
    assert not CategoryUpdate.objects.get().is_pending


def test_category_chosen_during_the_request_is_sent_as_well(
    pluggy: LocalPluggy, purchase: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_category(purchase, BAKERY)
    client = our_client()
    update_category = client.update_category

    def slow(transaction_id: UUID, category_id: str) -> None:
        update_category(transaction_id, category_id)
        choose_category(Transaction.objects.get(pk=purchase.pk), GROCERIES)

    monkeypatch.setattr(client, "update_category", slow)
    category_outbox.send_pending(client=client, now=timezone.now())
    monkeypatch.undo()
    assert CategoryUpdate.objects.get().is_pending
    category_outbox.send_pending(client=client, now=timezone.now())
    assert category_at_pluggy(pluggy, purchase) == GROCERIES


def test_pending_updates_are_deleted_with_their_transactions(purchase: Transaction, item: Item) -> None:
    choose_category(purchase, BAKERY)
    Transaction.objects.filter(account__item=item).delete()
    assert not CategoryUpdate.objects.exists()
