"""The conversation with Pluggy: one key, at a pace that Pluggy allows, with typed answers.

    from banking.pluggy import Client
    pluggy = Client(base_url="https://api.pluggy.ai", client_id=…, client_secret=…)
    item = pluggy.item(item_id)
    for account in pluggy.accounts(item.id):
        for page in pluggy.transactions(account.id):
            …

Every method raises one of banking.pluggy.errors; nothing else means "Pluggy said so".
"""

import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs
from uuid import UUID

import msgspec

from banking.pluggy import lists, payloads
from banking.pluggy.errors import Gone, Limited, PluggyError, Refused, Unauthorized, Unavailable
from banking.pluggy.forks import renew_after_fork
from banking.pluggy.limits import Limits, LocalLimits, endpoint, wait_for_turn
from banking.pluggy.lists import Listing, Unreadable
from banking.pluggy.transport import Answer, Transport

T = TypeVar("T")

ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")  # not behind an escaped backslash
KEY_SECONDS = 100 * 60  # Pluggy's keys live two hours
IDS_PER_CALL = 400
PAGE_SIZE = 500
MOST_PAGES = 10_000


class Rows(NamedTuple):
    """One page of transactions, and the cursor behind it: empty at the end."""

    rows: list[payloads.Transaction]
    after: str
    unreadable: Sequence[Unreadable] = ()


