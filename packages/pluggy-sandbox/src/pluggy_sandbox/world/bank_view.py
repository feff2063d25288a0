"""How a bank's API shows movements: signs, dates, ids and the fields that this bank fills."""

import datetime as dt
import uuid
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pluggy_sandbox.clock import SAO_PAULO, iso
from pluggy_sandbox.ids import NAMESPACE, stable_uuid
from pluggy_sandbox.store.ledger import LedgerEntry
from pluggy_sandbox.world.bank_settings import BankSettings
from pluggy_sandbox.world.boletos import barcode, digitable_line
from pluggy_sandbox.world.categories import category_name
from pluggy_sandbox.world.debit_purchases import DEBIT_CARD
from pluggy_sandbox.world.movements import CARD, Boleto, Movement

Json = dict[str, Any]
PURCHASES = (DEBIT_CARD, "PAGAMENTO")
LATE_SHARE = 4


@dataclass(frozen=True)
class BankView:
    """The view of a bank on one account at one moment."""

    bank: BankSettings
    account_id: str
    seed: str  # the same for every item of this account; providerId is derived from it
    now: dt.datetime

    def entry(
        self, movement: Movement, *, generated: bool = True, transaction_id: str | None = None
    ) -> LedgerEntry:
        """Return the transaction that the API shows for a movement."""
        cents, posted = self.sign(movement.account, movement.cents), self.is_posted(movement)
        usd_cents = self.sign(movement.account, movement.usd_cents or 0)
        has_raw_description = movement.counterparty or movement.account == CARD
        data: Json = {
            "id": transaction_id or (self.current_id(movement) if posted else self.pending_id(movement)),
            "description": movement.description,
            "descriptionRaw": movement.description if has_raw_description else None,
            "currencyCode": "USD" if movement.usd_cents else "BRL",
            "amount": json_amount(usd_cents or cents),
            "amountInAccountCurrency": json_amount(cents) if movement.usd_cents else None,
            "date": self.date(movement.at),
            "balance": None,
            "category": category_name(movement.category),
            "categoryId": movement.category,
            "accountId": self.account_id,
            "providerCode": None,
            "status": "POSTED" if posted else "PENDING",
            "paymentData": self._payment_data(movement) if movement.counterparty else None,
            "type": self.direction(movement.account, movement.cents),
            "creditCardMetadata": self._card_metadata(movement) if movement.account == CARD else None,
            "merchant": _merchant(movement) if self.bank.reports_merchants else None,
            "operationType": movement.operation_type if self.bank.open_finance else None,
            "operationTypeAdditionalInfo": None,
            "providerId": self._provider_id(movement),
            "order": None,
            "createdAt": self._now_text,
            "updatedAt": self._now_text,
        }
        return LedgerEntry(data, cents, generated)

    def _provider_id(self, movement: Movement) -> str | None:
        if not self.bank.open_finance:
            return None
        return stable_uuid(self.seed, movement.account + movement.key)

    @property
    def today(self) -> dt.date:
        """Return the calendar day of the bank."""
        return self.local_now.date()

    @cached_property
    def _now_text(self) -> str:
        return iso(self.now)

    @cached_property
    def local_now(self) -> dt.datetime:
        """Return the moment in São Paulo without a time zone, as movements have it."""
        return self.now.astimezone(SAO_PAULO).replace(tzinfo=None)

    def shows(self, movement: Movement) -> bool:
        """Return whether the bank shows a movement now.

        Some are known before they happen, some are shown days later.
        """
        delay = dt.timedelta(days=self._late_days(movement))
        return (movement.known_at or movement.at) + delay <= self.local_now

    def is_posted(self, movement: Movement) -> bool:
        """Return whether the transaction is POSTED.

        A card transaction is pending until its bill has closed, a debit purchase for some days, and a
        scheduled PIX until its day.
        """
        if movement.account == CARD:
            return movement.is_card_payment or self.bank.cycle.closing(movement.day) < self.today
        waits = self.bank.pending_days if movement.operation_type == DEBIT_CARD else 0
        return movement.at + dt.timedelta(days=waits) <= self.local_now or not (waits or movement.known_at)

    def current_id(self, movement: Movement) -> str:
        """Return the id of a movement now. Some banks give a pending transaction another id."""
        if not self.is_posted(movement):
            return self.pending_id(movement)
        return stable_uuid(self.account_id, movement.key)

    def pending_id(self, movement: Movement) -> str:
        """Return the id that a movement has, or had, while it is pending."""
        suffix = "/pending" if self.bank.changes_ids_on_posting else ""
        return stable_uuid(self.account_id, movement.key + suffix)

    def _late_days(self, movement: Movement) -> int:
        """Return the delay in days.

        One purchase in four is shown late, but never after its bill has closed.
        """
        chance = zlib.crc32(movement.key.encode())
        if not self.bank.late_days or movement.operation_type not in PURCHASES or chance % LATE_SHARE:
            return 0
        closing = self.bank.cycle.closing(movement.day)
        if movement.account == CARD and (closing - movement.day).days <= self.bank.late_days:
            return 0
        return 1 + chance // LATE_SHARE % self.bank.late_days

    def bill_id(self, day: dt.date) -> str:
        """Return the id of the bill that a day belongs to."""
        return stable_uuid(self.account_id, f"bill/{self.bank.cycle.closing(day)}")

    def sign(self, account: str, cents: int) -> int:
        """Convert cents between the user's side (money out is negative) and the API's sign.

        It works both ways.
        """
        is_negated = account == CARD and not self.bank.inverted_card
        return -cents if is_negated else cents

    def direction(self, account: str, cents: int) -> str:
        """Return DEBIT or CREDIT as this bank reports it."""
        inverted = account == CARD and self.bank.inverted_card
        return "CREDIT" if (cents < 0) == inverted else "DEBIT"

    def date(self, at: dt.datetime) -> str:
        """Return a local moment as this bank dates it."""
        if self.bank.date_style == "utc-midnight":
            return f"{at.date()}T00:00:00.000Z"
        shown = at if self.bank.date_style == "instant" else dt.datetime.combine(at.date(), dt.time())
        return iso(shown.replace(tzinfo=SAO_PAULO))

    def _payment_data(self, movement: Movement) -> Json:
        """Return the other side of a payment; Open Finance adds the code that receipts of a PIX have."""
        data = payment_data(movement)
        if self.bank.open_finance and data["paymentMethod"] == "PIX":
            code = stable_uuid(self.seed, f"authentication/{movement.account}{movement.key}")
            data["authenticationCode"] = code.replace("-", "").upper()[:24]
        return data

    def _card_metadata(self, movement: Movement) -> Json:
        closing = self.bank.cycle.closing(movement.day)
        billed = not movement.is_card_payment and closing < self.today
        installment, shows_total = movement.installment, not self.bank.open_finance
        purchase_date = installment.purchased_on if installment else movement.day
        return {
            "installmentNumber": installment.number if installment else None,
            "totalInstallments": installment.count if installment else None,
            "totalAmount": json_amount(installment.total_cents) if shows_total and installment else None,
            "purchaseDate": self.date(dt.datetime.combine(purchase_date, movement.at.time())),
            "payeeMCC": movement.mcc,
            "cardNumber": card_number(self.seed),
            "billId": self.bill_id(movement.day) if billed else None,
            "billForecastDate": None if movement.is_card_payment else f"{self.bank.cycle.due(closing):%Y-%m}",
            "paymentType": "INSTALLMENT" if installment else "SINGLE",
            "billPostDate": str(movement.day),
            "transactionDateTime": _true_instant(movement) if self.bank.open_finance else None,
            "feeType": movement.fee_type,
            "feeTypeAdditionalInfo": None,
            "otherCreditsType": None,
            "otherCreditsAdditionalInfo": None,
        }


