"""Change the keys of the hashes of documents: what was equal stays equal, and wrong keys are noticed."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from banking.connections.models import Item, SyncState
from banking.ingest import copy_lines
from banking.ledger import document_keys
from banking.ledger.models import Account, Loan, Transaction
from banking.money.documents import account_hash, document_hash, ipoc_hash
from tests.factories import create_item
from tests.household import OWN, Household, body, payment
from tests.instances import build_instance
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
MARIA, ANA = "52998224725", "11144477735"
PIX = "05070000"
IPOC = "60701190100111444777351234567890"
NEW_KEY = "a-key-that-was-added-0123456789-0123456789"
CACHED = (copy_lines._document, copy_lines._account)  # a process has one list of keys, the tests have more


@pytest.fixture
def keys(settings: Any) -> Iterator[list[str]]:
    """The keys of the settings. The stored hashes are known to have been made with them."""
    settings.DOCUMENT_HASH_KEYS = list(settings.DOCUMENT_HASH_KEYS)
    document_keys.require_current()
    yield settings.DOCUMENT_HASH_KEYS
    for function in CACHED:
        function.cache_clear()


def rotate() -> str:
    output = StringIO()
    call_command("rotate_document_key", stdout=output)
    for function in CACHED:
        function.cache_clear()
    return output.getvalue()


def hashed_columns() -> set[tuple[type[Any], str]]:
    """Return the fields of all models that say that they hold keyed hashes."""
    fields = [field for model in apps.get_models() for field in model._meta.concrete_fields]
    return {(field.model, field.name) for field in fields if "keyed hash" in str(field.help_text)}


def test_every_column_of_hashes_is_rotated() -> None:
    assert hashed_columns() == {*document_keys.COLUMNS, *document_keys.LIST_COLUMNS}


def test_documents_match_after_a_rotation(alice: User, keys: list[str]) -> None:
    household = Household.of(alice)
    parties = payment(OWN, MARIA)
    parties["receiver"] |= {"branchNumber": "0001", "accountNumber": "12345-6"}
    paid = body("X1", "10-05", "PIX MARIA", "-10", PIX, paymentData=parties)
    assert household.kinds(paid) == ["expense"]
    account = household.accounts["X1"]
    account.rejected_owners = [document_hash(MARIA), document_hash(ANA)]
    account.save()
    loan = build_instance(Loan, {User: alice, Item: account.item})
    loan.ipoc_hash = ipoc_hash(IPOC)
    loan.save()
    before = Transaction.objects.get()
    keys.append(NEW_KEY)
    assert "brought to 1 more keys" in rotate()
    after, account = Transaction.objects.get(), Account.objects.get(id=account.id)
    assert after.counterparty_hash == document_hash(MARIA) != before.counterparty_hash
    assert after.counterparty_account == account_hash("0001", "12345-6") != before.counterparty_account
    assert account.owner_hash == document_hash(OWN)
    assert account.rejected_owners == [document_hash(MARIA), document_hash(ANA)]
    assert Loan.objects.get().ipoc_hash == ipoc_hash(IPOC)
    # A transfer is recognised by the owner's document, which was hashed before, and that of the payment, hashed now.
    household = Household(
        alice, {name: Account.objects.get(id=a.id) for name, a in household.accounts.items()}
    )
    sent = body("X1", "10-20", "PIX ENVIADO", "-50", PIX, paymentData=payment(OWN, OWN))
    assert household.kinds(sent) == ["transfer"]
    assert rotate() == "nothing to do: the hashes have these keys\n"


def test_a_missing_or_changed_key_is_refused(keys: list[str], settings: Any) -> None:
    keys.append(NEW_KEY)
    rotate()
    for wrong in ([NEW_KEY], [NEW_KEY, keys[0]], keys[:1]):
        settings.DOCUMENT_HASH_KEYS = wrong
        with pytest.raises(CommandError, match="does not begin with the keys"):
            rotate()


def test_a_sync_with_other_keys_writes_nothing(alice: User, pluggy: LocalPluggy, keys: list[str]) -> None:
    """A worker that was started before the rotation, or a release that forgot the command."""
    item = create_item(alice)
    keys.append(NEW_KEY)
    mark_changed(item)
    with pytest.raises(document_keys.WrongDocumentKeys):
        run_sync(item)
    assert "WrongDocumentKeys" in SyncState.objects.get(item=item).failure


def test_a_rotation_waits_for_running_syncs(alice: User, keys: list[str]) -> None:
    item = create_item(alice)
    SyncState.objects.filter(item=item).update(lease_until=timezone.now() + timedelta(seconds=30))
    keys.append(NEW_KEY)
    with pytest.raises(CommandError, match="stop the workers"):
        rotate()
    SyncState.objects.filter(item=item).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert "brought to 1 more keys" in rotate()
    assert Item.objects.get().owner_hash == ""
