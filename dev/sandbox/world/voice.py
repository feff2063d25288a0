"""How a bank says things: signs, dates and filled fields make transactions of the API out of told rows."""

import datetime as dt
import hashlib
import json
import uuid
import zlib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from dev.sandbox.clock import SAO_PAULO, iso
from dev.sandbox.store.ledger import Entry
from dev.sandbox.world.boletos import barcode, digitable_line
from dev.sandbox.world.debit import DEBIT_CARD
from dev.sandbox.world.habits import Habits
from dev.sandbox.world.rows import CARD, Boleto, Instalment, Party, Row

Json = dict[str, Any]
CATEGORIES = Path(__file__).parents[1] / "data" / "categories.json"
PURCHASES = (DEBIT_CARD, "PAGAMENTO")
NAMESPACE = uuid.UUID("5eedf00d-0000-4000-8000-000000000000")
LATE_ONE_IN = 4
NOT_VERSION, VERSION_5 = ~(0xF << 76 | 0x3 << 62), 0x5 << 76 | 0x2 << 62


@dataclass(frozen=True)
class Speaker:
    """A bank speaking about one account at one moment."""

    habits: Habits
    account_id: str
    story: str  # the same for every item of the same account: makes providerId
    now: dt.datetime

    def entry(self, row: Row, *, told: bool = True, transaction_id: str | None = None) -> Entry:
        """The transaction of a row."""
        cents, posted = self.sign(row.account, row.cents), self.is_posted(row)
        data: Json = {
            "id": transaction_id or (self.id_of(row) if posted else self.pending_id(row)),
            "description": row.text,
            "descriptionRaw": row.text if row.party or row.account == CARD else None,
            "currencyCode": "USD" if row.dollars else "BRL",
            "amount": money(self.sign(row.account, row.dollars)) if row.dollars else money(cents),
            "amountInAccountCurrency": money(cents) if row.dollars else None,
            "date": self.date(row.at),
            "balance": None,
            "category": category_name(row.category),
            "categoryId": row.category,
            "accountId": self.account_id,
            "providerCode": None,
            "status": "POSTED" if posted else "PENDING",
            "paymentData": payment_data(row.party, out=row.cents < 0, boleto=row.boleto)
            if row.party
            else None,
            "type": self.direction(row.account, row.cents),
            "creditCardMetadata": self._card(row) if row.account == CARD else None,
            "merchant": _merchant(row) if self.habits.merchants else None,
            "operationType": row.operation if self.habits.open_finance else None,
            "operationTypeAdditionalInfo": None,
            "providerId": identity(self.story, row.account + row.key) if self.habits.open_finance else None,
            "order": None,
            "createdAt": self._stamp,
            "updatedAt": self._stamp,
        }
        return Entry(data, cents, told)

    @property
    def today(self) -> dt.date:
        """The bank's calendar day."""
        return self.local.date()

    @cached_property
    def _stamp(self) -> str:
        return iso(self.now)

    @cached_property
    def local(self) -> dt.datetime:
        """The moment in São Paulo, without a zone, as the world tells time."""
        return self.now.astimezone(SAO_PAULO).replace(tzinfo=None)

    def sees(self, row: Row) -> bool:
        """Whether the bank shows a row now: some are known before they happen, some are seen days later."""
        return (row.known or row.at) + dt.timedelta(days=self._late_days(row)) <= self.local

    def is_posted(self, row: Row) -> bool:
        """A card row waits until its bill has closed, a debit purchase some days, a set PIX for its day."""
        if row.account == CARD:
            return row.is_card_payment or self.habits.cycle.closing(row.day) < self.today
        waits = self.habits.pending_days if row.operation == DEBIT_CARD else 0
        return row.at + dt.timedelta(days=waits) <= self.local or not (waits or row.known)

    def id_of(self, row: Row) -> str:
        """The id of a row at this moment: of a bank that re-identifies, another one while it is pending."""
        return identity(self.account_id, row.key) if self.is_posted(row) else self.pending_id(row)

    def pending_id(self, row: Row) -> str:
        """The id that a row has, or had, while it was pending."""
        return identity(self.account_id, row.key + ("/pending" if self.habits.reidentifies else ""))

    def _late_days(self, row: Row) -> int:
        """One purchase in four is seen late, but never after its bill has closed."""
        chance = zlib.crc32(row.key.encode())
        if not self.habits.late_days or row.operation not in PURCHASES or chance % LATE_ONE_IN:
            return 0
        closing = self.habits.cycle.closing(row.day)
        if row.account == CARD and (closing - row.day).days <= self.habits.late_days:
            return 0
        return 1 + chance // LATE_ONE_IN % self.habits.late_days

    def bill_id(self, day: dt.date) -> str:
        """The id of the bill that carries a day."""
        return identity(self.account_id, f"bill/{self.habits.cycle.closing(day)}")

    def sign(self, account: str, cents: int) -> int:
        """The person's cents (money out is negative) as this bank signs them; its own inverse."""
        upside_down = account == CARD and not self.habits.inverted_card
        return -cents if upside_down else cents

    def direction(self, account: str, cents: int) -> str:
        """DEBIT or CREDIT, as this bank says it."""
        inverted = account == CARD and self.habits.inverted_card
        return "CREDIT" if (cents < 0) == inverted else "DEBIT"

    def date(self, at: dt.datetime) -> str:
        """A local moment as this bank dates it."""
        if self.habits.dates == "utc-midnight":
            return f"{at.date()}T00:00:00.000Z"
        local = at if self.habits.dates == "instant" else dt.datetime.combine(at.date(), dt.time())
        return iso(local.replace(tzinfo=SAO_PAULO))

    def _card(self, row: Row) -> Json:
        closing = self.habits.cycle.closing(row.day)
        billed = not row.is_card_payment and closing < self.today
        part = row.instalment
        return {
            "installmentNumber": part.number if part else None,
            "totalInstallments": part.of if part else None,
            "totalAmount": money(part.total_cents) if part and not self.habits.open_finance else None,
            "purchaseDate": self.date(dt.datetime.combine(_bought(part, row), row.at.time())),
            "payeeMCC": row.mcc,
            "cardNumber": card_number(self.story),
            "billId": self.bill_id(row.day) if billed else None,
            "billForecastDate": None if row.is_card_payment else f"{self.habits.cycle.due(closing):%Y-%m}",
            "paymentType": "INSTALLMENT" if part else "SINGLE",
            "billPostDate": str(row.day),
            "transactionDateTime": _instant(row) if self.habits.open_finance else None,
            "feeType": row.fee,
            "feeTypeAdditionalInfo": None,
            "otherCreditsType": None,
            "otherCreditsAdditionalInfo": None,
        }