def json_amount(cents: int) -> int | float:
    """Convert cents to a JSON number with at most two decimals."""
    return cents // 100 if cents % 100 == 0 else cents / 100


def card_number(seed: str) -> str:
    """Return the last four digits of the card."""
    return f"{uuid.uuid5(NAMESPACE, seed + 'card').int % 10000:04d}"


def payment_data(movement: Movement) -> Json:
    """Return the other side of a payment. Like most banks it leaves the user's own side out."""
    counterparty, boleto, is_out = movement.counterparty, movement.boleto, movement.cents < 0
    assert counterparty is not None
    kind = "CNPJ" if "/" in counterparty.document else "CPF"
    other = {
        "name": counterparty.name,
        "documentNumber": {"type": kind, "value": counterparty.document},
        "accountNumber": None,
        "branchNumber": None,
        "routingNumber": None,
        "routingNumberISPB": None,
    }
    return {
        "payer": None if is_out else other,
        "receiver": other if is_out else None,
        "reason": counterparty.message,
        "referenceNumber": None,
        "receiverReferenceId": None,
        "authenticationCode": None,
        "paymentMethod": counterparty.method,
        "boletoMetadata": _boleto_metadata(boleto, counterparty.document) if boleto else None,
    }


def _boleto_metadata(boleto: Boleto, document: str) -> Json:
    code = barcode(boleto.due, boleto.base_cents, document)
    return {
        "digitableLine": digitable_line(code),
        "barcode": code,
        "baseAmount": json_amount(boleto.base_cents),
        "interestAmount": json_amount(boleto.interest_cents),
        "penaltyAmount": json_amount(boleto.penalty_cents),
        "discountAmount": json_amount(boleto.discount_cents),
    }


def _true_instant(movement: Movement) -> str:
    return iso(movement.at.replace(tzinfo=SAO_PAULO))


def _merchant(movement: Movement) -> Json | None:
    if not movement.merchant:
        return None
    name, cnpj = movement.merchant
    return {"name": name, "businessName": f"{name} Ltda", "cnpj": cnpj, "cnae": None, "category": None}
