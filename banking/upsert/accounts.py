"""The accounts and cards of one item, as the bank lists them."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import msgspec
from django.db.models import F
from django.db.models.functions import Coalesce

from banking.classify import AccountFacts
from banking.documents import keyed_hash
from banking.models import Account, Item, UnreadableRow
from banking.pluggy import payloads
from banking.upsert import records
from banking.upsert.records import Place
from banking.upsert.values import day, text


def store(item: Item, listed: Sequence[payloads.Account], *, now: datetime) -> list[Account]:
    """Write the accounts that the bank lists; one that it no longer lists is marked, never removed."""
    place = Place(item, UnreadableRow.What.ACCOUNT)
    sound, aside = records.sound(listed, partial(_row, item, now=now), place=place, now=now)
    ids = [row.id for row in sound]
    foreign = set(Account.objects.filter(id__in=ids).exclude(item=item).values_list("id", flat=True))
    rows = [row for row in sound if row.id not in foreign]
    if rows:
        Account.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["id"], update_fields=_ACCOUNT_COLUMNS
        )
        item.accounts.exclude(id__in={*ids, *aside}).update(
            missing_since=Coalesce("missing_since", now), missing_reads=F("missing_reads") + 1
        )
    return list(item.accounts.filter(id__in=[row.id for row in rows]).select_related("item__connector"))


_ACCOUNT_COLUMNS = [
    column.name
    for column in Account._meta.concrete_fields
    if column.name not in ("id", "user", "item", *Account.PROGRESS)
]


def _row(item: Item, payload: payloads.Account, *, now: datetime) -> Account:
    if payload.item_id != item.id:
        raise ValueError("itemId: it says that it belongs to another connection")
    bank, credit = payload.bank_data or payloads.BankData(), payload.credit_data or payloads.CreditData()
    details = {"bankData": payload.bank_data, "creditData": payload.credit_data}
    return Account(
        id=payload.id,
        user_id=item.user_id,
        item=item,
        type=text(payload.type, 10),
        subtype=text(payload.subtype, 40),
        number=text(payload.number, 60),
        name=text(payload.name, 200),
        marketing_name=text(payload.marketing_name, 200),
        owner_name=text(payload.owner, 200),
        owner_hash=keyed_hash(payload.tax_number or ""),
        currency=payload.currency_code,
        balance=payload.balance,
        brand=text(credit.brand, 40),
        level=text(credit.level, 40),
        credit_limit=credit.credit_limit,
        available_limit=credit.available_credit_limit,
        minimum_payment=credit.minimum_payment,
        closes_on=day(credit.balance_close_date),
        due_on=day(credit.balance_due_date),
        transfer_number=text(bank.transfer_number, 60),
        overdraft_limit=bank.overdraft_contracted_limit,
        invested_balance=bank.automatically_invested_balance,
        details=msgspec.to_builtins({key: part for key, part in details.items() if part}, str_keys=True),
        bank_created_at=payload.created_at,
        bank_updated_at=payload.updated_at,
        read_at=now,
        missing_since=None,
        missing_reads=0,
    )


def facts(account: Account) -> AccountFacts:
    return AccountFacts(
        is_card=account.is_card,
        currency=account.currency,
        is_sandbox=account.item.connector.is_sandbox,
        closes_on=account.closes_on,
        due_on=account.due_on,
        bills=dict(account.bills.values_list("id", "due_on").order_by()) if account.is_card else {},
    )
