"""The accounts and cards of one item, as the bank lists them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from banking.classify import AccountFacts
from banking.models import Account, Item
from banking.pluggy import payloads
from banking.upsert.values import day


def store(item: Item, listed: Sequence[payloads.Account], *, now: datetime) -> list[Account]:
    """Write the accounts that the bank lists; one that it no longer lists is marked, never removed."""
    mine = [one for one in listed if one.item_id == item.id]
    foreign = set(
        Account.objects.filter(id__in=[one.id for one in mine])
        .exclude(item=item)
        .values_list("id", flat=True)
    )
    rows = [_row(item, one, now) for one in mine if one.id not in foreign]
    if rows:
        Account.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["id"], update_fields=_ACCOUNT_COLUMNS
        )
        item.accounts.exclude(id__in=[row.id for row in rows]).filter(missing_since=None).update(
            missing_since=now
        )
    return list(item.accounts.filter(id__in=[row.id for row in rows]))


_ACCOUNT_COLUMNS = [
    column.name
    for column in Account._meta.concrete_fields
    if column.name not in ("id", "user", "item", *Account.PROGRESS)
]


def _row(item: Item, payload: payloads.Account, now: datetime) -> Account:
    bank, credit = payload.bank_data or payloads.BankData(), payload.credit_data or payloads.CreditData()
    details = {"bankData": payload.bank_data, "creditData": payload.credit_data}
    return Account(
        id=payload.id,
        user_id=item.user_id,
        item=item,
        type=payload.type[:10],
        subtype=(payload.subtype or "")[:40],
        number=(payload.number or "")[:60],
        name=payload.name[:200],
        marketing_name=(payload.marketing_name or "")[:200],
        owner_name=(payload.owner or "")[:200],
        currency=payload.currency_code[:3],
        balance=payload.balance,
        brand=(credit.brand or "")[:40],
        level=(credit.level or "")[:40],
        credit_limit=credit.credit_limit,
        available_limit=credit.available_credit_limit,
        minimum_payment=credit.minimum_payment,
        closes_on=day(credit.balance_close_date),
        due_on=day(credit.balance_due_date),
        transfer_number=(bank.transfer_number or "")[:60],
        overdraft_limit=bank.overdraft_contracted_limit,
        invested_balance=bank.automatically_invested_balance,
        details=msgspec.to_builtins({key: part for key, part in details.items() if part}, str_keys=True),
        bank_created_at=payload.created_at,
        bank_updated_at=payload.updated_at,
        read_at=now,
        missing_since=None,
    )


def facts(account: Account) -> AccountFacts:
    return AccountFacts(
        is_card=account.is_card,
        currency=account.currency,
        is_sandbox=account.item.connector.is_sandbox,
        closes_on=account.closes_on,
        due_on=account.due_on,
    )
