"""Read what Pluggy answered: a success, a refusal, and when to ask again."""

import re
from collections.abc import Mapping

import msgspec

from banking.pluggy import payloads
from banking.pluggy.errors import Gone, Limited, Refused, Unavailable
from banking.pluggy.transport import Answer

ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")  # not behind an escaped backslash


def key_refused(answer: Answer) -> bool:
    """Tell whether the key was refused: a 401, or a 403 without a code. A 403 with one is about the request."""
    return answer.status == 401 or (answer.status == 403 and not _error(answer.body).code_description)


def check_status(request: str, answer: Answer) -> bytes:
    """Return the body of a success, else raise.

    A refusal counts as Pluggy's only if it has Pluggy's JSON: the page of a proxy or wrong host proves nothing.
    """
    status, headers, body = answer
    if 200 <= status < 300:
        return body
    error = _error(body)
    if status == 404 and error.code == 404:
        raise Gone(request)
    if status == 429:
        raise Limited(f"{request}: 429", seconds_to_wait(headers))
    if 400 <= status < 500 and status != 404 and body.lstrip()[:1] == b"{":
        raise Refused(status, error.code_description or "", str(error.message or ""), error.data)
    raise Unavailable(f"{request}: {status}")


def without_nul(body: bytes) -> bytes:
    """Remove NUL characters, which PostgreSQL cannot store."""
    return ESCAPED_NUL.sub(rb"\1", body) if rb"\u0000" in body else body


def _error(body: bytes) -> payloads.ErrorBody:
    try:
        return msgspec.json.decode(body, type=payloads.ErrorBody)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return payloads.ErrorBody()


def seconds_to_wait(headers: Mapping[str, str]) -> float:
    """Read when to ask again: RateLimit-Reset is exact, Retry-After is always rounded to 60."""
    for name in ("RateLimit-Reset", "Retry-After"):
        value = headers.get(name, "")
        if value.isdigit():
            return float(min(int(value), 3600))
    return 60.0
