"""Read amounts within an account and lines of credit from `Account.details`, which has them as the bank sends them."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from banking.money import amounts

TOTAL_LINE = "LIMITE_CREDITO_TOTAL"


class SetAside(NamedTuple):
    """An amount within the balance of an account: reserved under a name, or invested automatically."""

    amount: Decimal
    is_reserved: bool
    name: str = ""


def amounts_set_aside(details: Mapping[str, Any], invested: Decimal | None) -> tuple[SetAside, ...]:
    """Return the automatically invested amount and the reserved ones, as far as they are more than nothing."""
    invested_amount = SetAside(invested or Decimal(0), is_reserved=False)
    return tuple(part for part in (invested_amount, *_reserved(details)) if part.amount > 0)


def _reserved(details: Mapping[str, Any]) -> Iterator[SetAside]:
    for reserve in _objects(_object(details, "bankData").get("reservedBalances")):
        name = reserve.get("name")
        for entry in _objects(reserve.get("availableAmounts") or reserve.get("amounts")):
            amount = amounts.from_json(entry.get("amount"))
            if amount is not None:
                yield SetAside(amount, is_reserved=True, name=name if isinstance(name, str) else "")


def credit_lines(details: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the lines of a card's limit (`disaggregatedCreditLimits`)."""
    return _objects(_object(details, "creditData").get("disaggregatedCreditLimits"))


def holder_type(details: Mapping[str, Any]) -> str:
    return str(_object(details, "creditData").get("holderType"))


def line_limit(details: Mapping[str, Any]) -> Decimal | None:
    """Return the limit of the total line, for banks that send the limit only there."""
    return amounts.from_json(_total_line(details).get("limitAmount"))


def customized_limit(
    details: Mapping[str, Any], limit: Decimal | None, available: Decimal | None, balance: Decimal
) -> Decimal | None:
    """Return the lower limit that the customer has chosen, if the available limit is what remains of it.

    Example: of a limit of 5,450.00, 2,001.48 are available. The customer has lowered it to 2,100.00, so 98.52 are
    used and not 3,448.52. Where the used amount or the balance is 3,448.52, the bank subtracts from the full limit.
    """
    line = _total_line(details)
    customized = amounts.from_json(line.get("customizedLimitAmount"))
    if not customized or limit is None or available is None or not 0 < customized < limit:
        return None
    used, used_of_full = customized - available, limit - available
    for stated in (amounts.from_json(line.get("usedAmount")), abs(balance)):
        if stated is not None and stated in (used_of_full, abs(used)):
            return customized if stated == abs(used) else None
    return customized if used >= 0 else None


def _total_line(details: Mapping[str, Any]) -> Mapping[str, Any]:
    lines = credit_lines(details)
    totals = [line for line in lines if line.get("creditLineLimitType") == TOTAL_LINE]
    if totals:
        return totals[0]
    return lines[0] if len(lines) == 1 else {}


def _object(details: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = details.get(name)
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Mapping[str, Any]]:
    elements: Sequence[Any] = value if isinstance(value, list) else ()
    return [element for element in elements if isinstance(element, dict)]
