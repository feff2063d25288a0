"""Odd values in fields of the API: null, an empty text, a number, a list or an object instead of the usual."""

from typing import Any

Json = dict[str, Any]
ODD_VALUES: tuple[Any, ...] = (None, "", 7, [], {})
# Fields that figures need, which are not chosen in turn.
NEEDED = frozenset(
    {
        "id", "itemId", "accountId", "amount", "amountInAccountCurrency", "balance", "date", "type", "subtype",
        "status", "executionStatus", "currencyCode", "number", "taxNumber", "document", "totalAmount",
        "totalAmountCurrencyCode", "dueDate", "connector", "clientUserId", "categoryId", "description",
        "creditData", "bankData", "creditCardMetadata", "payments", "contractOutstandingBalance", "results",
    }
)  # fmt: skip


def choose(element: Json, turn: int) -> tuple[str, Any]:
    """Return a field that no figure needs, as a path, and an odd value for it. Turns go through all of them."""
    paths = [path for path in _paths(element) if path.split(".")[-1] not in NEEDED] or ["unknown"]
    return paths[turn % len(paths)], ODD_VALUES[turn // len(paths) % len(ODD_VALUES)]


def replace(element: Json, path: str, value: Any) -> None:
    """Replace a field of an object in place.

    A path with dots leads through objects and lists. A single name means every field of that name, at any depth.
    """
    first, _, rest = path.partition(".")
    if not rest:
        _replace_everywhere(element, path, value)
        return
    for inner in _objects_of(element.get(first)):
        if "." in rest:
            replace(inner, rest, value)
        else:
            inner[rest] = value


def _replace_everywhere(element: Json, name: str, value: Any) -> None:
    for key, inner in element.items():
        if key == name:
            element[key] = value
            continue
        for inner_object in _objects_of(inner):
            _replace_everywhere(inner_object, name, value)


def _objects_of(value: Any) -> list[Json]:
    elements = value if isinstance(value, list) else [value]
    return [element for element in elements if isinstance(element, dict)]


def _paths(element: Json) -> list[str]:
    """Return the paths of the object's fields, and of the fields of the objects in it."""
    paths = []
    for name, value in element.items():
        paths.append(name)
        paths += [f"{name}.{inner}" for inner_object in _objects_of(value)[:1] for inner in inner_object]
    return paths
