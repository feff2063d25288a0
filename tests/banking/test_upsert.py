"""upsert and rollups: idempotent, guarded, exact."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from banking import documents, rollups
from banking.actions.transactions import say
from banking.classify import Word
from banking.models import Account, CategoryTree, Kind, MonthTotal, Transaction
from banking.pluggy import payloads
from banking.upsert import accounts, transactions
from banking.upsert.words import Said
from tests.payloads import bound_item
from tests.rows import a_payload, an_account, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


@pytest.fixture
def account(alice: User) -> Account:
    return an_account(bound_item(alice))


def body(**changes: object) -> dict[str, object]:
    return {"id": str(uuid.uuid4()), "date": "2026-11-14T15:00:00Z", "createdAt": "2026-11-14T16:00:00Z"} | {
        "updatedAt": "2026-11-14T16:00:00Z",
        **changes,
    }


def test_the_same_row_twice_is_one_row_and_no_write(account: Account) -> None:
    row = body()
    assert write(account, row).rows == 1
    assert write(account, row).rows == 0
    assert write(account, row, row).rows == 0
    assert Transaction.objects.count() == 1


def test_two_identical_coffees_are_two_rows(account: Account) -> None:
    write(account, body(description="CAFE", amount="-7.00"), body(description="CAFE", amount="-7.00"))
    assert MonthTotal.objects.get(basis="competence").total == Decimal("-14.00")


def test_a_changed_row_is_written_and_its_months_are_summed_again(account: Account) -> None:
    row = body()
    write(account, row)
    changes = write(account, row | {"date": "2026-10-02T15:00:00Z", "amount": "-99.90"})
    assert changes.rows == 1
    assert {(total.month.month, total.total) for total in MonthTotal.objects.all()} == {
        (10, Decimal("-99.90"))
    }
    assert rollups.differences() == []


def test_an_older_answer_does_not_overwrite_a_newer_one(account: Account) -> None:
    row = body(description="NEW", updatedAt="2026-11-15T00:00:01Z")
    write(account, row)
    assert write(account, row | {"description": "OLD", "updatedAt": "2026-11-14T00:00:01Z"}).rows == 0
    assert Transaction.objects.get().description == "NEW"


def test_a_row_never_changes_its_account_or_owner(account: Account, bob: User) -> None:
    row = body(description="HERS")
    write(account, row)
    his = an_account(bound_item(bob))
    assert write(his, row | {"accountId": str(his.id), "description": "HIS"}).rows == 0
    kept = Transaction.objects.get()
    assert (kept.user_id, kept.description) == (account.user_id, "HERS")


def test_a_removed_row_comes_back_only_if_read_later(account: Account) -> None:
    row = body()
    write(account, row)
    now = timezone.now()
    transactions.remove(account, [uuid.UUID(str(row["id"]))], roots={}, now=now)
    early = transactions.store(
        account,
        [a_payload(account, **row)],
        roots=CategoryTree.load().roots,
        read_at=now - timedelta(seconds=1),
    )
    assert early.rows == 0
    assert write(account, row).rows == 1
    assert Transaction.objects.get().deleted_at is None


def test_what_the_person_said_survives_every_sync(account: Account) -> None:
    row = body()
    write(account, row)
    say(Transaction.objects.get(), Said(Word(category_id="04000000"), note="minha nota"))
    write(account, row | {"description": "CHANGED", "updatedAt": "2026-11-16T00:00:00Z"})
    kept = Transaction.objects.get()
    assert (kept.description, kept.note, kept.category_id, kept.kind) == (
        "CHANGED",
        "minha nota",
        "04000000",
        Kind.TRANSFER,
    )
    assert rollups.differences() == []


def test_hiding_a_row_takes_it_out_of_every_sum_and_back(account: Account) -> None:
    write(account, body(amount="-30.00"))
    row = Transaction.objects.get()
    say(row, Said(Word(hidden=True)))
    assert MonthTotal.objects.get(basis="competence").kind == Kind.NEUTRAL
    say(row, Said())
    assert MonthTotal.objects.get(basis="competence").kind == Kind.EXPENSE
    assert rollups.differences() == []


def test_amounts_are_exact(account: Account) -> None:
    write(account, body(amount="-0.1"), body(amount="-0.2"), body(amount="-2431.5285"))
    assert MonthTotal.objects.get(basis="cash").total == Decimal("-2431.8285")


def test_documents_of_others_are_kept_masked_and_hashed(account: Account) -> None:
    cpf = "123.456.789-09"
    party = {"name": "João", "documentNumber": {"type": "CPF", "value": cpf}}
    write(account, body(paymentData={"receiver": party, "paymentMethod": "PIX"}))
    row = Transaction.objects.get()
    assert row.counterparty_document == "***.456.789-**"
    assert row.counterparty_hash == documents.keyed_hash("12345678909") != ""
    assert "12345678909" not in str(row.__dict__)


def test_a_companys_number_is_kept_whole(account: Account) -> None:
    write(account, body(merchant={"name": "Loja", "cnpj": "12.ABC.345/01DE-35"}))
    assert Transaction.objects.get().merchant_cnpj == "12ABC34501DE35"
    assert documents.masked("12.345.678/0001-95") == "**.345.678/0001-**"
    assert documents.punctuated("12ABC34501DE35") == "12.ABC.345/01DE-35"


def test_hostile_text_is_kept_as_text(account: Account) -> None:
    write(account, body(description="<script>\x00alert(1)</script>\u202e"))
    assert Transaction.objects.get().description == "<script>alert(1)</script>\u202e"


def test_rebuild_gives_the_same(account: Account) -> None:
    write(account, body(), body(amount="5.00", categoryId="01010000"), body(date="2026-09-30T23:30:00Z"))
    before = set(MonthTotal.objects.values_list("basis", "month", "category", "kind", "total", "rows"))
    rollups.rebuild()
    after = set(MonthTotal.objects.values_list("basis", "month", "category", "kind", "total", "rows"))
    assert before == after
    assert rollups.differences() == []


def test_a_broken_sum_is_found(account: Account) -> None:
    write(account, body())
    MonthTotal.objects.filter(basis="cash").update(total=1)
    assert len(rollups.differences()) == 2  # the stored group, and the true one


def test_an_account_of_another_item_is_not_taken_over(account: Account, bob: User) -> None:
    his = bound_item(bob)
    listed = payloads.Account(
        id=account.id, item_id=his.id, type="BANK", name="X", balance=Decimal(1), currency_code="BRL"
    )
    assert accounts.store(his, [listed], now=datetime.now(UTC)) == []
    account.refresh_from_db()
    assert (account.user_id, account.name) == (account.item.user_id, "Conta")
