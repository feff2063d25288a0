"""How a transaction's JSON lies on disk: without its ids, deflated with typical rows as the dictionary."""

import datetime as dt
import json
import zlib
from pathlib import Path
from typing import Any

from dev.sandbox.clock import iso, parse

Json = dict[str, Any]
TYPICAL = Path(__file__).with_name("typical.txt").read_bytes()
EPOCH, MILLISECOND = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(milliseconds=1)
RAW = -zlib.MAX_WBITS  # neither header nor checksum: a row is a sixth of its JSON
_PRIMED = zlib.compressobj(6, zlib.DEFLATED, RAW, zdict=TYPICAL)


def dumps(data: Json) -> str:
    """JSON as it leaves: compact, readable accents."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def pack(data: Json) -> bytes:
    """The row as it is stored."""
    rest = {name: value for name, value in data.items() if name not in ("id", "accountId")}
    deflate = _PRIMED.copy()
    return deflate.compress(dumps(rest).encode()) + deflate.flush()


def unpack(packed: bytes, row_id: bytes, account_id: str) -> bytes:
    """The row's JSON again, as bytes: a page is joined of them and never parsed."""
    rest = zlib.decompressobj(RAW, TYPICAL).decompress(packed)
    return b'{"id":"%s","accountId":"%s",%s' % (dashed(row_id).encode(), account_id.encode(), rest[1:])


def short(uuid: str) -> bytes:
    """The 16 bytes of a uuid; ValueError if it is none."""
    found = bytes.fromhex(uuid.replace("-", ""))
    if len(found) != 16:
        raise ValueError(f"{uuid} is no uuid")
    return found


def dashed(row_id: bytes) -> str:
    """The uuid of 16 bytes."""
    text = row_id.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def milliseconds(text: str) -> int:
    """The column of an ISO instant: since 1970."""
    return (parse(text) - EPOCH) // MILLISECOND


def instant(column: int) -> str:
    """The ISO instant of such a column."""
    return iso(EPOCH + column * MILLISECOND)
