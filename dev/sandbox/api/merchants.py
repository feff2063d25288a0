"""GET /merchants: firms by CNPJ."""

from typing import Any

from flask import Blueprint

from dev.sandbox.api.pages import listed
from dev.sandbox.pluggy import here
from dev.sandbox.store import merchants

bp = Blueprint("merchants", __name__)
Json = dict[str, Any]


@bp.get("/merchants")
def index() -> Json:
    """The merchants of `cnpjs`: those that some collected transaction names are found."""
    asked = list(dict.fromkeys(listed("cnpjs")))
    valid = [merchants.digits(cnpj) for cnpj in asked if is_cnpj(cnpj)]
    found = {cnpj: merchants.one(here().database, cnpj) for cnpj in valid}
    return {
        "foundMerchants": [one | {"cnpj": cnpj} for cnpj, one in found.items() if one],
        "notFoundMerchants": [cnpj for cnpj, one in found.items() if one is None],
        "invalidCnpjs": [cnpj for cnpj in asked if not is_cnpj(cnpj)],
    }


def is_cnpj(text: str) -> bool:
    """Whether the 14 digits end with the check digits of the others."""
    digits = [int(digit) for digit in merchants.digits(text)]
    if len(digits) != 14 or len(set(digits)) == 1:
        return False
    return digits[12:] == [check_digit(digits[:12]), check_digit(digits[:13])]


def check_digit(digits: list[int]) -> int:
    """The next check digit: weights 2 to 9 from the right, again and again."""
    total = sum(digit * (2 + place % 8) for place, digit in enumerate(reversed(digits)))
    return 0 if total % 11 < 2 else 11 - total % 11
