"""Rows in bulk: copied into a temporary table, merged in one statement, and told what changed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from banking.classify import Classified, PersonsWord, classify, facts
from banking.documents import bare, keyed_hash, masked
from banking.models import Account, Basis, Transaction
from banking.pluggy import payloads
from banking.upsert.accounts import facts as account_facts
from banking.upsert.values import day, text

Group = tuple[UUID, str, date]  # account, basis, month


@dataclass
class Changes:
    """What a write did: how many rows, and which monthly groups now need their sums again."""

    rows: int = 0
    groups: set[Group] = field(default_factory=set)


def store(
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


def remove(account: Account, ids: Iterable[UUID], *, now: datetime) -> Changes:
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
        "description": text(row.description, 2000),
        "description_raw": text(row.description_raw, 2000),
        "type": text(row.type, 10),
        "status": text(row.status, 10),
        "amount": row.amount,
        "currency": text(row.currency_code, 3),
        "amount_in_account_currency": row.amount_in_account_currency,
        "balance": row.balance,
        "occurred_at": row.date,
        "sort_order": row.order,
        "bank_category_id": text(row.category_id, 12),
        "operation_type": text(row.operation_type, 80),
        "provider_code": text(row.provider_code, 200),
        "provider_id": text(row.provider_id, 200),
        "payment_method": text(payment.payment_method, 20),
        "counterparty": text(party.name, 200),
        "counterparty_document": masked(document),
        "counterparty_hash": keyed_hash(document),
        "merchant_name": text(merchant.name or merchant.business_name, 200),
        "merchant_cnpj": bare(merchant.cnpj)[:14],
        "installment_number": card.installment_number,
        "total_installments": card.total_installments,
        "purchased_on": day(card.purchase_date),
        "card_number": text(card.card_number, 20),
        "bill_id": card.bill_id,
        "bill_forecast": text(card.bill_forecast_date, 7),
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
        "reason": payment.reason and text(payment.reason, 500),
        "referenceNumber": payment.reference_number,
    }
    return {key: value for key, value in kept.items() if value is not None}
