"""Payloads into rows, in bulk and idempotent; says what changed. Only the bank's columns are written."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection

from banking.classify import AccountFacts, Classified, PersonsWord, classify, facts, local_date
from banking.models import Account, Basis, Category, Connector, Item, Transaction
from banking.pluggy import payloads

Group = tuple[UUID, str, date]  # account, basis, month


@dataclass
class Changes:
    """What a write did: how many rows, and which monthly groups now need their sums again."""

    rows: int = 0
    groups: set[Group] = field(default_factory=set)


def connector(payload: payloads.Connector, *, now: datetime) -> Connector:
    health = payload.health or payloads.Health()
    row, _ = Connector.objects.update_or_create(
        id=payload.id,
        defaults={
            "name": payload.name[:200],
            "kind": payload.type or "",
            "country": (payload.country or "")[:2],
            "image_url": _https(payload.image_url),
            "primary_color": _hex_color(payload.primary_color),
            "institution_url": _https(payload.institution_url),
            "has_mfa": bool(payload.has_mfa),
            "is_open_finance": bool(payload.is_open_finance),
            "is_sandbox": bool(payload.is_sandbox),
            "health_status": health.status or "",
            "health_stage": health.stage or "",
            "products": payload.products or [],
            "seen_at": now,
        },
    )
    return row


def item_columns(payload: payloads.Item, *, now: datetime) -> dict[str, Any]:
    """The bank's columns of an item."""
    error = payload.error or payloads.ItemError()
    return {
        "status": payload.status[:30],
        "execution_status": (payload.execution_status or "")[:60],
        "error_code": (error.code or "")[:80],
        "error_message": error.message or "",
        "provider_message": error.provider_message or "",
        "status_detail": payload.status_detail,
        "parameter": payload.parameter,
        "user_action": payload.user_action,
        "products": payload.products or [],
        "failed_logins": payload.consecutive_failed_login_attempts or 0,
        "consent_expires_at": payload.consent_expires_at,
        "collected_at": payload.last_updated_at,
        "next_auto_sync_at": payload.next_auto_sync_at,
        "bank_created_at": payload.created_at,
        "bank_updated_at": payload.updated_at,
        "read_at": now,
        "gone_at": None,
    }


def accounts(item: Item, listed: Sequence[payloads.Account], *, now: datetime) -> list[Account]:
    """Write the accounts that the bank lists; one that it no longer lists is marked, never removed."""
    mine = [one for one in listed if one.item_id == item.id]
    foreign = set(
        Account.objects.filter(id__in=[one.id for one in mine])
        .exclude(item=item)
        .values_list("id", flat=True)
    )
    rows = [_account(item, one, now) for one in mine if one.id not in foreign]
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
    if column.name not in ("id", "user", "item", "transactions_read_at")
]


def _account(item: Item, payload: payloads.Account, now: datetime) -> Account:
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
        closes_on=_day(credit.balance_close_date),
        due_on=_day(credit.balance_due_date),
        transfer_number=(bank.transfer_number or "")[:60],
        overdraft_limit=bank.overdraft_contracted_limit,
        invested_balance=bank.automatically_invested_balance,
        details=msgspec.to_builtins({key: part for key, part in details.items() if part}, str_keys=True),
        bank_created_at=payload.created_at,
        bank_updated_at=payload.updated_at,
        read_at=now,
        missing_since=None,
    )


def account_facts(account: Account) -> AccountFacts:
    return AccountFacts(
        is_card=account.is_card,
        currency=account.currency,
        is_sandbox=account.item.connector.is_sandbox,
        closes_on=account.closes_on,
        due_on=account.due_on,
    )


def category_roots() -> dict[str, str]:
    return dict(Category.objects.values_list("id", "root_id"))


def transactions(
    account: Account,
    page: Iterable[payloads.Transaction],
    *,
    roots: dict[str, str],
    read_at: datetime,
) -> Changes:
    """Write one page inside the caller's transaction. `read_at`: when the page was asked for.

    A row is written only if something differs, the bank's `updatedAt` is not older, and it was not
    removed after it was read. The caller holds the item's lease, so nobody else writes these rows.
    """
    rows = {row.id: row for row in page}
    words = _persons_words(rows)
    known = account_facts(account)
    with connection.cursor() as cursor:
        cursor.execute(_SQL_INCOMING)
        cursor.execute("TRUNCATE incoming_transaction")
        with cursor.copy(_SQL_COPY) as copy:
            for row in rows.values():
                concluded = classify(facts(row), known, roots=roots, person=words.get(row.id, PersonsWord()))
                copy.write_row(_columns(account, row, concluded, read_at))
        cursor.execute(_SQL_UPSERT)
        return _changes(cursor.fetchall())


