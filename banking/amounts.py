"""Amounts as people write them: 1.234,56 and 1234.56 alike; what could be read in two ways is refused."""

import re
from decimal import Decimal

CENT = Decimal("0.01")
MOST = Decimal(10) ** 13  # a column holds more; nobody's money does

_CURRENCY = re.compile(r"^R\$|\s")
_WHOLE = re.compile(r"\d+")
_WITH_CENTS = re.compile(r"(\d+)[.,](\d{1,2})")
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+,\d{1,2}|\d{1,3}(?:,\d{3})+\.\d{1,2}")
_GROUPS = re.compile(r"\d{1,3}(?:(?:\.\d{3}){2,}|(?:,\d{3}){2,})")
# A thousand and more, or one and a fraction?
_EITHER = re.compile(r"\d{1,3}[.,]\d{3}")


class BadAmount(ValueError):
    """It cannot be read. `reason`: ambiguous, unreadable or too large."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(text: str) -> Decimal:
    """An amount without a sign, to the cent. Raises BadAmount."""
    bare = _CURRENCY.sub("", text.strip())
    if not bare.isascii():
        raise BadAmount("unreadable")
    if _EITHER.fullmatch(bare):
        raise BadAmount("ambiguous")
    amount = Decimal(_plain(bare))
    if amount >= MOST:
        raise BadAmount("too large")
    return amount


def _plain(text: str) -> str:
    """As Decimal reads it."""
    if _WHOLE.fullmatch(text) or _GROUPS.fullmatch(text):
        return _digits(text)
    if _WITH_CENTS.fullmatch(text) or _GROUPED.fullmatch(text):
        whole, cents = re.split(r"[.,](?=\d+$)", text)
        return f"{_digits(whole)}.{cents}"
    raise BadAmount("unreadable")


def _digits(text: str) -> str:
    return text.replace(".", "").replace(",", "")


def written(amount: Decimal) -> str:
    """For an input field: `1234,56`, which parse() reads as it is meant."""
    return f"{amount.quantize(CENT):f}".replace(".", ",")
