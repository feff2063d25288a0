"""Decode lists; if a list cannot be decoded at once, element by element, so that one broken one is no harm."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

from banking.pluggy import lenient, payloads
from banking.pluggy.errors import Unavailable

T = TypeVar("T")

# NaN and Infinity, which some banks send although JSON has neither. Strings are matched first, so that their
# content is left alone; an unterminated one is matched to the end of the body, so that the time stays linear.
INVALID_NUMBER = re.compile(rb'"(?:[^"\\]++|\\.)*+\\?(?:"|\Z)|-?\bInfinity\b|\bNaN\b', re.DOTALL)
LONE_SURROGATE = re.compile(
    rb"(?<!\\)((?:\\\\)*+)(?:(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


@dataclass(frozen=True)
class Unreadable:
    """An element of a list that cannot be used."""

    id: UUID | None
    reason: str
    body: bytes  # its JSON, as sent

    @classmethod
    def of(cls, element: Any, reason: str) -> "Unreadable":
        """Return one for an element that was decoded but has impossible values."""
        return cls(element.id, reason, msgspec.json.encode(element))


class Listing(list[T], Generic[T]):
    """The elements that could be decoded; `unreadable` has the others."""

    def __init__(self, elements: Iterable[T] = (), unreadable: Iterable[Unreadable] = ()) -> None:
        super().__init__(elements)
        self.unreadable = list(unreadable)


def decode_page(body: bytes, element: type[T]) -> tuple[payloads.Page[T], list[Unreadable]]:
    """Decode a page of a numbered list. Raises Unavailable."""
    return _decode(body, lambda each: payloads.Page[each], element)  # type: ignore[valid-type]


def decode_cursor(body: bytes, element: type[T]) -> tuple[payloads.CursorPage[T], list[Unreadable]]:
    """Decode a page of a list with cursors. Raises Unavailable."""
    return _decode(body, lambda each: payloads.CursorPage[each], element)  # type: ignore[valid-type]


def _decode(body: bytes, envelope: Callable[[Any], Any], element: type[T]) -> tuple[Any, list[Unreadable]]:
    """Decode the whole body at once, and only if that fails, each element by itself."""
    try:
        return msgspec.json.decode(body, type=envelope(element)), []
    except msgspec.ValidationError:
        pass
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = repair(body)
    try:
        raw = msgspec.json.decode(body, type=envelope(msgspec.Raw))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(f"unreadable response: {error}") from error
    elements, unreadable = _decode_each(raw.results, element)
    return msgspec.structs.replace(raw, results=elements), unreadable


def _decode_each(raw_elements: Iterable[msgspec.Raw], element: type[T]) -> tuple[list[T], list[Unreadable]]:
    elements: list[T] = []
    unreadable: list[Unreadable] = []
    for raw in raw_elements:
        try:
            elements.append(lenient.decode(bytes(raw), element))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            unreadable.append(Unreadable(_id(bytes(raw)), _reason(error), bytes(raw)))
    return elements, unreadable


def repair(body: bytes) -> bytes:
    """Replace NaN and infinities with a string that is not a number, and lone surrogates with U+FFFD."""
    return INVALID_NUMBER.sub(_repair_token, body)


def _repair_token(found: re.Match[bytes]) -> bytes:
    token = found[0]
    if not token.startswith(b'"'):
        return b'"not a number"'
    if b"\\ud" not in token and b"\\uD" not in token:
        return token
    return LONE_SURROGATE.sub(lambda half: half[1] + (half[2] or rb"\ufffd"), token)


class _WithId(payloads.Payload, frozen=True):
    id: UUID | None = None


def _id(raw: bytes) -> UUID | None:
    try:
        return msgspec.json.decode(raw, type=_WithId).id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _reason(error: Exception) -> str:
    """Rewrite msgspec's message: `Invalid decimal - at `$.amount`` becomes `amount: invalid decimal`."""
    what, _, where = str(error).replace("`", "").partition(" - at ")
    what = what[:1].lower() + what[1:]
    return f"{where.removeprefix('$.')}: {what}"[:200] if where not in ("", "$") else what[:200]
