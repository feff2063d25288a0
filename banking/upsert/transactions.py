"""Rows in bulk: copied into a temporary table, merged in one statement, and told what changed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q

from banking.classify import SILENT, Classified, PersonsWord, classify, facts
from banking.documents import bare, keyed_hash, masked
from banking.models import Account, Basis, Transaction
from banking.models.rollups import Delta
from banking.pluggy import payloads
from banking.upsert import copying
from banking.upsert.accounts import facts as account_facts
from banking.upsert.copying import instant, number, text, uuid
from banking.upsert.values import day


@dataclass
class Changes:
    """What a write did: how many rows, and by how much it moves the monthly sums."""

    rows: int = 0
    deltas: list[Delta] = field(default_factory=list)


def store(
    account: Account,
    rows: Iterable[payloads.Transaction],
    *,
    roots: Mapping[str, str],
    read_at: datetime,
) -> Changes:
    """Write rows (some pages of them) inside the caller's transaction. `read_at`: when they were asked for.

    A row is written only if something differs, the bank's `updatedAt` is not older, and it was not
    removed after it was read. The caller holds the item's lease, so nobody else writes these rows.
    """
    latest = {row.id: row for row in rows}
    words = _persons_words(account)
    return merge(lines(account, latest.values(), words=words, roots=roots, read_at=read_at))


def merge(copied: str) -> Changes:
    """Write what `lines` made: one line per id."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL_INCOMING)
        cursor.execute("TRUNCATE incoming_transaction")
        with cursor.copy(SQL_COPY.format(table="incoming_transaction")) as copy:
            copy.write(copied)
        cursor.execute(_SQL_MERGE)
        return _changes(cursor.fetchall())


