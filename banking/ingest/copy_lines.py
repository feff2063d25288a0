"""Write transactions as the lines that PostgreSQL's COPY reads: classified, cut to their columns' lengths.

A line has the masked form and a keyed hash of a person's document, never its number. The format is written by
hand because it is four times as fast as adapting each value (bench/sync.py).
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, TypedDict, get_type_hints
from uuid import UUID

from msgspec.structs import replace

from banking.ingest.validation import is_amount
from banking.ledger.classification import (
    ClassificationInput,
    Derived,
    signed_amount_of,
)
from banking.ledger.classification_context import ClassificationContext
from banking.ledger.models import Account
from banking.money.documents import (
    account_hash,
    bare,
    contradict,
    document_hash,
    masked,
    pix_key_document,
)
from banking.pluggy import payloads
from banking.pluggy.values import day as parse_day

# --- Values in COPY's text format --------------------------------------------------------------------------

NULL = r"\N"
_SPECIAL = re.compile(r"[\\\n\r\t\x00]")
# PostgreSQL cannot store NUL; everything else of a bank's text is kept.
_ESCAPED = {"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\x00": ""}


def text(value: str | None, length: int) -> str:
    """Escape a text and cut it to `length` characters; None becomes the empty text."""
    if not value:
        return ""
    value = value[:length]
    if value.isprintable() and "\\" not in value:  # true of nearly all, and faster than the pattern
        return value
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], value)


def number(value: Decimal | int | None) -> str:
    return NULL if value is None else str(value)


def uuid(value: UUID | None) -> str:
    return NULL if value is None else f"{value.int:032x}"


def instant(value: datetime | None) -> str:
    return NULL if value is None else value.isoformat()


@lru_cache(maxsize=4096)
def day(value: date | None) -> str:
    return NULL if value is None else value.isoformat()


# --- Lines -------------------------------------------------------------------------------------------------


class _FromBank(TypedDict):
    """The columns that the bank's data fill, as text, by their names in the table.

    A dict, because a named tuple of this size takes much longer to make.
    """

    id: str
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
    is_between_two_documents: str
    counterparty_account: str
    payment_reason: str
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


class _Shared(NamedTuple):
    """The columns that are equal for all transactions of one write, as text."""

    user_id: str
    account_id: str
    read_at: str


COLUMNS = (*_FromBank.__annotations__, *Derived._fields, *_Shared._fields)
_TO_TEXT = {date: day, Decimal: number, str: str, int | None: number}
_DERIVED_TO_TEXT = [_TO_TEXT[hint] for hint in get_type_hints(Derived).values()]


def lines(
    account: Account,
    transactions: Iterable[payloads.Transaction],
    *,
    context: ClassificationContext,
    roots: Mapping[str, str],
    read_at: datetime,
) -> str:
    """Return one line per transaction, with the values of COLUMNS."""
    shared = _Shared(str(account.user_id), uuid(account.id), instant(read_at))
    return "".join(_line(payload, context, roots, shared) for payload in transactions)


def _line(
    payload: payloads.Transaction,
    context: ClassificationContext,
    roots: Mapping[str, str],
    shared: _Shared,
) -> str:
    entry = ClassificationInput.from_payload(payload)
    parties = _parties(payload, is_outflow=signed_amount_of(entry, context.account) < 0)
    if parties is not _NO_PARTIES:
        entry = replace(
            entry, counterparty_hash=parties.document_hash, is_between_two_documents=parties.are_different
        )
    derived = context.derive(payload.id, entry, lambda: _rule_texts(payload, parties), roots=roots)
    from_bank = _from_bank(payload, parties)
    derived_texts = [
        to_text(value)  # type: ignore[operator]
        for to_text, value in zip(_DERIVED_TO_TEXT, derived, strict=True)
    ]
    return "\t".join((*from_bank.values(), *derived_texts, *shared)) + "\n"  # type: ignore[arg-type]


_NO_CARD, _NO_PAYMENT = payloads.CreditCardMetadata(), payloads.PaymentData()
_NO_MERCHANT, _NO_PARTY = payloads.Merchant(), payloads.Party()
_NO_TEXTS = (None,) * 4


class _Parties(NamedTuple):
    """The counterpart of a transaction: who was paid, or who paid."""

    counterparty: payloads.Party = _NO_PARTY
    masked_document: str = ""
    document_hash: str = ""
    are_different: bool = False  # payer and receiver have different documents


_NO_PARTIES = _Parties()


def _parties(payload: payloads.Transaction, *, is_outflow: bool) -> _Parties:
    payment = payload.payment_data
    key = pix_key_document(payload.description) if is_outflow and "PIX" in payload.description.upper() else ""
    if payment is None and not key:
        return _NO_PARTIES
    payer, receiver = (payment.payer, payment.receiver) if payment else (None, None)
    counterparty, holder = (receiver, payer) if is_outflow else (payer, receiver)
    masked_document, document_hash = _document(_number(counterparty) or key)
    masked_holder, holder_hash = _document(_number(holder))
    if document_hash and holder_hash:
        are_different = document_hash != holder_hash
    else:
        are_shown = bool(masked_document and masked_holder)
        are_different = are_shown and contradict(masked_document, masked_holder)
    return _Parties(counterparty or _NO_PARTY, masked_document, document_hash, are_different)


def _number(party: payloads.Party | None) -> str:
    return (party.document_number.value if party and party.document_number else None) or ""


def _from_bank(payload: payloads.Transaction, parties: _Parties) -> _FromBank:
    card = payload.credit_card_metadata or _NO_CARD
    payment = payload.payment_data or _NO_PAYMENT
    merchant = payload.merchant or _NO_MERCHANT
    party = parties.counterparty
    return {  # in the order of _FromBank
        "id": uuid(payload.id),
        "description": text(payload.description, 2000),
        "description_raw": text(payload.description_raw, 2000),
        "type": text(payload.type, 10),
        "status": text(payload.status, 10),
        "amount": number(payload.amount),
        "currency": text(payload.currency_code, 3),
        "amount_in_account_currency": number(payload.amount_in_account_currency),
        "balance": number(payload.balance),
        "occurred_at": instant(payload.date),
        "sort_order": number(payload.order),
        "bank_category_id": text(payload.category_id, 12),
        "operation_type": text(payload.operation_type, 80),
        "provider_code": text(payload.provider_code, 200),
        "provider_id": text(payload.provider_id, 200),
        "payment_method": text(payment.payment_method, 20),
        "counterparty": text(party.name, 200),
        "counterparty_document": parties.masked_document,
        "counterparty_hash": parties.document_hash,
        "is_between_two_documents": "t" if parties.are_different else "f",
        "counterparty_account": _account(party.branch_number, party.account_number),
        "payment_reason": text(payment.reason, 500),
        "merchant_name": text(merchant.name or merchant.business_name, 200),
        "merchant_cnpj": _cnpj(merchant.cnpj),
        "installment_number": number(card.installment_number),
        "total_installments": number(card.total_installments),
        "purchased_on": day(parse_day(card.purchase_date)),
        "card_number": text(card.card_number, 20),
        "bill_id": uuid(card.bill_id),
        "bill_forecast": text(card.bill_forecast_date, 7),
        "details": _details(payload, card, payment, merchant),
        "bank_created_at": instant(payload.created_at),
        "bank_updated_at": instant(payload.updated_at),
    }


def _rule_texts(payload: payloads.Transaction, parties: _Parties) -> tuple[str, ...]:
    """Return the texts that rules search, as classification.rule_texts_of() does for a stored transaction."""
    merchant = payload.merchant or _NO_MERCHANT
    name = parties.counterparty.name or ""
    return (payload.description, merchant.name or merchant.business_name or "", name)


@lru_cache(maxsize=10_000)
def _document(document: str) -> tuple[str, str]:
    """Return the masked document and its hash; cached, as the same few counterparties come again."""
    return masked(document), document_hash(document)


@lru_cache(maxsize=10_000)
def _account(branch: str | None, number: str | None) -> str:
    return account_hash(branch, number)


@lru_cache(maxsize=10_000)
def _cnpj(number: str | None) -> str:
    return text(bare(number), 14)


def _details(
    payload: payloads.Transaction,
    card: payloads.CreditCardMetadata,
    payment: payloads.PaymentData,
    merchant: payloads.Merchant,
) -> str:
    """Return other fields as JSON; amounts are text, so that no cent is lost."""
    operation_info, boleto = payload.operation_type_additional_info, payment.boleto_metadata
    texts = (payment.reference_number, payment.authentication_code, merchant.category, merchant.cnae)
    if card is _NO_CARD and boleto is None and operation_info is None and texts == _NO_TEXTS:
        return "{}"
    code = card.payee_mcc
    fields = {
        "totalAmount": None if card.total_amount is None else str(card.total_amount),
        "payeeMCC": code if not isinstance(code, int) or code < 10**9 else None,
        "feeType": card.fee_type,
        "otherCreditsType": card.other_credits_type,
        "paymentType": card.payment_type,
        "billPostDate": card.bill_post_date,
        "transactionDateTime": card.transaction_date_time,
        "referenceNumber": payment.reference_number,
        "authenticationCode": payment.authentication_code,
        "merchantCategory": merchant.category,
        "merchantCnae": merchant.cnae,
        "operationTypeAdditionalInfo": operation_info,
    }
    if boleto is not None:
        fields |= _boleto(boleto)
    present = {
        key: value[:500].replace("\x00", "") if isinstance(value, str) else value  # jsonb cannot store NUL
        for key, value in fields.items()
        if value is not None
    }
    return text(json.dumps(present), 100_000) if present else "{}"


def _boleto(boleto: payloads.BoletoMetadata) -> dict[str, str]:
    """Return what a paid boleto consists of: its amount, and what was added or deducted."""
    amounts = {
        "boletoAmount": boleto.base_amount,
        "boletoInterest": boleto.interest_amount,
        "boletoPenalty": boleto.penalty_amount,
        "boletoDiscount": boleto.discount_amount,
    }
    return {name: str(amount) for name, amount in amounts.items() if amount is not None and is_amount(amount)}
