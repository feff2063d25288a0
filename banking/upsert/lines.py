"""One row as COPY reads it: classified, cut to its columns, and never more of a document than its hash."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from banking.classify import AccountFacts, Classified, classify, facts, flow_of
from banking.documents import account_hash, bare, keyed_hash, masked
from banking.models import Account, Rule
from banking.pluggy import payloads
from banking.upsert import copying
from banking.upsert.copying import instant, number, text, uuid
from banking.upsert.evidence import Known
from banking.upsert.values import day


def lines(
    account: Account,
    rows: Iterable[payloads.Transaction],
    *,
    known: Known,
    roots: Mapping[str, str],
    read_at: datetime,
) -> str:
    """The rows, classified, as COPY reads them."""
    shared = _Shared(uuid(account.id), str(account.user_id), account.currency, instant(read_at))
    return "".join(copying.line(_concluded(row, known, roots, shared)) for row in rows)


def _concluded(
    row: payloads.Transaction, known: Known, roots: Mapping[str, str], shared: "_Shared"
) -> "_Line":
    bare = facts(row)
    evidence, rule = known.about(row.id, bare, lambda: _texts(row, known.facts))
    return _line(row, classify(bare, known.facts, roots=roots, evidence=evidence), rule, shared)


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
    counterparty_account: str
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
    rule_id: str
    read_at: str


_NO_CARD, _NO_PAYMENT = payloads.CreditCardMetadata(), payloads.PaymentData()
_NO_MERCHANT, _NO_PARTY = payloads.Merchant(), payloads.Party()


def _line(row: payloads.Transaction, concluded: Classified, rule: Rule | None, shared: _Shared) -> _Line:
    card = row.credit_card_metadata or _NO_CARD
    payment = row.payment_data or _NO_PAYMENT
    merchant = row.merchant or _NO_MERCHANT
    party = _party(payment, is_out=concluded.flow < 0)
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
        counterparty_account=_account(party.branch_number, party.account_number),
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
        rule_id=number(rule.id if rule else None),
        read_at=shared.read_at,
    )


def _party(payment: payloads.PaymentData, *, is_out: bool) -> payloads.Party:
    """Who was paid, or who paid."""
    return (payment.receiver if is_out else payment.payer) or _NO_PARTY


def _texts(row: payloads.Transaction, account: AccountFacts) -> tuple[str, ...]:
    """What people read of it, for rules."""
    merchant = row.merchant or _NO_MERCHANT
    party = _party(row.payment_data or _NO_PAYMENT, is_out=flow_of(facts(row), account) < 0)
    return (row.description, merchant.name or merchant.business_name or "", party.name or "")


@lru_cache(maxsize=10_000)
def _document(document: str) -> tuple[str, str]:
    """Masked to show, hashed to compare. The same few people and shops come again and again."""
    return masked(document), keyed_hash(document)


@lru_cache(maxsize=10_000)
def _account(branch: str | None, number: str | None) -> str:
    return account_hash(branch, number)


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


COLUMNS = _Line._fields
