"""The limit of a card: how much is used, and what for.

Example: the bank's limit is 5,450.00, the user has reduced it to 2,100.00, and 2,001.48 are available: 98.52 are used,
not 3,448.52.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from banking.ledger.models import Account
from banking.ledger.models.account_details import TOTAL_LINE, credit_lines
from banking.money import amounts

ZERO = Decimal(0)


@dataclass(frozen=True)
class CreditLine:
    """A part of a card's limit, as the bank sends it. What it does not say is None."""

    is_total: bool
    name: str  # Open Finance's name of what it is for; empty for the total
    card_number: str
    limit: Decimal | None
    user_limit: Decimal | None  # the user has reduced it to this
    used: Decimal | None
    available: Decimal | None
    is_flexible: bool

    @property
    def usable_limit(self) -> Decimal | None:
        """Return what can be used at most: the user's own limit, if there is one."""
        return self.limit if self.user_limit is None else self.user_limit


@dataclass(frozen=True)
class CardLimit:
    """The limit of one card. What is not known is None."""

    limit: Decimal | None  # what can be used at most
    user_limit: Decimal | None  # the same, if the user has lowered the bank's limit to it
    used: Decimal
    available: Decimal | None
    is_flexible: bool  # the bank may approve more
    lines: tuple[CreditLine, ...]  # by use, without the total
    additional_cards: tuple[str, ...]  # their last digits


def card_limit(account: Account) -> CardLimit:
    """Read the limit of a card. A detail that cannot be read costs only itself."""
    data = _credit_data(account)
    lines = list(_lines(data, account.currency))
    total = _total_line(account, [line for line in lines if line.is_total])
    limit, available = account.limit, account.available_limit
    if available is None and total is not None:
        available = total.available
    return CardLimit(
        limit,
        account.customized_limit,
        _used(account, limit, available, total),
        available,
        is_flexible=data.get("isLimitFlexible") is True or bool(total and total.is_flexible),
        lines=tuple(line for line in lines if not line.is_total),
        additional_cards=_additional_cards(data),
    )


def _used(
    account: Account, limit: Decimal | None, available: Decimal | None, total: CreditLine | None
) -> Decimal:
    """Return how much is used: what the bank says, unless it says 0 and what is available says otherwise."""
    if account.is_in_credit:
        return ZERO
    computed = max(limit - available, ZERO) if limit is not None and available is not None else None
    if total is not None and total.used is not None and (total.used > 0 or not computed):
        return max(total.used, ZERO)
    return abs(account.balance) if computed is None else computed


def _total_line(account: Account, totals: list[CreditLine]) -> CreditLine | None:
    """Return the line of the whole limit; if there are several, that of this card."""
    own = [line for line in totals if line.card_number and account.number.endswith(line.card_number)]
    candidates = totals if len(totals) == 1 else own
    return candidates[0] if len(candidates) == 1 else None


def _lines(data: dict[str, Any], currency: str) -> Iterator[CreditLine]:
    for line in credit_lines({"creditData": data}):
        values = {
            name: _amount(line.get(f"{name}Amount"), line.get(f"{name}AmountCurrencyCode"), currency)
            for name in ("limit", "customizedLimit", "used", "available")
        }
        if any(amount is not None for amount in values.values()):
            is_total = line.get("creditLineLimitType") == TOTAL_LINE
            yield CreditLine(
                is_total,
                "" if is_total else _text(line.get("lineName")),
                _text(line.get("identificationNumber"))[-4:],
                values["limit"],
                values["customizedLimit"],
                values["used"],
                values["available"],
                line.get("isLimitFlexible") is True,
            )


def _amount(value: object, currency_code: object, currency: str) -> Decimal | None:
    """Parse an amount; None for one in another currency, or something else."""
    return amounts.from_json(value) if currency_code in (None, "", currency) else None


def _additional_cards(data: dict[str, Any]) -> tuple[str, ...]:
    cards = data.get("additionalCards")
    listed = cards if isinstance(cards, list) else ()
    numbers = (_text(card.get("number"))[-4:] for card in listed if isinstance(card, dict))
    return tuple(dict.fromkeys(filter(None, numbers)))


def _text(value: object) -> str:
    return value.strip()[:60] if isinstance(value, str) else ""


def _credit_data(account: Account) -> dict[str, Any]:
    data = account.details.get("creditData")
    return data if isinstance(data, dict) else {}
