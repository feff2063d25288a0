"""The page of a connection says what another connection to the same account keeps, and what is lost with it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item
from banking.ledger import disconnection, monthly_totals, splits
from banking.ledger.classification import Override
from banking.ledger.edits import Split, TransactionEdits
from banking.ledger.matching import reviews
from banking.ledger.models import Account, Transaction, TransactionMatch
from banking.ledger.overrides import save_edits
from banking.reports.same_money import disconnection_preview
from banking.web import tasks
from banking.web.api_client import pluggy as our_client
from tests.banking.web.test_query_counts import MAX_QUERIES, query_count
from tests.local_pluggy import LocalPluggy
from tests.net_worth_helpers import checking, entry, figures, load_world, page, sync_again

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

FIRST, SECOND = "10000000-0000-4000-8000-000000000401", "10000000-0000-4000-8000-000000000402"
OLD = [entry(f"2026-0{month}-10", -20, f"LIVRARIA {month}", "08010000") for month in (7, 8, 9)]
BOTH = [entry("2026-11-04", -80, "FARMACIA SOL", "18020000"), entry("2026-11-05", -10, "CAFE")]
NOTE = TransactionEdits(Override("08000000"), "com a Ana", ("viagem",))


def bank(item_id: str, *transactions: Any, **more: Any) -> Any:
    return {"id": item_id, "connectorId": 9002, "accounts": [checking(1000, *transactions, **more)]}


@pytest.fixture
def older(alice: User, pluggy: LocalPluggy) -> Item:
    """A connection with older transactions than the one that succeeds it, and edits of both."""
    (item,) = load_world(pluggy, alice, bank(FIRST, *OLD, *BOTH))
    save_edits(_transaction(FIRST, "CAFE"), NOTE)
    save_edits(_transaction(FIRST, "LIVRARIA 7"), NOTE)
    splits.replace_splits(
        _transaction(FIRST, "LIVRARIA 8"), [Split(_transaction(FIRST, "CAFE").amount.copy_abs())]
    )
    return item


def accounts_around(item: Item) -> tuple[Item, list[Account], list[Account]]:
    """Return the connection, its accounts, and those of the user's other connections."""
    accounts = list(Account.objects.of(item.user).select_related("item__connector"))
    own = [account for account in accounts if account.item_id == item.id]
    return item, own, [account for account in accounts if account.item_id != item.id]


def _transaction(item_id: str, description: str) -> Transaction:
    return Transaction.objects.from_bank().get(account__item_id=item_id, description=description)


def test_the_page_of_the_older_connection_says_what_stays_and_what_is_lost(
    alice: User, pluggy: LocalPluggy, as_alice: Client, older: Item
) -> None:
    load_world(pluggy, alice, bank(SECOND, *BOTH))
    shown = page(as_alice, "connection", older.id)
    assert "They have moved to the account that stays." in shown
    assert "the same account in another connection" in shown
    assert "3 transactions that only this connection has (10 Jul 2026 to 10 Sep 2026)" in shown
    assert "Your changes of 2 transactions" in shown
    assert "Balances of past days that only this connection has" in shown
    assert query_count(as_alice, reverse("connection", args=[older.id])) <= MAX_QUERIES
    assert "including your categories" not in shown
    portuguese = as_alice.get(reverse("connection", args=[older.id])).content.decode()
    assert "3 transações que só esta conexão tem" in portuguese


def test_what_the_page_says_is_what_happens(
    alice: User, pluggy: LocalPluggy, as_alice: Client, older: Item
) -> None:
    load_world(pluggy, alice, bank(SECOND, *BOTH))
    before = figures(as_alice)
    as_alice.post(reverse("disconnect", args=[older.id]))
    tasks.finish_disconnection(str(older.id))
    assert not Item.objects.filter(id=FIRST).exists()
    assert TransactionEdits.of(_transaction(SECOND, "CAFE")) == NOTE
    assert Transaction.objects.live().count() == 2
    assert figures(as_alice) == before
    assert monthly_totals.differences() == []


