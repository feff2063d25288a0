"""How a bank says things: signs, dates and filled fields make transactions of the API out of told rows."""

import datetime as dt
import json
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dev.sandbox.clock import SAO_PAULO, iso
from dev.sandbox.store.ledger import Entry
from dev.sandbox.world.calendar import closing_of, due_of
from dev.sandbox.world.rows import CARD, Instalment, Party, Row

Json = dict[str, Any]
CATEGORIES = Path(__file__).parents[1] / "data" / "categories.json"
NAMESPACE = uuid.UUID("5eedf00d-0000-4000-8000-000000000000")


@dataclass(frozen=True)
class Habits:
    """One institution's way of reporting."""

    dates: str = "midnight"  # "midnight" (São Paulo), "instant" (true times) or "utc-midnight" (plain dates)
    inverted_card: bool = False  # Pluggy Bank quirk: a card purchase is CREDIT and negative
    future_parts: bool = False  # shows the parts that are not yet due
    open_finance: bool = False  # fills operationType and providerId
    own_pix: int = 0  # see Household


@dataclass(frozen=True)
class Speaker:
    """A bank speaking about one account at one moment."""

    habits: Habits
    account_id: str
    story: str  # the same for every item of the same account: makes providerId
    now: dt.datetime

    def entry(self, row: Row, *, told: bool = True, transaction_id: str | None = None) -> Entry:
        """The transaction of a row."""
        cents = self.sign(row.account, row.cents)
        stamp, today = iso(self.now), self.now.astimezone(SAO_PAULO).date()
        data: Json = {
            "id": transaction_id or identity(self.account_id, row.key),
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
            "status": "PENDING" if is_pending(row, today) else "POSTED",
            "paymentData": payment_data(row.party, out=row.cents < 0, reason=None) if row.party else None,
            "type": self.direction(row.account, row.cents),
            "creditCardMetadata": self._card(row, today) if row.account == CARD else None,
            "merchant": _merchant(row) if self.habits.dates != "utc-midnight" else None,
            "operationType": row.operation if self.habits.open_finance else None,
            "operationTypeAdditionalInfo": None,
            "providerId": identity(self.story, row.account + row.key) if self.habits.open_finance else None,
            "order": None,
            "createdAt": stamp,
            "updatedAt": stamp,
        }
        return Entry(data, cents, told)

    def bill_id(self, day: dt.date) -> str:
        """The id of the bill that carries a day."""
        return identity(self.account_id, f"bill/{closing_of(day)}")

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

    def _card(self, row: Row, today: dt.date) -> Json:
        closing = closing_of(row.day)
        billed = not row.is_card_payment and closing < today
        part = row.instalment
        return {
            "installmentNumber": part.number if part else None,
            "totalInstallments": part.of if part else None,
            "totalAmount": money(part.total_cents) if part and not self.habits.open_finance else None,
            "purchaseDate": self.date(dt.datetime.combine(_bought(part, row), row.at.time())),
            "payeeMCC": row.mcc,
            "cardNumber": card_number(self.story),
            "billId": self.bill_id(row.day) if billed else None,
            "billForecastDate": None if row.is_card_payment else f"{due_of(closing):%Y-%m}",
            "paymentType": "INSTALLMENT" if part else "SINGLE",
            "billPostDate": str(row.day),
            "transactionDateTime": _instant(row) if self.habits.open_finance else None,
            "feeType": row.fee,
            "feeTypeAdditionalInfo": None,
            "otherCreditsType": None,
            "otherCreditsAdditionalInfo": None,
        }


def is_pending(row: Row, today: dt.date) -> bool:
    """A card row waits until its bill has closed; a payment of the bill never does."""
    return row.account == CARD and not row.is_card_payment and closing_of(row.day) >= today


def money(cents: int) -> int | float:
    """Cents as the JSON number with at most two decimals."""
    return cents // 100 if cents % 100 == 0 else cents / 100


def identity(*names: str) -> str:
    """A uuid that the same names always make."""
    return str(uuid.uuid5(NAMESPACE, "/".join(names)))


def card_number(story: str) -> str:
    """The last four digits of the card of a story."""
    return f"{uuid.uuid5(NAMESPACE, story + 'card').int % 10000:04d}"


def payment_data(party: Party, *, out: bool, reason: str | None) -> Json:
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
        "reason": reason,
        "referenceNumber": None,
        "receiverReferenceId": None,
        "authenticationCode": None,
        "paymentMethod": party.method,
        "boletoMetadata": None,
    }


@cache
def category_names() -> dict[str, str]:
    """Category id → English name."""
    return {row["id"]: row["description"] for row in json.loads(CATEGORIES.read_text(encoding="utf-8"))}


def category_name(category_id: str | None) -> str | None:
    """The English name, or None for an unknown id."""
    return category_names().get(category_id or "")


def _bought(part: Instalment | None, row: Row) -> dt.date:
    return part.bought if part else row.day


def _instant(row: Row) -> str:
    return iso(row.at.replace(tzinfo=SAO_PAULO))


def _merchant(row: Row) -> Json | None:
    if not row.shop:
        return None
    name, cnpj = row.shop
    return {"name": name, "businessName": f"{name} Ltda", "cnpj": cnpj, "cnae": None, "category": None}
