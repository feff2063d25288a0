"""The numbers of a boleto: the barcode (44 digits) and the digitable line (47), with valid check digits."""

import datetime as dt
from random import Random

BANK, CURRENCY = "077", "9"
FIRST_COUNT = dt.date(1997, 10, 7)  # due dates are days since then, up to 9999
SECOND_COUNT = dt.date(2025, 2, 22)  # 9999 was reached; the count starts again at 1000


def barcode(due: dt.date, cents: int, payee: str) -> str:
    """Return the barcode; its free field is derived from the payee."""
    free = f"{Random(f'boleto/{payee}/{due}').randrange(10**25):025d}"
    rest = f"{_factor(due):04d}{cents:010d}{free}"
    return f"{BANK}{CURRENCY}{mod11(BANK + CURRENCY + rest)}{rest}"


def digitable_line(code: str) -> str:
    """Return the same digits in the order, and with the check digits, that people type."""
    free = code[19:]
    fields = (code[:4] + free[:5], free[5:15], free[15:])
    return "".join(field + mod10(field) for field in fields) + code[4] + code[5:19]


def mod10(digits: str) -> str:
    """Return the check digit of a field of the digitable line."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        product = int(digit) * (1 if place % 2 else 2)
        total += product // 10 + product % 10
    return str(-total % 10)


def mod11(digits: str) -> str:
    """Return the check digit of the barcode, which is never 0."""
    total = sum(int(digit) * (2 + place % 8) for place, digit in enumerate(reversed(digits)))
    found = 11 - total % 11
    return str(found if found < 10 else 1)


def _factor(due: dt.date) -> int:
    return 1000 + (due - SECOND_COUNT).days if due >= SECOND_COUNT else (due - FIRST_COUNT).days
