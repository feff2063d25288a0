"""Lists read part by part when they cannot be read whole: one broken part takes no other with it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

from banking.pluggy import payloads
from banking.pluggy.errors import Unavailable

T = TypeVar("T")

# What JSON does not know and some writers send all the same. Texts are matched first, so that what stands
# inside them is left alone; one that never ends is matched to its end, so that the time stays linear.
FOREIGN = re.compile(rb'"(?:[^"\\]++|\\.)*+\\?(?:"|\Z)|-?\bInfinity\b|\bNaN\b', re.DOTALL)
HALF_A_PAIR = re.compile(
    rb"(?<!\\)((?:\\\\)*+)(?:(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


@dataclass(frozen=True)
class Unreadable:
    """A part of a list that is not what it should be."""

    id: UUID | None
    reason: str
    body: bytes  # its JSON, as sent

    @classmethod
    def of(cls, part: Any, reason: str) -> "Unreadable":
        """A part that can be read, and whose values are impossible."""
        return cls(part.id, reason, msgspec.json.encode(part))


class Listing(list[T], Generic[T]):
    """What could be read of a list; beside it, what could not."""

    def __init__(self, parts: Iterable[T] = (), unreadable: Iterable[Unreadable] = ()) -> None:
        super().__init__(parts)
        self.unreadable = list(unreadable)


def page(body: bytes, part: type[T]) -> tuple[payloads.Page[T], list[Unreadable]]:
    """A page of a numbered list."""
    return _read(body, lambda each: payloads.Page[each], part)  # type: ignore[valid-type]


def cursor(body: bytes, part: type[T]) -> tuple[payloads.Cursor[T], list[Unreadable]]:
    """A page of a list with a cursor."""
    return _read(body, lambda each: payloads.Cursor[each], part)  # type: ignore[valid-type]


def _read(body: bytes, envelope: Callable[[Any], Any], part: type[T]) -> tuple[Any, list[Unreadable]]:
    """At full speed as long as all is well. Raises Unavailable when not even the envelope can be read."""
    try:
        return msgspec.json.decode(body, type=envelope(part)), []
    except msgspec.ValidationError:
        pass
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = mended(body)
    try:
        found = msgspec.json.decode(body, type=envelope(msgspec.Raw))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(f"unreadable answer: {error}") from error
    good, bad = _sorted(found.results, part)
    return msgspec.structs.replace(found, results=good), bad


def _sorted(parts: Iterable[msgspec.Raw], part: type[T]) -> tuple[list[T], list[Unreadable]]:
    good: list[T] = []
    bad: list[Unreadable] = []
    for raw in parts:
        try:
            good.append(msgspec.json.decode(raw, type=part))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            bad.append(Unreadable(_id(bytes(raw)), _reason(error), bytes(raw)))
    return good, bad


def mended(body: bytes) -> bytes:
    """NaN and infinities become a text that is no number, half surrogates U+FFFD."""
    return FOREIGN.sub(_mended, body)


def _mended(found: re.Match[bytes]) -> bytes:
    token = found[0]
    if not token.startswith(b'"'):
        return b'"not a number"'
    if b"\\ud" not in token and b"\\uD" not in token:
        return token
    return HALF_A_PAIR.sub(lambda half: half[1] + (half[2] or rb"\ufffd"), token)


class _Named(payloads.Payload, frozen=True):
    id: UUID | None = None


def _id(raw: bytes) -> UUID | None:
    try:
        return msgspec.json.decode(raw, type=_Named).id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _reason(error: Exception) -> str:
    """`amount: invalid decimal string`, from msgspec's `Invalid decimal string - at `$.amount``."""
    what, _, where = str(error).replace("`", "").partition(" - at ")
    what = what[:1].lower() + what[1:]
    return f"{where.removeprefix('$.')}: {what}"[:200] if where not in ("", "$") else what[:200]
