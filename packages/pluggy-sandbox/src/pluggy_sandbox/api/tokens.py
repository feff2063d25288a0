"""Create and check API keys and connect tokens."""

import hmac
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import jwt
from flask import current_app, g, request

from pluggy_sandbox.api.errors import unauthenticated
from pluggy_sandbox.sandbox import current_sandbox
from pluggy_sandbox.store.items import Item

Json = dict[str, Any]
API_KEY_SECONDS, CONNECT_TOKEN_SECONDS = 2 * 3600, 30 * 60
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Caller:
    """The caller of a request: the application's server, or a widget with a connect token."""

    kind: str  # "api" or "connect"
    token_id: str
    client_user_id: str | None = None
    item_id: str | None = None
    options: Json = field(default_factory=dict)

    @property
    def triggered_by(self) -> str:
        """Return the name of this caller in events."""
        return "USER" if self.kind == "connect" else "CLIENT"

    def can_access(self, item: Item) -> bool:
        """Return whether the caller may read the item.

        A widget may read items made with its token and the item that its token names.
        """
        return self.kind == "api" or item.token_id == self.token_id or item.id == self.item_id


def sign(kind: str, seconds: int, **extra_claims: Any) -> str:
    """Create a signed token. It expires by real time, whatever the simulated clock says."""
    now = int(time.time())
    payload = {"kind": kind, "jti": str(uuid.uuid4()), "iat": now, "exp": now + seconds}
    payload |= {"clientId": current_sandbox().settings.client_id} | extra_claims
    return jwt.encode(payload, current_sandbox().signing_key, algorithm="HS256")


def allow_connect_token(view: View) -> View:
    """Allow connect tokens to call a view."""
    view.allow_connect_token = True  # type: ignore[attr-defined]
    return view


def public(view: View) -> View:
    """Allow calls of a view without a key."""
    view.public = True  # type: ignore[attr-defined]
    return view


def authenticate() -> None:
    """Identify the caller before every API request, or raise 403."""
    view = current_app.view_functions[request.endpoint or ""]
    if getattr(view, "public", False):
        return
    g.caller = caller_of_token(request.headers.get("X-API-KEY", ""))
    if g.caller.kind == "connect" and not getattr(view, "allow_connect_token", False):
        raise unauthenticated()


def caller_of_token(token: str) -> Caller:
    """Return the caller that a token identifies, or raise 403."""
    claims = verified_claims(token)
    if claims["kind"] not in ("api", "connect"):
        raise unauthenticated()
    options = claims.get("options", {})
    return Caller(claims["kind"], claims["jti"], claims.get("clientUserId"), claims.get("itemId"), options)


def verified_claims(token: str) -> Json:
    """Return the claims of a token if its signature and expiry are valid, or raise 403."""
    try:
        payload: Json = jwt.decode(token, current_sandbox().signing_key, algorithms=["HS256"])
    except jwt.PyJWTError as error:
        raise unauthenticated() from error
    if payload["clientId"] != current_sandbox().settings.client_id:
        raise unauthenticated()
    return payload


def is_equal_secret(given: str, secret: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(given.encode(errors="replace"), secret.encode())


def caller() -> Caller:
    """Return the caller of this request."""
    current: Caller = g.caller
    return current
