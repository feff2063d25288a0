"""API keys and connect tokens: making them, reading them, and how far each reaches."""

import hmac
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import jwt
from flask import current_app, g, request

from dev.sandbox.api.errors import unauthenticated
from dev.sandbox.pluggy import here
from dev.sandbox.store.items import Item

Json = dict[str, Any]
API_KEY_LIVES, CONNECT_TOKEN_LIVES = 2 * 3600, 30 * 60
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Caller:
    """Who asks: the application's server, or a widget with a connect token."""

    kind: str  # "api" or "connect"
    token_id: str
    client_user_id: str | None = None
    item_id: str | None = None
    options: Json = field(default_factory=dict)

    @property
    def triggered_by(self) -> str:
        """How events name this caller."""
        return "USER" if self.kind == "connect" else "CLIENT"

    def may_see(self, item: Item) -> bool:
        """A widget sees what was made with its token, and the item it was made for."""
        return self.kind == "api" or item.token_id == self.token_id or item.id == self.item_id


def make(kind: str, lives: int, **more: Any) -> str:
    """A signed token; it expires by real time, whatever the pretended clock says."""
    now = int(time.time())
    payload = {"kind": kind, "jti": str(uuid.uuid4()), "iat": now, "exp": now + lives}
    payload |= {"clientId": here().settings.client_id} | more
    return jwt.encode(payload, here().signing_key, algorithm="HS256")


def widget_may(view: View) -> View:
    """Mark a view that a connect token reaches."""
    view.widget_may = True  # type: ignore[attr-defined]
    return view


def anyone_may(view: View) -> View:
    """Mark a view that needs no key."""
    view.anyone_may = True  # type: ignore[attr-defined]
    return view


def guard() -> None:
    """Before every API request: find out who asks, and refuse what is beyond reach."""
    view = current_app.view_functions[request.endpoint or ""]
    if getattr(view, "anyone_may", False):
        return
    g.caller = read(request.headers.get("X-API-KEY", ""))
    if g.caller.kind == "connect" and not getattr(view, "widget_may", False):
        raise unauthenticated()


def read(token: str) -> Caller:
    """The caller of a token, or 403."""
    found = claims(token)
    if found["kind"] not in ("api", "connect"):
        raise unauthenticated()
    options = found.get("options", {})
    return Caller(found["kind"], found["jti"], found.get("clientUserId"), found.get("itemId"), options)


def claims(token: str) -> Json:
    """What a token that is ours and has not expired says, or 403."""
    try:
        found: Json = jwt.decode(token, here().signing_key, algorithms=["HS256"])
    except jwt.PyJWTError as problem:
        raise unauthenticated() from problem
    if found["clientId"] != here().settings.client_id:
        raise unauthenticated()
    return found


def is_same(given: str, secret: str) -> bool:
    """Whether a secret was given, without telling by the time it takes how much of it was right."""
    return hmac.compare_digest(given.encode(errors="replace"), secret.encode())


def caller() -> Caller:
    """Who asks."""
    found: Caller = g.caller
    return found
