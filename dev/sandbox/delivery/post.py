"""One carrier's hands: POSTs a payload within Pluggy's time limit and writes down how it went."""

import hashlib
import hmac
import json
import sqlite3
import time
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests

from dev.sandbox.clock import Clock, iso
from dev.sandbox.settings import Settings

Json = dict[str, Any]
ANSWER_WITHIN = 10.0
KEPT = 2000  # characters of an answer's body that are kept


class Post:
    """Keeps connections open between deliveries; takes no cookies, no proxy and no netrc from around it."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self.clock, self.settings = clock, settings
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def deliver(self, delivery: sqlite3.Row) -> Json:
        """One attempt: what the receiver answered, or why there was no answer."""
        at, started = iso(self.clock.now()), time.monotonic()
        status, error, response = None, None, ""
        body = delivery["payload"].encode()
        try:
            with self._http.post(
                delivery["url"], data=body, headers=self._headers(body, delivery["headers"]),
                timeout=ANSWER_WITHIN, allow_redirects=False, stream=True,
            ) as answer:  # fmt: skip
                response = answer.raw.read(4 * KEPT, decode_content=True).decode(errors="replace")[:KEPT]
                status = answer.status_code
        except Exception as problem:  # an answer may be broken in any way: that is an attempt that failed
            error = type(problem).__name__
        took = time.monotonic() - started
        if took > ANSWER_WITHIN:  # answered, but drop by drop
            status, error = None, error or "TooSlow"
        return {
            "at": at,
            "status": status,
            "error": error,
            "milliseconds": round(took * 1000),
            "response": response,
        }

    def _headers(self, body: bytes, own: str) -> dict[str, str]:
        headers: dict[str, str] = {"Content-Type": "application/json"} | json.loads(own)
        if self.settings.signing_secret:
            headers[self.settings.signature_header] = signature(self.settings.signing_secret, body)
        return headers


def signature(secret: str, body: bytes) -> str:
    """Hex HMAC-SHA256 of the body. How Pluggy really signs could not be found out."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
