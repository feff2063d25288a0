"""Parse amounts as people write them, 1.234,56 or 1234.56, and those in JSON that no payload type describes."""

import re
from decimal import Decimal

CENT = Decimal("0.01")
MAX_AMOUNT = Decimal(10) ** 13  # more than anybody owns

_CURRENCY = re.compile(r"^R\$|\s")
_WHOLE = re.compile(r"\d+")
_WITH_CENTS = re.compile(r"(\d+)[.,](\d{1,2})")
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+,\d{1,2}|\d{1,3}(?:,\d{3})+\.\d{1,2}")
_GROUPS = re.compile(r"\d{1,3}(?:(?:\.\d{3}){2,}|(?:,\d{3}){2,})")
# 1.234 may be a thousand or one and a fraction.
_AMBIGUOUS = re.compile(r"\d{1,3}[.,]\d{3}")


class BadAmount(ValueError):
    """The amount cannot be parsed. `reason` is "ambiguous", "unreadable" or "too large"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(text: str) -> Decimal:
    """Parse an amount without a sign, to the cent. Raises BadAmount."""
    bare = _CURRENCY.sub("", text.strip())
    if not bare.isascii():
        raise BadAmount("unreadable")
    if _AMBIGUOUS.fullmatch(bare):
        raise BadAmount("ambiguous")
    amount = Decimal(_to_decimal_text(bare))
    if amount >= MAX_AMOUNT:
        raise BadAmount("too large")
    return amount


def from_json(value: object) -> Decimal | None:
    """Return a number of JSON, or a text with one, as an amount; None for anything else and for impossible amounts."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return None
    try:
        amount = Decimal(str(value))
    except ArithmeticError:
        return None
    return amount if amount.is_finite() and abs(amount) < MAX_AMOUNT else None


def _to_decimal_text(text: str) -> str:
    """Return the text as Decimal() reads it."""
    if _WHOLE.fullmatch(text) or _GROUPS.fullmatch(text):
        return _digits(text)
    if _WITH_CENTS.fullmatch(text) or _GROUPED.fullmatch(text):
        whole, cents = re.split(r"[.,](?=\d+$)", text)
        return f"{_digits(whole)}.{cents}"
    raise BadAmount("unreadable")


def _digits(text: str) -> str:
    return text.replace(".", "").replace(",", "")


def format_input(amount: Decimal) -> str:
    """Format an amount for an input field, such as `1234,56`; parse() reads the same amount from it."""
    return f"{amount.quantize(CENT):f}".replace(".", ",")