def remove(account: Account, ids: Iterable[UUID], *, now: datetime) -> Changes:
    """Turn rows into tombstones: they count nowhere, and what the person said about them is kept."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL_REMOVE, {"now": now, "account": account.id, "ids": list(ids)})
        return _changes(cursor.fetchall())


def _changes(rows: list[tuple[Any, ...]]) -> Changes:
    """From (rows written, *delta): one line at least, without a delta if no sum has moved."""
    deltas = [Delta(*delta) for _, *delta in rows if delta[0] is not None]
    return Changes(rows[0][0], deltas)


def _persons_words(account: Account) -> dict[UUID, PersonsWord]:
    """Few rows, found by an index of their own."""
    spoken = Transaction.objects.filter(Q(person_category__isnull=False) | Q(hidden=True), account=account)
    values = spoken.values_list("id", "person_category_id", "hidden")
    return {row_id: PersonsWord(category_id, hidden) for row_id, category_id, hidden in values}


def lines(
    account: Account,
    rows: Iterable[payloads.Transaction],
    *,
    words: Mapping[UUID, PersonsWord],
    roots: Mapping[str, str],
    read_at: datetime,
) -> str:
    """The rows, classified, as COPY reads them."""
    known = account_facts(account)
    shared = _Shared(uuid(account.id), str(account.user_id), account.currency, instant(read_at))
    concluded = (
        (row, classify(facts(row), known, roots=roots, person=words.get(row.id, SILENT))) for row in rows
    )
    return "".join(copying.line(_line(row, conclusion, shared)) for row, conclusion in concluded)


class _Shared(NamedTuple):
    """What all rows of one write have in common, as COPY reads it."""

    account: str
    user: str
    currency: str
    read_at: str


class _Line(NamedTuple):
    """The columns that a write fills, by their names in the table, as COPY reads them."""

    id: str
    user_id: str
    account_id: str
    description: str
    description_raw: str
    type: str
    status: str
    amount: str
    currency: str
    amount_in_account_currency: str
    balance: str
    occurred_at: str
    sort_order: str
    bank_category_id: str
    operation_type: str
    provider_code: str
    provider_id: str
    payment_method: str
    counterparty: str
    counterparty_document: str
    counterparty_hash: str
    merchant_name: str
    merchant_cnpj: str
    installment_number: str
    total_installments: str
    purchased_on: str
    card_number: str
    bill_id: str
    bill_forecast: str
    details: str
    bank_created_at: str
    bank_updated_at: str
    local_date: str
    flow: str
    flow_currency: str
    kind: str
    kind_reason: str
    category_id: str
    month_competence: str
    month_cash: str
    read_at: str


_NO_CARD, _NO_PAYMENT = payloads.CreditCardMetadata(), payloads.PaymentData()
_NO_MERCHANT, _NO_PARTY = payloads.Merchant(), payloads.Party()


def _line(row: payloads.Transaction, concluded: Classified, shared: _Shared) -> _Line:
    card = row.credit_card_metadata or _NO_CARD
    payment = row.payment_data or _NO_PAYMENT
    merchant = row.merchant or _NO_MERCHANT
    party = (payment.receiver if concluded.flow < 0 else payment.payer) or _NO_PARTY
    document = (party.document_number.value if party.document_number else None) or ""
    shown_document, hashed_document = _document(document)
    return _Line(
        id=uuid(row.id),
        user_id=shared.user,
        account_id=shared.account,
        description=text(row.description, 2000),
        description_raw=text(row.description_raw, 2000),
        type=text(row.type, 10),
        status=text(row.status, 10),
        amount=number(row.amount),
        currency=text(row.currency_code, 3),
        amount_in_account_currency=number(row.amount_in_account_currency),
        balance=number(row.balance),
        occurred_at=instant(row.date),
        sort_order=number(row.order),
        bank_category_id=text(row.category_id, 12),
        operation_type=text(row.operation_type, 80),
        provider_code=text(row.provider_code, 200),
        provider_id=text(row.provider_id, 200),
        payment_method=text(payment.payment_method, 20),
        counterparty=text(party.name, 200),
        counterparty_document=shown_document,
        counterparty_hash=hashed_document,
        merchant_name=text(merchant.name or merchant.business_name, 200),
        merchant_cnpj=_cnpj(merchant.cnpj),
        installment_number=number(card.installment_number),
        total_installments=number(card.total_installments),
        purchased_on=copying.day(day(card.purchase_date)),
        card_number=text(card.card_number, 20),
        bill_id=uuid(card.bill_id),
        bill_forecast=text(card.bill_forecast_date, 7),
        details=_details(card, payment),
        bank_created_at=instant(row.created_at),
        bank_updated_at=instant(row.updated_at),
        local_date=copying.day(concluded.local_date),
        flow=number(concluded.flow),
        flow_currency=shared.currency,
        kind=concluded.kind.value,
        kind_reason=concluded.reason,
        category_id=concluded.category_id,
        month_competence=copying.day(concluded.month_competence),
        month_cash=copying.day(concluded.month_cash),
        read_at=shared.read_at,
    )


@lru_cache(maxsize=10_000)
def _document(document: str) -> tuple[str, str]:
    """Masked to show, hashed to compare. The same few people and shops come again and again."""
    return masked(document), keyed_hash(document)


@lru_cache(maxsize=10_000)
def _cnpj(number: str | None) -> str:
    return text(bare(number), 14)


def _details(card: payloads.CreditCardMetadata, payment: payloads.PaymentData) -> str:
    if card is _NO_CARD and payment.reason is None and payment.reference_number is None:
        return "{}"
    code = card.payee_mcc
    kept = {
        "totalAmount": None if card.total_amount is None else str(card.total_amount),
        "payeeMCC": code if not isinstance(code, int) or code < 10**9 else None,
        "feeType": card.fee_type,
        "otherCreditsType": card.other_credits_type,
        "reason": payment.reason,
        "referenceNumber": payment.reference_number,
    }
    found = {key: _cut(value) for key, value in kept.items() if value is not None}
    return text(json.dumps(found), 100_000) if found else "{}"


def _cut(value: int | str) -> int | str:
    return value[:500] if isinstance(value, str) else value


def _list(columns: Iterable[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{column}"' for column in columns)


_COLUMNS = _Line._fields
_FIXED = ("id", "user_id", "account_id", "read_at")
_COMPARED = [column for column in _COLUMNS if column not in _FIXED]
_TABLE = Transaction._meta.db_table

_SQL_INCOMING = f"""
    CREATE TEMP TABLE IF NOT EXISTS incoming_transaction ON COMMIT DELETE ROWS
    AS SELECT {_list(_COLUMNS)} FROM {_TABLE} WITH NO DATA