class Client:
    """Pluggy's API for one application. Threads may share it; the key never leaves its memory."""

    def __init__(
        self,
        *,
        base_url: str,
        client_id: str,
        client_secret: str,
        limits: Limits | None = None,
        version: str = "0",
    ) -> None:
        """Without `limits` it keeps Pluggy's as if it were the only process that asks."""
        self._credentials = {"clientId": client_id, "clientSecret": client_secret}
        self._transport = Transport(base_url, user_agent=f"lume-pfm/{version}")
        self._limits = limits or LocalLimits()
        self._key = ""
        self._key_until = 0.0
        self._renew_lock()
        renew_after_fork(self._renew_lock)

    def _renew_lock(self) -> None:
        self._key_lock = threading.Lock()
        self._renewals = 0  # that have ended
        self._renewal_failed: PluggyError | None = None

    # --- Connecting -------------------------------------------------------------------------------
    def connect_token(self, *, client_user_id: str, item_id: UUID | None = None) -> str:
        """A token for one opening of the widget (30 minutes)."""
        options = {"clientUserId": client_user_id, "avoidDuplicates": True}
        body: dict[str, Any] = {"options": options}
        if item_id is not None:
            body["itemId"] = str(item_id)
        return self._call(
            "POST", "/connect_token", payloads.ConnectToken, json=body, urgent=True
        ).access_token

    def connector(self, connector_id: int) -> payloads.Connector:
        return self._call("GET", f"/connectors/{int(connector_id)}", payloads.Connector)

    def categories(self) -> list[payloads.Category]:
        return self._call("GET", "/categories", payloads.Page[payloads.Category]).results

    # --- Items ------------------------------------------------------------------------------------
    def item(self, item_id: UUID, *, urgent: bool = False) -> payloads.Item:
        """`urgent`: a person waits for it before a page."""
        return self._call("GET", f"/items/{item_id}", payloads.Item, urgent=urgent)

    def update_item(self, item_id: UUID) -> payloads.Item:
        """Ask Pluggy to collect again. Only ever because a person asked."""
        return self._call("PATCH", f"/items/{item_id}", payloads.Item, json={}, urgent=True)

    def delete_item(self, item_id: UUID) -> None:
        """End the connection at Pluggy, for good. Gone when it had ended already."""
        self._request("DELETE", f"/items/{item_id}", urgent=True)

    # --- Data -------------------------------------------------------------------------------------
    def accounts(self, item_id: UUID) -> Listing[payloads.Account]:
        body = self._request("GET", "/accounts", params={"itemId": str(item_id)})
        page, unreadable = lists.page(_without_nul(body), payloads.Account)
        return Listing(page.results, unreadable)

    def transactions(
        self,
        account_id: UUID,
        *,
        created_from: datetime | None = None,
        date_from: date | None = None,
        after: str = "",
    ) -> Iterator[Rows]:
        """Pages of up to 500 rows, newest first. The two filters exclude each other; `after` goes on."""
        params = {"accountId": str(account_id)} | ({"after": after} if after else {})
        if created_from is not None:
            params["createdAtFrom"] = created_from.isoformat().replace("+00:00", "Z")
        if date_from is not None:
            params["dateFrom"] = date_from.isoformat()
        return self._follow(params)

    def transactions_by_id(self, account_id: UUID, transaction_ids: list[UUID]) -> Iterator[Rows]:
        """Those of the rows that exist; what is missing in the answer does not."""
        for start in range(0, len(transaction_ids), IDS_PER_CALL):
            wanted = transaction_ids[start : start + IDS_PER_CALL]
            yield from self._follow(
                {"accountId": str(account_id), "ids": ",".join(str(one) for one in wanted)}
            )

    def recategorise(self, transaction_id: UUID, category_id: str) -> None:
        """Say which category the row is of; Pluggy then sends it as its own. Gone when the row is."""
        self._request("PATCH", f"/transactions/{transaction_id}", json={"categoryId": category_id})

    # --- Products besides accounts and their rows ----------------------------------------------------
    def bills(self, account_id: UUID) -> Listing[payloads.Bill]:
        """Closed statements of a card; the open one is not listed."""
        return self._pages("/bills", payloads.Bill, accountId=str(account_id))

    def investments(self, item_id: UUID) -> Listing[payloads.Investment]:
        return self._pages("/investments", payloads.Investment, itemId=str(item_id))

    def investment_transactions(self, investment_id: UUID) -> Listing[payloads.InvestmentTransaction]:
        return self._pages(f"/investments/{investment_id}/transactions", payloads.InvestmentTransaction)

    def loans(self, item_id: UUID) -> Listing[payloads.Loan]:
        return self._pages("/loans", payloads.Loan, itemId=str(item_id))

    def identity(self, item_id: UUID) -> payloads.Identity:
        """Gone when the bank told nothing about its owner."""
        return self._call("GET", "/identity", payloads.Identity, params={"itemId": str(item_id)})

    # --- Webhooks ---------------------------------------------------------------------------------
    def webhooks(self) -> list[payloads.Webhook]:
        return self._call("GET", "/webhooks", payloads.Page[payloads.Webhook]).results

    def create_webhook(self, *, url: str, event: str, headers: dict[str, str]) -> payloads.Webhook:
        body = {"url": url, "event": event, "headers": headers}
        return self._call("POST", "/webhooks", payloads.Webhook, json=body)

    def update_webhook(self, webhook_id: UUID, **changes: Any) -> payloads.Webhook:
        return self._call("PATCH", f"/webhooks/{webhook_id}", payloads.Webhook, json=changes)

    # --- Below ------------------------------------------------------------------------------------
    def _pages(self, path: str, shape: type[T], **params: str) -> Listing[T]:
        """Everything of a numbered list."""
        found: Listing[T] = Listing()
        for number in range(1, MOST_PAGES):
            query = params | {"page": str(number), "pageSize": str(PAGE_SIZE)}
            page, unreadable = lists.page(_without_nul(self._request("GET", path, params=query)), shape)
            found += page.results
            found.unreadable += unreadable
            if not (page.results or unreadable) or number >= (page.total_pages or 1):
                return found
        raise Unavailable(f"{path} has more than {MOST_PAGES} pages")

    def _follow(self, params: dict[str, str]) -> Iterator[Rows]:
        """Page by page. Of `next` only the cursor is taken: its host and path are never followed."""
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            body = _without_nul(self._request("GET", "/v2/transactions", params=params))
            page, unreadable = lists.cursor(body, payloads.Transaction)
            after = parse_qs((page.next or "").partition("?")[2]).get("after", [""])[0]
            yield Rows(page.results, after, unreadable)
            if not page.next:
                return
            if not after or after in seen:
                raise Unavailable(f"the cursor of /v2/transactions leads nowhere: {page.next[:200]!r}")
            seen.add(after)
            params = params | {"after": after}
        raise Unavailable(f"/v2/transactions has more than {MOST_PAGES} pages")

    def _call(self, method: str, path: str, shape: type[T], **options: Any) -> T:
        body = self._request(method, path, **options)
        try:
            return msgspec.json.decode(_without_nul(body), type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unavailable(f"{method} {path}: unreadable answer: {error}") from error

    def _request(self, method: str, path: str, **options: Any) -> bytes:
        """Send with our key; when it is refused, renew it once and send again."""
        key = self._current_key()
        answer = self._send(method, path, key, **options)
        if _key_refused(answer):
            answer = self._send(method, path, self._renewed_key(key), **options)
            if _key_refused(answer):
                raise Unauthorized(f"{method} {path}: {answer.status} with a fresh key")
        return _judge(f"{method} {path}", answer)

    def _send(self, method: str, path: str, key: str, *, urgent: bool = False, **options: Any) -> Answer:
        """In its turn; a 429 is told to all who share the limit."""
        name = endpoint(method, path)
        wait_for_turn(self._limits, name, urgent=urgent)
        answer = self._transport.send(method, path, key, **options)
        if answer.status == 429:
            self._limits.pause(name, _seconds_to_wait(answer.headers))
        return answer

    def _current_key(self) -> str:
        if time.monotonic() < self._key_until:
            return self._key
        return self._renewed_key(self._key)

    def _renewed_key(self, refused: str) -> str:
        """One thread renews; whoever waits meanwhile gets what came of it, be it a key or a failure."""
        renewals = self._renewals
        with self._key_lock:
            if self._key != refused and time.monotonic() < self._key_until:
                return self._key
            if self._renewals != renewals and self._renewal_failed is not None:
                raise self._renewal_failed
            try:
                self._key, self._renewal_failed = self._new_key(), None
            except PluggyError as error:
                self._renewal_failed = error
                raise
            finally:
                self._renewals += 1
            self._key_until = time.monotonic() + KEY_SECONDS
            return self._key

    def _new_key(self) -> str:
        answer = self._send("POST", "/auth", "", json=self._credentials, urgent=True)
        if answer.status in (401, 403):
            raise Unauthorized(f"POST /auth: {answer.status}: the client id or secret is refused")
        body = _judge("POST /auth", answer)
        try:
            return msgspec.json.decode(body, type=payloads.ApiKey).api_key
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unavailable("POST /auth: unreadable answer") from error


def _key_refused(answer: Answer) -> bool:
    """401, or a 403 that names no reason, is about our key; a 403 with a code is about the request."""
    return answer.status == 401 or (answer.status == 403 and not _error(answer.body).code_description)


def _judge(what: str, answer: Answer) -> bytes:
    """Pluggy's own refusals carry its envelope; a proxy's or a wrong host's page proves nothing."""
    status, headers, body = answer
    if 200 <= status < 300:
        return body
    error = _error(body)
    if status == 404 and error.code == 404:
        raise Gone(what)
    if status == 429:
        raise Limited(f"{what}: 429", _seconds_to_wait(headers))
    if 400 <= status < 500 and status != 404 and body.lstrip()[:1] == b"{":
        raise Refused(status, error.code_description or "", str(error.message or ""))
    raise Unavailable(f"{what}: {status}")


def _without_nul(body: bytes) -> bytes:
    """PostgreSQL holds no NUL, and no bank means one."""
    return ESCAPED_NUL.sub(rb"\1", body) if rb"\u0000" in body else body


def _error(body: bytes) -> payloads.ErrorBody:
    try:
        return msgspec.json.decode(body, type=payloads.ErrorBody)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return payloads.ErrorBody()


def _seconds_to_wait(headers: Mapping[str, str]) -> float:
    """RateLimit-Reset says when the window ends; Retry-After is a round figure (60), for want of better."""
    for name in ("RateLimit-Reset", "Retry-After"):
        value = headers.get(name, "")
        if value.isdigit():
            return float(min(int(value), 3600))
    return 60.0
