"""Decode JSON into payloads, so that an odd detail costs nothing but itself.

Payloads are decoded strictly first, which is fast. Only if that fails, they are decoded field by field: an optional
field that has another type than expected gets its default. Example: a bill with `"financeCharges": [{"type": null,
"amount": 1.5}, 7]` keeps its total, its due date and one charge of 1.50 without a type.
"""

import types
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

import msgspec

T = TypeVar("T")
NUMBERS = (int, float, Decimal)


def decode(body: bytes, shape: type[T]) -> T:
    """Decode one object. Raises msgspec.DecodeError if it is no JSON, or lacks what is required."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError:
        return cast(T, _decode_fields(body, shape))


def _decode_fields(body: bytes, shape: Any) -> Any:
    sent = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    values = {}
    for field in msgspec.structs.fields(shape):
        if field.encode_name not in sent:
            if field.required:
                raise msgspec.ValidationError(f"Object missing required field `{field.encode_name}`")
            continue
        try:
            values[field.name] = _decode_value(bytes(sent[field.encode_name]), field.type)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if field.required:
                what = str(error).partition(" - at ")[0]
                raise msgspec.ValidationError(f"{what} - at `$.{field.encode_name}`") from error
    return shape(**values)


def _decode_value(raw: bytes, hint: Any) -> Any:
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if raw == b"null" and type(None) in options:
        return None
    expected = [option for option in options if option is not type(None)]
    if len(expected) != 1:
        return msgspec.json.decode(raw, type=hint)
    (shape,) = expected
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        return decode(raw, shape)
    if get_origin(shape) is list:
        return _decode_list(raw, get_args(shape)[0])
    if get_origin(shape) is dict:
        return _decode_dict(raw, get_args(shape)[1])
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError as error:
        return _convert(raw, shape, error)


def _decode_list(raw: bytes, element: Any) -> list[Any]:
    """Decode a list without the elements that cannot be decoded."""
    decoded = []
    for each in msgspec.json.decode(raw, type=list[msgspec.Raw]):
        try:
            is_payload = isinstance(element, type) and issubclass(element, msgspec.Struct)
            decoded.append(
                decode(bytes(each), element) if is_payload else msgspec.json.decode(each, type=element)
            )
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return decoded


def _decode_dict(raw: bytes, value: Any) -> dict[str, Any]:
    """Decode a dict without the values that cannot be decoded."""
    decoded = {}
    for key, each in msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).items():
        try:
            decoded[key] = _decode_value(bytes(each), value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return decoded


def _convert(raw: bytes, shape: Any, error: msgspec.ValidationError) -> Any:
    """Convert a value that is what we want in another form: `12` for a text, `"12"` for a number.

    Raises `error` for anything else.
    """
    value = msgspec.json.decode(raw)
    base = get_args(shape)[0] if get_origin(shape) is Annotated else shape
    if shape is str and isinstance(value, NUMBERS) and not isinstance(value, bool):
        return raw.decode().strip()
    if base in (int, bool) and isinstance(value, str):
        return msgspec.convert(value, shape, strict=False)
    if base is datetime and isinstance(value, str):
        return _instant(value)
    raise error


def _instant(text: str) -> datetime:
    """Parse a day, or an instant without a time zone: both are taken as UTC, as Pluggy sends them."""
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise msgspec.ValidationError("Invalid RFC3339 encoded datetime") from error
