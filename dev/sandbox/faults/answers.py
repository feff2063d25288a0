"""What a faulty door answers instead of the API, and what it makes of the API's own answer."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from dev.sandbox.faults.rules import Fault

Json = dict[str, Any]
SHORTEST_WAIT = 0.005  # seconds: shorter sleeps are not exact
NOT_HERE = {
    "items": ("item not found", "ITEM_NOT_FOUND"),
    "accounts": ("account not found", "ACCOUNT_NOT_FOUND"),
    "transactions": ("Transaction not found", "TRANSACTION_NOT_FOUND"),
    "bills": ("credit card bill not found", "CREDIT_CARD_BILL_NOT_FOUND"),
    "webhooks": ("webhook not found", "WEBHOOK_NOT_FOUND"),
}


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes

    def with_body(self, body: bytes) -> "Answer":
        """The same with another body and its length."""
        kept = [(name, value) for name, value in self.headers if name.lower() != "content-length"]
        return Answer(self.status, [*kept, ("Content-Length", str(len(body)))], body)


def instead(fault: Fault, path: str) -> Answer:
    """The answer of a fault that lets no request through to the API."""
    if fault.kind == "limited":
        wait = str(max(1, round(fault.seconds)))
        extra = [("RateLimit-Limit", "360"), ("RateLimit-Remaining", "0"), ("RateLimit-Reset", wait)]
        return _json(429, _too_many(), [*extra, ("Retry-After", wait)])
    if fault.kind == "html":
        body = b"<html><body><h1>Not what you asked for</h1><p>local Pluggy, not Pluggy</p></body></html>"
        return _answer(fault.status or 200, "text/html", body)
    if fault.kind == "empty":
        return _answer(fault.status or 200, "application/json", b"")
    if fault.kind == "expired-key":
        return _json(403, {"code": 403, "message": "Missing or invalid authorization token"})
    if fault.kind == "wrong-application":
        return _json(404, _not_here(path))
    status = fault.status or 500
    if isinstance(fault.body, str):
        return _answer(status, "application/json", fault.body.encode())
    return _json(status, fault.body or _envelope(status))


def altered(fault: Fault, answer: Answer, query: str) -> Answer:
    """The API's own answer after a fault went through it."""
    if fault.kind == "truncate":
        return answer.with_body(answer.body[: len(answer.body) // 2])
    body = _page(answer)
    if body is None:
        return answer
    if fault.kind == "loop":
        body["next"] = f"?{query}"
    elif fault.kind == "missing-account" and body["results"]:
        body["results"].pop()
        body["total"] = len(body["results"])
    elif fault.kind == "no-consent":
        body |= {"results": []} | ({"next": None} if "next" in body else {"total": 0, "totalPages": 0})
    return answer.with_body(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def drops(body: bytes, seconds: float) -> Iterable[tuple[bytes, float]]:
    """A body in small pieces with the wait before each, byte by byte if the time allows it."""
    size = max(1, round(len(body) * SHORTEST_WAIT / seconds)) if seconds else len(body) or 1
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    for piece in pieces:
        yield piece, seconds / len(pieces)


def _page(answer: Answer) -> Json | None:
    try:
        body = json.loads(answer.body) if answer.status.startswith("200") else None
    except ValueError:
        return None
    return body if isinstance(body, dict) and "results" in body else None


def _answer(
    status: int, kind: str, body: bytes, more: Iterable[tuple[str, str]] = ()
) -> Answer:  # fmt: skip
    words = {known.value: known.phrase for known in HTTPStatus}
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), *more]
    return Answer(f"{status} {words.get(status, 'Fault')}", headers, body)


def _json(status: int, body: Json, more: Iterable[tuple[str, str]] = ()) -> Answer:
    return _answer(status, "application/json", json.dumps(body).encode(), more)


def _envelope(status: int) -> Json:
    if status == 500:
        return {"code": 500, "codeDescription": "INTERNAL_SERVER_ERROR", "message": "Internal Server Error"}
    return {"code": status, "message": "Fault switched on in the control room"}


def _not_here(path: str) -> Json:
    noun = path.removeprefix("/v2").split("/")[1].split("?")[0]
    message, code = NOT_HERE.get(noun, ("not found", None))
    return {"code": 404, "message": message} | ({"codeDescription": code} if code else {})


def _too_many() -> Json:
    message = "Too many requests. Please try again later (see Retry-After header in seconds)"
    return {"code": 429, "message": message}
