"""Send one delivery within Pluggy's time limit and record the result."""

import hashlib
import hmac
import json
import sqlite3
import ssl
import time
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from pluggy_sandbox.clock import Clock, iso
from pluggy_sandbox.settings import Settings

Json = dict[str, Any]
TIMEOUT_SECONDS = 10.0
KEPT_CHARACTERS = 2000  # characters of a response body that are stored


class TrustingAdapter(HTTPAdapter):
    """Trusts the certificates of a file besides those that are always trusted."""

    def __init__(self, certificates: Path) -> None:
        self._context = trusting_context(certificates)
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Use the TLS context for every connection."""
        super().init_poolmanager(*args, **options, ssl_context=self._context)


def trusting_context(certificates: Path) -> ssl.SSLContext:
    """Return a TLS context that also trusts a PEM file; raise OSError if the file cannot be read as one."""
    context = ssl.create_default_context()
    context.load_verify_locations(certificates)
    return context


class Sender:
    """Keeps connections open between deliveries; ignores cookies, proxies and netrc."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self.clock, self.settings = clock, settings
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if settings.webhook_ca:
            self._http.mount("https://", TrustingAdapter(settings.webhook_ca))

    def send(self, delivery: sqlite3.Row) -> Json:
        """Make one attempt and return the answer of the receiver, or why there was none."""
        at, started = iso(self.clock.now()), time.monotonic()
        status, error, response = None, None, ""
        body = delivery["payload"].encode()
        try:
            with self._http.post(
                delivery["url"], data=body, headers=self._headers(body, delivery["headers"]),
                timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True,
            ) as answer:  # fmt: skip
                content = answer.raw.read(4 * KEPT_CHARACTERS, decode_content=True)
                response = content.decode(errors="replace")[:KEPT_CHARACTERS]
                status = answer.status_code
        except Exception as failure:  # a response can be broken in any way; the attempt has failed
            error = type(failure).__name__
        elapsed = time.monotonic() - started
        if elapsed > TIMEOUT_SECONDS:  # a slow response: `timeout` limits only the time between two chunks
            status, error = None, error or "TooSlow"
        return {
            "at": at,
            "status": status,
            "error": error,
            "milliseconds": round(elapsed * 1000),
            "response": response,
        }

    def _headers(self, body: bytes, webhook_headers: str) -> dict[str, str]:
        headers: dict[str, str] = {"Content-Type": "application/json"} | json.loads(webhook_headers)
        if self.settings.signing_secret:
            headers[self.settings.signature_header] = signature(self.settings.signing_secret, body)
        return headers


def signature(secret: str, body: bytes) -> str:
    """Return the hex HMAC-SHA256 of the body. Pluggy does not document its own signature."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