def test_a_connection_without_another_to_its_account_loses_everything(as_alice: Client, older: Item) -> None:
    shown = page(as_alice, "connection", older.id)
    assert "including your categories" in shown and "What stays" not in shown


def test_an_account_that_the_user_calls_another_one_stays_nowhere(
    alice: User, pluggy: LocalPluggy, as_alice: Client, older: Item
) -> None:
    load_world(pluggy, alice, bank(SECOND, *BOTH, number="0001/55501-1"))
    assert "What stays" not in page(as_alice, "connection", older.id)


def test_the_newer_connection_gives_back_what_was_edited_there(
    alice: User, pluggy: LocalPluggy, as_alice: Client, older: Item
) -> None:
    """Also what the user edited on the newer one after it took over."""
    extra = entry("2026-11-06", -5, "PADARIA")
    (newer,) = load_world(pluggy, alice, bank(SECOND, *BOTH, extra))
    later = TransactionEdits(note="remédio")
    save_edits(_transaction(SECOND, "FARMACIA SOL"), later)
    save_edits(_transaction(SECOND, "PADARIA"), later)
    shown = page(as_alice, "connection", newer.id)
    assert "They move to the account that stays." in shown
    assert "1 transaction that only this connection has (6 Nov 2026)" in shown
    assert "Your changes of 1 transaction" in shown
    disconnection.disconnect(newer, client=our_client(), now=timezone.now())
    assert TransactionEdits.of(_transaction(FIRST, "CAFE")) == NOTE
    assert TransactionEdits.of(_transaction(FIRST, "FARMACIA SOL")) == later
    assert monthly_totals.differences() == []


def test_answers_about_matches_return_from_a_connection_that_ends(
    alice: User, pluggy: LocalPluggy, as_alice: Client
) -> None:
    sent = entry("2026-11-10", -300, "PIX ENVIADO", "05070000")
    arrived = {"id": "10000000-0000-4000-8000-000000000403", "connectorId": 9003, "accounts": [
        checking(300, entry("2026-11-10", 300, "PIX RECEBIDO", "05070000"), number="0001/9"),
    ]}  # fmt: skip
    load_world(pluggy, alice, bank(FIRST, sent), arrived)
    (newer,) = load_world(pluggy, alice, bank(SECOND, sent))
    match = TransactionMatch.objects.select_related("outflow", "inflow").get(
        outflow=_transaction(SECOND, "PIX ENVIADO")
    )
    reviews.confirm(match, now=timezone.now())
    assert figures(as_alice)["spending"] == 0
    disconnection.disconnect(newer, client=our_client(), now=timezone.now())
    assert TransactionMatch.objects.get().outflow == _transaction(FIRST, "PIX ENVIADO")
    assert figures(as_alice) == {"income": 0, "spending": 0, "net_worth": 1300}


def test_three_connections_to_one_account_name_where_it_stays(
    alice: User, pluggy: LocalPluggy, older: Item
) -> None:
    third = "10000000-0000-4000-8000-000000000404"
    load_world(pluggy, alice, bank(SECOND, *BOTH), bank(third, *BOTH))
    preview = disconnection_preview(*accounts_around(older))
    assert preview and [str(account.item_id) for account in preview.kept_in] == [third]
    newest = Item.objects.get(id=third)
    preview = disconnection_preview(*accounts_around(newest))
    assert preview and {str(account.item_id) for account in preview.kept_in} == {FIRST, SECOND}
    assert preview.lost_count == 0


def test_nothing_stays_in_a_connection_that_is_being_ended(
    alice: User, pluggy: LocalPluggy, as_alice: Client, older: Item
) -> None:
    load_world(pluggy, alice, bank(SECOND, *BOTH))
    Item.objects.filter(id=SECOND).update(disconnected_at=timezone.now())
    assert "What stays" not in page(as_alice, "connection", older.id)
    sync_again(older)