def money(cents: int) -> int | float:
    """Cents as the JSON number with at most two decimals."""
    return cents // 100 if cents % 100 == 0 else cents / 100


def identity(*names: str) -> str:
    """A uuid (version 5) that the same names always make; by hand, for uuid5() takes three times as long."""
    digest = hashlib.sha1(NAMESPACE.bytes + "/".join(names).encode(), usedforsecurity=False).digest()
    digits = f"{int.from_bytes(digest[:16]) & NOT_VERSION | VERSION_5:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def card_number(story: str) -> str:
    """The last four digits of the card of a story."""
    return f"{uuid.uuid5(NAMESPACE, story + 'card').int % 10000:04d}"


def payment_data(party: Party, *, out: bool, boleto: Boleto | None = None) -> Json:
    """The other side of a payment; the person's own side is left out, as most banks do."""
    kind = "CNPJ" if "/" in party.document else "CPF"
    other = {
        "name": party.name,
        "documentNumber": {"type": kind, "value": party.document},
        "accountNumber": None,
        "branchNumber": None,
        "routingNumber": None,
        "routingNumberISPB": None,
    }
    return {
        "payer": None if out else other,
        "receiver": other if out else None,
        "reason": party.message,
        "referenceNumber": None,
        "receiverReferenceId": None,
        "authenticationCode": None,
        "paymentMethod": party.method,
        "boletoMetadata": _boleto(boleto, party.document) if boleto else None,
    }


def _boleto(slip: Boleto, document: str) -> Json:
    code = barcode(slip.due, slip.base, document)
    return {
        "digitableLine": digitable_line(code),
        "barcode": code,
        "baseAmount": money(slip.base),
        "interestAmount": money(slip.interest),
        "penaltyAmount": money(slip.penalty),
        "discountAmount": money(slip.discount),
    }


@cache
def category_names() -> dict[str, str]:
    """Category id → English name."""
    return {row["id"]: row["description"] for row in json.loads(CATEGORIES.read_text(encoding="utf-8"))}


def category_name(category_id: object) -> str | None:
    """The English name, or None for what is no id of a category."""
    return category_names().get(category_id) if isinstance(category_id, str) else None


def _bought(part: Instalment | None, row: Row) -> dt.date:
    return part.bought if part else row.day


def _instant(row: Row) -> str:
    return iso(row.at.replace(tzinfo=SAO_PAULO))


def _merchant(row: Row) -> Json | None:
    if not row.shop:
        return None
    name, cnpj = row.shop
    return {"name": name, "businessName": f"{name} Ltda", "cnpj": cnpj, "cnae": None, "category": None}
