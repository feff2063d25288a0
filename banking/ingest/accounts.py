"""Store the accounts and cards of a connection as the bank lists them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple
from uuid import UUID

import msgspec
from django.db.models import F
from django.db.models.functions import Coalesce

from banking.connections.models import Item
from banking.ingest import records
from banking.ingest.validation import currency_or
from banking.ledger import owners
from banking.ledger.models import Account, QuarantinedRecord, TransactionChange
from banking.money.documents import complete, could_be, document_hash, visible_part
from banking.pluggy import payloads
from banking.pluggy.values import day, text


def store(
    item: Item,
    listed: Sequence[payloads.Account],
    *,
    complete_types: Collection[str] = Account.Type.values,
    now: datetime,
    owner_document: str = "",
) -> list[Account]:
    """Store the listed accounts and return them. One that is no longer listed is marked, never deleted.

    Only accounts of `complete_types` are marked: for the others, the bank did not send a complete list.
    Unreadable accounts are quarantined; those that belong to another item are left alone. `owner_document` is
    that of the item's owner, for accounts that come without a whole document.
    """
    source = records.RecordSource(item, QuarantinedRecord.RecordType.ACCOUNT)
    stored = {account.id: account for account in item.accounts.all()}
    stored_owners = {
        account_id: _Owner(account.owner_hash, account.owner_shown) for account_id, account in stored.items()
    }
    build = partial(_account, item, stored, owner_document=owner_document, now=now)
    valid, unreadable_ids = records.read_list(listed, build, source, now=now)
    ids = [account.id for account in valid]
    of_other_items = Account.objects.filter(id__in=ids).exclude(item=item)
    foreign_ids = set(of_other_items.values_list("id", flat=True))
    accounts = [account for account in valid if account.id not in foreign_ids]
    for account in accounts:
        old = stored_owners.get(account.id, _Owner())
        account.owner_hash = account.owner_hash or old.hash
        account.owner_shown = account.owner_shown or old.shown
    if accounts:
        Account.objects.bulk_create(
            accounts, update_conflicts=True, unique_fields=["id"], update_fields=_UPDATED_COLUMNS
        )
    if accounts and not records.has_unidentified(listed):
        expected = item.accounts.filter(type__in=complete_types)
        expected.exclude(id__in={*ids, *unreadable_ids}).update(
            missing_since=Coalesce("missing_since", now), missing_reads=F("missing_reads") + 1
        )
    of_list = item.accounts.filter(id__in=[account.id for account in accounts])
    result = list(of_list.select_related("item__connector"))
    for account in result:
        old_owner = stored_owners.get(account.id)
        if old_owner and old_owner != (account.owner_hash, account.owner_shown):
            # The run matches the transactions again at its end.
            owners.apply_owner(account, old_owner.hash, source=TransactionChange.Source.BANK)
    return result


class _Owner(NamedTuple):
    """The stored forms of the document of an account's owner."""

    hash: str = ""
    shown: str = ""


def lack_owner(item: Item, listed: Iterable[payloads.Account]) -> bool:
    """Tell whether an account comes without a whole document of its owner, and none is stored."""
    known = set(item.accounts.exclude(owner_hash="").values_list("id", flat=True))
    return any(not complete(account.tax_number) and account.id not in known for account in listed)


_UPDATED_COLUMNS = [
    column.name
    for column in Account._meta.concrete_fields
    if column.name not in ("id", "user", "item", *Account.NOT_LISTED)
]


def _account(
    item: Item,
    stored: Mapping[UUID, Account],
    payload: payloads.Account,
    *,
    owner_document: str,
    now: datetime,
) -> Account:
    """Build an account. A type, number, name or currency that cannot be read stays as it is stored.

    Its number tells whether another connection lists the same account, so without it money would count twice.
    """
    records.check_item(item, payload.item_id)
    owner = _owner_document(payload.tax_number, owner_document)
    old = stored.get(payload.id)
    kept = old or Account()
    bank, credit = payload.bank_data or payloads.BankData(), payload.credit_data or payloads.CreditData()
    details = {"bankData": payload.bank_data, "creditData": payload.credit_data}
    return Account(
        id=payload.id,
        user_id=item.user_id,
        item=item,
        type=_type_of(payload, old),
        subtype=text(payload.subtype or kept.subtype, 40),
        number=text(payload.number or kept.number, 60),
        name=text(payload.name or (old.name if old else payload.subtype or payload.type), 200),
        marketing_name=text(payload.marketing_name, 200),
        owner_name=text(payload.owner, 200),
        owner_hash=document_hash(owner),
        owner_shown=visible_part(owner or payload.tax_number),
        currency=currency_or(payload.currency_code, old.currency if old else "BRL"),
        balance=payload.balance,
        brand=text(credit.brand, 40),
        level=text(credit.level, 40),
        credit_limit=credit.credit_limit,
        available_limit=credit.available_credit_limit,
        minimum_payment=credit.minimum_payment,
        closes_on=day(credit.balance_close_date),
        due_on=day(credit.balance_due_date),
        transfer_number=text(bank.transfer_number or kept.transfer_number, 60),
        overdraft_limit=bank.overdraft_contracted_limit,
        invested_balance=bank.automatically_invested_balance,
        details=msgspec.to_builtins({key: data for key, data in details.items() if data}, str_keys=True),
        bank_created_at=payload.created_at,
        bank_updated_at=payload.updated_at,
        read_at=now,
        missing_since=None,
        missing_reads=0,
    )


def _owner_document(tax_number: str | None, owner_document: str) -> str:
    """Return the account's own document, else that of the item's owner, if it can be the masked one."""
    return complete(tax_number) or (owner_document if could_be(tax_number, owner_document) else "")


def _type_of(payload: payloads.Account, old: Account | None) -> str:
    if payload.type in Account.Type.values:
        return payload.type
    if old is not None:
        return old.type
    is_card = payload.subtype == "CREDIT_CARD" or (payload.credit_data and not payload.bank_data)
    return Account.Type.CREDIT if is_card else Account.Type.BANK
