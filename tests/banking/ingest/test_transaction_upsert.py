"""Transaction upsert and monthly totals: idempotent, protected against older data, and exact."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from banking.ingest import accounts, transaction_upsert
from banking.ledger import monthly_totals
from banking.ledger.classification import Override
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import (
    Account,
    CategoryTree,
    Kind,
    MonthlyTotal,
    Transaction,
)
from banking.ledger.overrides import save_edits
from banking.money import documents
from banking.pluggy import payloads
from tests.factories import create_account, create_item, store_transactions
from tests.payloads import transaction_payload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def account(alice: User) -> Account:
    return create_account(create_item(alice))


def body(**changes: object) -> dict[str, object]:
    defaults: dict[str, object] = {
        "id": str(uuid.uuid4()),
        "date": "2026-11-14T15:00:00Z",
        "createdAt": "2026-11-14T16:00:00Z",
        "updatedAt": "2026-11-14T16:00:00Z",
    }
    return defaults | changes


def test_an_unchanged_transaction_is_not_written_again(account: Account) -> None:
    payload = body()
    assert store_transactions(account, payload).count == 1
    assert store_transactions(account, payload).count == 0
    assert store_transactions(account, payload, payload).count == 0
    assert Transaction.objects.count() == 1


def test_two_identical_coffees_with_different_ids_are_two_transactions(account: Account) -> None:
    store_transactions(
        account, body(description="CAFE", amount="-7.00"), body(description="CAFE", amount="-7.00")
    )
    assert MonthlyTotal.objects.get(basis="accrual").total == Decimal("-14.00")


def test_a_changed_transaction_moves_to_the_totals_of_its_new_month(account: Account) -> None:
    payload = body()
    store_transactions(account, payload)
    changes = store_transactions(account, payload | {"date": "2026-10-02T15:00:00Z", "amount": "-99.90"})
    assert changes.count == 1
    totals = {(total.month.month, total.total) for total in MonthlyTotal.objects.all()}
    assert totals == {(10, Decimal("-99.90"))}
    assert monthly_totals.differences() == []


def test_an_older_version_does_not_overwrite_a_newer_one(account: Account) -> None:
    payload = body(description="NEW", updatedAt="2026-11-15T00:00:01Z")
    store_transactions(account, payload)
    assert (
        store_transactions(
            account, payload | {"description": "OLD", "updatedAt": "2026-11-14T00:00:01Z"}
        ).count
        == 0
    )
    assert Transaction.objects.get().description == "NEW"


def test_a_transaction_never_changes_its_account_or_owner(account: Account, bob: User) -> None:
    payload = body(description="ALICE")
    store_transactions(account, payload)
    bobs = create_account(create_item(bob))
    assert store_transactions(bobs, payload | {"accountId": str(bobs.id), "description": "BOB"}).count == 0
    stored = Transaction.objects.get()
    assert (stored.user_id, stored.description) == (account.user_id, "ALICE")


def test_a_removed_transaction_returns_only_if_it_was_read_later(account: Account) -> None:
    payload = body()
    store_transactions(account, payload)
    now = timezone.now()
    transaction_upsert.remove(account, [uuid.UUID(str(payload["id"]))], roots={}, now=now)
    earlier_read = transaction_upsert.store(
        account,
        [transaction_payload(account, **payload)],
        roots=CategoryTree.load().roots,
        read_at=now - timedelta(seconds=1),
    )
    assert earlier_read.count == 0
    assert store_transactions(account, payload).count == 1
    assert Transaction.objects.get().deleted_at is None


def test_the_users_edits_survive_a_sync(account: Account) -> None:
    payload = body()
    store_transactions(account, payload)
    edits = TransactionEdits(Override(category_id="04000000"), note="minha nota")
    save_edits(Transaction.objects.get(), edits)
    store_transactions(account, payload | {"description": "CHANGED", "updatedAt": "2026-11-16T00:00:00Z"})
    stored = Transaction.objects.get()
    assert (stored.description, stored.note) == ("CHANGED", "minha nota")
    assert (stored.category_id, stored.kind) == ("04000000", Kind.TRANSFER)
    assert monthly_totals.differences() == []


def test_hiding_a_transaction_removes_it_from_the_totals_until_it_is_shown_again(account: Account) -> None:
    store_transactions(account, body(amount="-30.00"))
    transaction = Transaction.objects.get()
    save_edits(transaction, TransactionEdits(Override(hidden=True)))
    assert MonthlyTotal.objects.get(basis="accrual").kind == Kind.NEUTRAL
    save_edits(transaction, TransactionEdits())
    assert MonthlyTotal.objects.get(basis="accrual").kind == Kind.EXPENSE
    assert monthly_totals.differences() == []


def test_totals_are_exact(account: Account) -> None:
    store_transactions(account, body(amount="-0.1"), body(amount="-0.2"), body(amount="-2431.5285"))
    assert MonthlyTotal.objects.get(basis="cash").total == Decimal("-2431.8285")


def test_documents_of_counterparties_are_stored_masked_and_hashed(account: Account) -> None:
    cpf = "123.456.789-09"
    party = {"name": "João", "documentNumber": {"type": "CPF", "value": cpf}}
    store_transactions(account, body(paymentData={"receiver": party, "paymentMethod": "PIX"}))
    transaction = Transaction.objects.get()
    assert transaction.counterparty_document == "***.456.789-**"
    assert transaction.counterparty_hash == documents.keyed_hash("12345678909") != ""
    assert "12345678909" not in str(transaction.__dict__)


def test_the_cnpj_of_a_merchant_is_stored_unmasked(account: Account) -> None:
    store_transactions(account, body(merchant={"name": "Loja", "cnpj": "12.ABC.345/01DE-35"}))
    assert Transaction.objects.get().merchant_cnpj == "12ABC34501DE35"
    assert documents.masked("12.345.678/0001-95") == "**.345.678/0001-**"
    assert documents.punctuated("12ABC34501DE35") == "12.ABC.345/01DE-35"


def test_a_description_with_markup_is_stored_as_text(account: Account) -> None:
    store_transactions(account, body(description="<script>\x00alert(1)</script>\u202e"))
    assert Transaction.objects.get().description == "<script>alert(1)</script>\u202e"


def test_rebuilding_the_totals_gives_the_same_totals(account: Account) -> None:
    store_transactions(
        account, body(), body(amount="5.00", categoryId="01010000"), body(date="2026-09-30T23:30:00Z")
    )
    columns = ("basis", "month", "category", "kind", "total", "transaction_count")
    before = set(MonthlyTotal.objects.values_list(*columns))
    monthly_totals.rebuild()
    assert set(MonthlyTotal.objects.values_list(*columns)) == before
    assert monthly_totals.differences() == []


def test_a_wrong_total_is_reported_as_a_difference(account: Account) -> None:
    store_transactions(account, body())
    MonthlyTotal.objects.filter(basis="cash").update(total=1)
    assert len(monthly_totals.differences()) == 2  # the stored total and the right one


def test_an_account_of_another_item_is_not_overwritten(account: Account, bob: User) -> None:
    item = create_item(bob)
    listed = payloads.Account(
        id=account.id, item_id=item.id, type="BANK", name="X", balance=Decimal(1), currency_code="BRL"
    )
    assert accounts.store(item, [listed], now=datetime.now(UTC)) == []
    account.refresh_from_db()
    assert (account.user_id, account.name) == (account.item.user_id, "Conta")
