"""Store a transaction's JSON compressed: without its ids, deflated with a dictionary of typical ones."""

import datetime as dt
import json
import zlib
from pathlib import Path
from typing import Any

from pluggy_sandbox.clock import iso, parse

Json = dict[str, Any]
COMPRESSION_DICTIONARY = Path(__file__).with_name("compression_dictionary.txt").read_bytes()
EPOCH, MILLISECOND = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(milliseconds=1)
RAW_DEFLATE = -zlib.MAX_WBITS  # without header and checksum; a transaction takes a sixth of its JSON
_COMPRESSOR = zlib.compressobj(6, zlib.DEFLATED, RAW_DEFLATE, zdict=COMPRESSION_DICTIONARY)


def dumps(data: Json) -> str:
    """Return compact JSON with readable accents."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def pack(data: Json) -> bytes:
    """Return the compressed transaction."""
    other_fields = {name: value for name, value in data.items() if name not in ("id", "accountId")}
    deflate = _COMPRESSOR.copy()
    return deflate.compress(dumps(other_fields).encode()) + deflate.flush()


def unpack(packed: bytes, id_bytes: bytes, account_id: str) -> bytes:
    """Return the JSON of a transaction as bytes; pages join these bytes and never parse them."""
    other_fields = zlib.decompressobj(RAW_DEFLATE, COMPRESSION_DICTIONARY).decompress(packed)
    transaction_id = uuid_text(id_bytes).encode()
    return b'{"id":"%s","accountId":"%s",%s' % (transaction_id, account_id.encode(), other_fields[1:])


def uuid_bytes(uuid: str) -> bytes:
    """Return the 16 bytes of a UUID; raise ValueError if it is none."""
    raw = bytes.fromhex(uuid.replace("-", ""))
    if len(raw) != 16:
        raise ValueError(f"{uuid} is no uuid")
    return raw


def uuid_text(id_bytes: bytes) -> str:
    """Return the UUID of 16 bytes."""
    text = id_bytes.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def milliseconds(text: str) -> int:
    """Convert an ISO instant to milliseconds since 1970."""
    return (parse(text) - EPOCH) // MILLISECOND


def instant(column: int) -> str:
    """Convert milliseconds since 1970 to an ISO instant."""
    return iso(EPOCH + column * MILLISECOND)
