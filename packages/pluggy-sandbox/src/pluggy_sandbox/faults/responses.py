"""The responses of faults: replacements, and altered responses of the API."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pluggy_sandbox.faults import odd_fields
from pluggy_sandbox.faults.registry import Fault

Json = dict[str, Any]
MIN_SLEEP = 0.005  # seconds; shorter sleeps are not exact
NOT_FOUND = {
    "items": ("item not found", "ITEM_NOT_FOUND"),
    "accounts": ("account not found", "ACCOUNT_NOT_FOUND"),
    "transactions": ("Transaction not found", "TRANSACTION_NOT_FOUND"),
    "bills": ("credit card bill not found", "CREDIT_CARD_BILL_NOT_FOUND"),
    "webhooks": ("webhook not found", "WEBHOOK_NOT_FOUND"),
}


@dataclass(frozen=True)
class Response:
    """A complete HTTP response."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes

    def with_body(self, body: bytes) -> "Response":
        """Return the same response with another body and its length."""
        headers = [(name, value) for name, value in self.headers if name.lower() != "content-length"]
        return Response(self.status, [*headers, ("Content-Length", str(len(body)))], body)


def replacement_response(fault: Fault, path: str) -> Response:
    """Return the response of a fault that does not let the request reach the API."""
    if fault.kind == "limited":
        wait = str(max(1, round(fault.seconds)))
        extra = [("RateLimit-Limit", "360"), ("RateLimit-Remaining", "0"), ("RateLimit-Reset", wait)]
        return _json(429, _rate_limit_body(), [*extra, ("Retry-After", wait)])
    if fault.kind == "html":
        body = b"<html><body><h1>Not the requested page</h1><p>local Pluggy, not Pluggy</p></body></html>"
        return _response(fault.status or 200, "text/html", body)
    if fault.kind == "empty":
        return _response(fault.status or 200, "application/json", b"")
    if fault.kind == "expired-key":
        return _json(403, {"code": 403, "message": "Missing or invalid authorization token"})
    if fault.kind == "wrong-application":
        return _json(404, _not_found_body(path))
    if fault.kind in ("product-refused", "open-finance-limit") and fault.body is None:
        return _refusal(fault, path)
    status = fault.status or 500
    if isinstance(fault.body, str):
        return _response(status, "application/json", fault.body.encode())
    return _json(status, fault.body or _error_body(status))


def altered_response(fault: Fault, response: Response, query: str) -> Response:
    """Return the response of the API after the fault has altered it."""
    if fault.kind == "truncate":
        return response.with_body(response.body[: len(response.body) // 2])
    if fault.kind == "odd-field":
        return _with_odd_field(fault, response)
    body = _list_body(response)
    if body is None:
        return response
    if fault.kind == "loop":
        body["next"] = f"?{query}"
    elif fault.kind == "missing-account" and body["results"]:
        body["results"].pop()
        body["total"] = len(body["results"])
    elif fault.kind == "no-consent":
        body |= {"results": []} | ({"next": None} if "next" in body else {"total": 0, "totalPages": 0})
    return response.with_body(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def _refusal(fault: Fault, path: str) -> Response:
    """Return the refusal of one product: not enabled, or its monthly limit of Open Finance is used up."""
    noun = path.strip("/").split("?")[0].split("/")[0].upper()
    if fault.kind == "product-refused":
        status, code, message = 403, "PRODUCT_NOT_ENABLED", "not enabled"
    else:
        status, code = 400, f"{noun}_OPEN_FINANCE_RATE_LIMIT"
        message = "The monthly limit of Open Finance requests is used up"
    status = fault.status or status
    return _json(status, {"code": status, "codeDescription": code, "message": message})


def transaction_ids(response: Response) -> list[str]:
    """Return the ids of the transactions in a response: of a list, or of one transaction."""
    _, objects = _objects(response)
    return [str(element["id"]) for element in objects if "id" in element and "accountId" in element]


def _objects(response: Response) -> tuple[Json, list[Json]]:
    """Return the body of a response, and the objects that it lists or is; nothing if it is no JSON object."""
    try:
        body = json.loads(response.body) if response.status.startswith("200") else None
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return {}, []
    results = body.get("results")
    elements = results if isinstance(results, list) else [body]
    return body, [element for element in elements if isinstance(element, dict)]


def _with_odd_field(fault: Fault, response: Response) -> Response:
    """Return the response with an odd value in one field of each of its objects."""
    body, objects = _objects(response)
    if not objects:
        return response
    if fault.field is not None:
        for element in objects:
            odd_fields.replace(element, fault.field, fault.value)
    else:
        name, value = odd_fields.choose(objects[0], fault.hits)
        for element in objects:
            odd_fields.replace(element, name, value)
    return response.with_body(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def slow_chunks(body: bytes, seconds: float) -> Iterable[tuple[bytes, float]]:
    """Yield the body in small pieces, each with the seconds to wait before it."""
    size = max(1, round(len(body) * MIN_SLEEP / seconds)) if seconds else len(body) or 1
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    for chunk in chunks:
        yield chunk, seconds / len(chunks)


def _list_body(response: Response) -> Json | None:
    try:
        body = json.loads(response.body) if response.status.startswith("200") else None
    except ValueError:
        return None
    return body if isinstance(body, dict) and "results" in body else None


def _response(
    status: int, kind: str, body: bytes, extra_headers: Iterable[tuple[str, str]] = ()
) -> Response:  # fmt: skip
    phrases = {known.value: known.phrase for known in HTTPStatus}
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), *extra_headers]
    return Response(f"{status} {phrases.get(status, 'Fault')}", headers, body)


def _json(status: int, body: Json, extra_headers: Iterable[tuple[str, str]] = ()) -> Response:
    return _response(status, "application/json", json.dumps(body).encode(), extra_headers)


def _error_body(status: int) -> Json:
    if status == 500:
        return {"code": 500, "codeDescription": "INTERNAL_SERVER_ERROR", "message": "Internal Server Error"}
    return {"code": status, "message": "Fault switched on in the control panel"}


def _not_found_body(path: str) -> Json:
    noun = path.removeprefix("/v2").split("/")[1].split("?")[0]
    message, code = NOT_FOUND.get(noun, ("not found", None))
    return {"code": 404, "message": message} | ({"codeDescription": code} if code else {})


def _rate_limit_body() -> Json:
    message = "Too many requests. Please try again later (see Retry-After header in seconds)"
    return {"code": 429, "message": message}
