"""GET /merchants: companies by CNPJ."""

import re
from typing import Any

from flask import Blueprint

from pluggy_sandbox.api.pagination import list_param
from pluggy_sandbox.sandbox import database
from pluggy_sandbox.store import merchants

bp = Blueprint("merchants", __name__)
Json = dict[str, Any]


@bp.get("/merchants")
def index() -> Json:
    """Look up the merchants of `cnpjs`. A merchant is known once a collected transaction has named it."""
    requested = list(dict.fromkeys(list_param("cnpjs")))
    valid = [merchants.bare(cnpj) for cnpj in requested if is_cnpj(cnpj)]
    by_cnpj = {cnpj: merchants.get(database(), cnpj) for cnpj in valid}
    return {
        "foundMerchants": [merchant | {"cnpj": cnpj} for cnpj, merchant in by_cnpj.items() if merchant],
        "notFoundMerchants": [cnpj for cnpj, merchant in by_cnpj.items() if merchant is None],
        "invalidCnpjs": [cnpj for cnpj in requested if not is_cnpj(cnpj)],
    }


def is_cnpj(text: str) -> bool:
    """Return whether the text has 12 digits or letters, and their two check digits."""
    cnpj = merchants.bare(text)
    if not re.fullmatch(r"[0-9A-Z]{12}[0-9]{2}", cnpj) or len(set(cnpj)) == 1:
        return False
    values = [ord(character) - ord("0") for character in cnpj]
    return values[12:] == [check_digit(values[:12]), check_digit(values[:13])]


def check_digit(values: list[int]) -> int:
    """Return the next check digit; the weights are 2 to 9 from the right, repeated.

    A letter has the value of its ASCII code minus that of 0, so a CNPJ of digits keeps its check digits.
    """
    total = sum(value * (2 + position % 8) for position, value in enumerate(reversed(values)))
    return 0 if total % 11 < 2 else 11 - total % 11