def removed(account: Account, ids: Iterable[UUID], *, now: datetime) -> Changes:
    """Turn rows into tombstones: they count nowhere, and what the person said about them is kept."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL_REMOVE, {"now": now, "account": account.id, "ids": list(ids)})
        return _changes(cursor.fetchall())


def _changes(rows: list[tuple[UUID, date, date, int]]) -> Changes:
    """From (account, month of competence, month of cash, rows written)."""
    changes = Changes()
    for account_id, competence, cash, written in rows:
        changes.rows += written
        changes.groups |= {(account_id, Basis.COMPETENCE, competence), (account_id, Basis.CASH, cash)}
    return changes


def _persons_words(ids: Iterable[UUID]) -> Mapping[UUID, PersonsWord]:
    spoken = Transaction.objects.filter(id__in=list(ids)).exclude(person_category=None, hidden=False)
    return {
        row_id: PersonsWord(category_id, hidden)
        for row_id, category_id, hidden in spoken.values_list("id", "person_category_id", "hidden")
    }


_COLUMNS = [
    column.column
    for column in Transaction._meta.concrete_fields
    if column.name not in (*Transaction.PERSON_COLUMNS, "deleted_at")
]
_FIXED = ("id", "user_id", "account_id", "read_at")
_COMPARED = [column for column in _COLUMNS if column not in _FIXED]


def _list(columns: Iterable[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{column}"' for column in columns)


_SQL_INCOMING = f"""
    CREATE TEMP TABLE IF NOT EXISTS incoming_transaction ON COMMIT DELETE ROWS
    AS SELECT {_list(_COLUMNS)} FROM banking_transaction WITH NO DATA
"""
_SQL_COPY = f"COPY incoming_transaction ({_list(_COLUMNS)}) FROM STDIN"
# `before` sees the rows as they were when the statement began: the months that a row leaves.
_SQL_UPSERT = f"""
    WITH before AS (
        SELECT old.id, old.account_id, old.month_competence, old.month_cash
        FROM banking_transaction old JOIN incoming_transaction USING (id)
    ), written AS (
        INSERT INTO banking_transaction AS old ({_list(_COLUMNS)})
        SELECT {_list(_COLUMNS)} FROM incoming_transaction
        ON CONFLICT (id) DO UPDATE
        SET ({_list([*_COMPARED, "read_at", "deleted_at"])})
          = ({_list([*_COMPARED, "read_at"], "excluded.")}, NULL)
        WHERE old.account_id = excluded.account_id
          AND old.user_id = excluded.user_id
          AND old.bank_updated_at <= excluded.bank_updated_at
          AND (old.deleted_at IS NULL OR old.deleted_at < excluded.read_at)
          AND (old.deleted_at IS NOT NULL
               OR ({_list(_COMPARED, "old.")}) IS DISTINCT FROM ({_list(_COMPARED, "excluded.")}))
        RETURNING id, account_id, month_competence, month_cash
    )
    SELECT account_id, month_competence, month_cash, count(*) FROM written GROUP BY 1, 2, 3
    UNION ALL
    SELECT DISTINCT before.account_id, before.month_competence, before.month_cash, 0
    FROM before JOIN written USING (id)
"""
_SQL_REMOVE = """
    WITH removed AS (
        UPDATE banking_transaction SET deleted_at = %(now)s
        WHERE account_id = %(account)s AND id = ANY(%(ids)s) AND deleted_at IS NULL
        RETURNING account_id, month_competence, month_cash
    )
    SELECT account_id, month_competence, month_cash, count(*) FROM removed GROUP BY 1, 2, 3
