"""The codes of one transaction, and the category that they give."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from banking.ledger.category_codes.cnae import category_of_cnae
from banking.ledger.category_codes.mcc import category_of_mcc
from banking.ledger.category_codes.operations import category_of_operation
from banking.money.text import folded
from banking.pluggy import payloads

CATEGORIES = Path(__file__).parents[1] / "data" / "categories.json"


class CategoryCodes(NamedTuple):
    """Codes that tell the category of a transaction besides Pluggy's own."""

    mcc: int | str | None = None
    merchant_category: str = ""
    cnae: str = ""
    operation_info: str = ""

    @classmethod
    def from_payload(cls, payload: payloads.Transaction) -> "CategoryCodes":
        card, merchant = payload.credit_card_metadata, payload.merchant
        if card is None and merchant is None and not payload.operation_type_additional_info:
            return NO_CODES
        return cls(
            mcc=card.payee_mcc if card else None,
            merchant_category=(merchant.category if merchant else None) or "",
            cnae=(merchant.cnae if merchant else None) or "",
            operation_info=payload.operation_type_additional_info or "",
        )

    @classmethod
    def from_details(cls, details: Mapping[str, Any]) -> "CategoryCodes":
        """Return the codes of a stored transaction, from `Transaction.details`."""
        return cls(
            mcc=details.get("payeeMCC"),
            merchant_category=details.get("merchantCategory") or "",
            cnae=details.get("merchantCnae") or "",
            operation_info=details.get("operationTypeAdditionalInfo") or "",
        )


NO_CODES = CategoryCodes()


def category_by_codes(codes: CategoryCodes, operation_type: str, *, is_inflow: bool, is_card: bool) -> str:
    """Return the category id that the codes give; empty if they give none.

    The merchant decides first. On a bank account it decides only about money out: what a shop pays into an
    account may be the wage of somebody who works there.
    """
    if is_card or not is_inflow:
        category = (
            category_of_mcc(codes.mcc)
            or category_of_name(codes.merchant_category)
            or category_of_cnae(codes.cnae)
        )
        if category:
            return category
    return category_of_operation(operation_type, codes.operation_info, is_inflow=is_inflow)


def category_of_name(name: str) -> str:
    """Return the category with this id or name, in English or Portuguese; empty if there is none."""
    return _categories_by_name().get(folded(name).strip(), "") if name else ""


@cache
def _categories_by_name() -> dict[str, str]:
    categories = json.loads(CATEGORIES.read_text(encoding="utf-8"))
    return {
        folded(category[key]).strip(): category["id"] for category in categories for key in ("pt", "en", "id")
    }