"""
SQL_COPY = f"COPY {{table}} ({_list(_COLUMNS)}) FROM STDIN"
# A live row counts once in each basis, in the month that the basis gives it.
_SQL_DELTAS = f"""
    SELECT user_id, account_id, currency, basis, month, category_id, kind, sum(total), sum(rows)
    FROM (
        SELECT user_id, account_id, flow_currency AS currency, basis, month, category_id, kind,
               sign * flow AS total, sign AS rows
        FROM moved CROSS JOIN LATERAL (
            VALUES ('{Basis.COMPETENCE}', month_competence), ('{Basis.CASH}', month_cash)
        ) AS counted (basis, month)
    ) AS each
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    HAVING sum(total) <> 0 OR sum(rows) <> 0
"""
_COUNTED = (
    "user_id",
    "account_id",
    "flow_currency",
    "month_competence",
    "month_cash",
    "category_id",
    "kind",
    "flow",
)
# `changed` is made before anything is written: it holds what the rows were, and so the sums that they leave.
_SQL_MERGE = f"""
    WITH changed AS MATERIALIZED (
        SELECT {_list(_COLUMNS, "new.")}, {", ".join(f"old.{name} AS was_{name}" for name in _COUNTED)},
               old.id IS NOT NULL AND old.deleted_at IS NULL AS was_live
        FROM incoming_transaction new LEFT JOIN {_TABLE} old ON old.id = new.id
        WHERE old.id IS NULL OR (
            old.account_id = new.account_id
            AND old.user_id = new.user_id
            AND old.bank_updated_at <= new.bank_updated_at
            AND (old.deleted_at IS NULL OR old.deleted_at < new.read_at)
            AND (old.deleted_at IS NOT NULL
                 OR ({_list(_COMPARED, "old.")}) IS DISTINCT FROM ({_list(_COMPARED, "new.")})))
    ), written AS (
        INSERT INTO {_TABLE} AS old ({_list(_COLUMNS)}) SELECT {_list(_COLUMNS)} FROM changed
        ON CONFLICT (id) DO UPDATE
        SET ({_list([*_COMPARED, "read_at", "deleted_at"])})
          = ({_list([*_COMPARED, "read_at"], "excluded.")}, NULL)
        WHERE old.account_id = excluded.account_id
        RETURNING id
    ), moved AS (
        SELECT 1 AS sign, {_list(_COUNTED)} FROM changed
        UNION ALL
        SELECT -1, {", ".join(f"was_{name}" for name in _COUNTED)} FROM changed WHERE was_live
    ), delta AS ({_SQL_DELTAS})
    SELECT count.*, delta.* FROM (SELECT count(*) FROM written) AS count LEFT JOIN delta ON true
"""
_SQL_REMOVE = f"""
    WITH removed AS (
        UPDATE {_TABLE} SET deleted_at = %(now)s
        WHERE account_id = %(account)s AND id = ANY(%(ids)s) AND deleted_at IS NULL
        RETURNING *
    ), moved AS (
        SELECT -1 AS sign, {_list(_COUNTED)} FROM removed
    ), delta AS ({_SQL_DELTAS})
    SELECT count.*, delta.* FROM (SELECT count(*) FROM removed) AS count LEFT JOIN delta ON true
"""