"""


def _columns(
    account: Account, row: payloads.Transaction, concluded: Classified, read_at: datetime
) -> list[Any]:
    """The values of one row, in the order of _COLUMNS."""
    card = row.credit_card_metadata or payloads.CreditCardMetadata()
    payment = row.payment_data or payloads.PaymentData()
    merchant = row.merchant or payloads.Merchant()
    party = (payment.receiver if concluded.flow < 0 else payment.payer) or payloads.Party()
    document = (party.document_number.value if party.document_number else None) or ""
    values = {
        "id": row.id,
        "user_id": account.user_id,
        "account_id": account.id,
        "description": _text(row.description, 2000),
        "description_raw": _text(row.description_raw, 2000),
        "type": _text(row.type, 10),
        "status": _text(row.status, 10),
        "amount": row.amount,
        "currency": _text(row.currency_code, 3),
        "amount_in_account_currency": row.amount_in_account_currency,
        "balance": row.balance,
        "occurred_at": row.date,
        "sort_order": row.order,
        "bank_category_id": _text(row.category_id, 12),
        "operation_type": _text(row.operation_type, 80),
        "provider_code": _text(row.provider_code, 200),
        "provider_id": _text(row.provider_id, 200),
        "payment_method": _text(payment.payment_method, 20),
        "counterparty": _text(party.name, 200),
        "counterparty_document": masked(document),
        "counterparty_hash": keyed_hash(document),
        "merchant_name": _text(merchant.name or merchant.business_name, 200),
        "merchant_cnpj": bare(merchant.cnpj)[:14],
        "installment_number": card.installment_number,
        "total_installments": card.total_installments,
        "purchased_on": _day(card.purchase_date),
        "card_number": _text(card.card_number, 20),
        "bill_id": card.bill_id,
        "bill_forecast": _text(card.bill_forecast_date, 7),
        "details": json.dumps(_details(card, payment)),
        "bank_created_at": row.created_at,
        "bank_updated_at": row.updated_at,
        "local_date": concluded.local_date,
        "flow": concluded.flow,
        "flow_currency": account.currency,
        "kind": concluded.kind.value,
        "kind_reason": concluded.reason,
        "category_id": concluded.category_id,
        "month_competence": concluded.month_competence,
        "month_cash": concluded.month_cash,
        "read_at": read_at,
    }
    return [values[column] for column in _COLUMNS]


def _details(card: payloads.CreditCardMetadata, payment: payloads.PaymentData) -> dict[str, Any]:
    kept = {
        "totalAmount": None if card.total_amount is None else str(card.total_amount),
        "payeeMCC": card.payee_mcc,
        "feeType": card.fee_type,
        "otherCreditsType": card.other_credits_type,
        "reason": payment.reason and _text(payment.reason, 500),
        "referenceNumber": payment.reference_number,
    }
    return {key: value for key, value in kept.items() if value is not None}


def keyed_hash(document: str) -> str:
    """Compare documents of third parties without keeping them (HMAC-SHA256 under our key)."""
    if not bare(document):
        return ""
    return hmac.new(settings.SECRET_KEY.encode(), bare(document).encode(), hashlib.sha256).hexdigest()


def masked(document: str) -> str:
    """`***.456.789-**` of a CPF, as Brazilian receipts print it; a CNPJ is public and stays whole."""
    number = bare(document)
    if len(number) == 11:
        return f"***.{number[3:6]}.{number[6:9]}-**"
    if len(number) == 14:
        return f"{number[:2]}.{number[2:5]}.{number[5:8]}/{number[8:12]}-{number[12:]}"
    return ""


def bare(document: str | None) -> str:
    """A CPF's digits or a CNPJ's digits and letters (it has had letters since 2026), unpunctuated."""
    return "".join(character for character in document or "" if character.isalnum()).upper()


def _text(value: str | None, length: int) -> str:
    """PostgreSQL holds no NUL; anything else of a bank's text is kept, up to the column's length."""
    return (value or "").replace("\x00", "")[:length]


def _day(text: str | None) -> date | None:
    """Banks send `2026-11-20` or an instant, with or without a zone; what is neither is not known."""
    if not text:
        return None
    try:
        return date.fromisoformat(text) if len(text) == 10 else local_date(datetime.fromisoformat(text))
    except ValueError:
        return None


def _https(url: str | None) -> str:
    return url if url and url.startswith(("https://", "http://localhost:")) and len(url) <= 500 else ""


def _hex_color(color: str | None) -> str:
    color = (color or "").removeprefix("#")
    return color if len(color) in (3, 6) and all(c in "0123456789abcdefABCDEF" for c in color) else ""
