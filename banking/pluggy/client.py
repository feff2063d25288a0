"""The client of Pluggy's API: it manages the API key, keeps the rate limits and returns typed payloads.

    from banking.pluggy import Client
    pluggy = Client(base_url="https://api.pluggy.ai", client_id=…, client_secret=…)
    item = pluggy.item(item_id)
    for account in pluggy.accounts(item.id):
        for page in pluggy.transactions(account.id):
            …

Every method raises the errors of banking/pluggy/errors.py.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs
from uuid import UUID

import msgspec

from banking.pluggy import lenient, lists, payloads, product_payloads
from banking.pluggy.answers import check_status, key_refused, seconds_to_wait, without_nul
from banking.pluggy.errors import (
    PluggyError,
    Unauthorized,
    Unavailable,
)
from banking.pluggy.forks import renew_after_fork
from banking.pluggy.limits import (
    Limits,
    LocalLimits,
    endpoint,
    wait_for_turn,
)
from banking.pluggy.lists import Listing, Unreadable
from banking.pluggy.transport import Answer, Transport

T = TypeVar("T")

KEY_SECONDS = 100 * 60  # Pluggy's API keys are valid for two hours
IDS_PER_CALL = 400
PAGE_SIZE = 500
MAX_PAGES = 10_000
# A refusal of these may be of one product only. Whoever reads them asks for the item, to tell (ProductReader).
PRODUCT_PATHS = ("/bills", "/consents", "/identity", "/investments", "/loans")


class TransactionPage(NamedTuple):
    """A page of transactions, and the cursor of the next one: empty on the last page."""

    transactions: list[payloads.Transaction]
    next_cursor: str
    unreadable: Sequence[Unreadable] = ()


class ItemPage(NamedTuple):
    """A page of the application's items, and the cursor of the next one: empty on the last page."""

    items: list[payloads.Item]
    next_cursor: str
    unreadable: Sequence[Unreadable] = ()


class Client:
    """Pluggy's API for one application. Threads may share it. The API key is kept in memory only."""

    def __init__(
        self,
        *,
        base_url: str,
        client_id: str,
        client_secret: str,
        limits: Limits | None = None,
        version: str = "0",
        on_unauthorized: Callable[[str], None] | None = None,
    ) -> None:
        """Without `limits`, keep Pluggy's limits as if this were the only process.

        `on_unauthorized` is called with the reason when Pluggy refuses our credentials, before Unauthorized is
        raised.
        """
        self._credentials = {"clientId": client_id, "clientSecret": client_secret}
        self._transport = Transport(base_url, user_agent=f"lume-pfm/{version}")
        self._limits = limits or LocalLimits()
        self._on_unauthorized = on_unauthorized
        self._key = ""
        self._key_until = 0.0
        self._renew_lock()
        renew_after_fork(self._renew_lock)

    def _renew_lock(self) -> None:
        self._key_lock = threading.Lock()
        self._renewals = 0  # finished ones
        self._renewal_failed: PluggyError | None = None

    def check_credentials(self) -> None:
        """Get a new API key and use it once. Raises Unauthorized if Pluggy refuses our id, secret or key."""
        self._renewed_key(self._key)
        self.webhooks()

    # --- Connecting -------------------------------------------------------------------------------
    def connect_token(
        self,
        *,
        client_user_id: str,
        item_id: UUID | None = None,
        products: Sequence[str] = (),
        avoid_duplicates: bool = True,
        oauth_redirect_uri: str = "",
    ) -> str:
        """Return a token for one opening of the widget, valid for 30 minutes.

        The bank is asked for `products` alone. With `avoid_duplicates`, Pluggy refuses a second item with the same
        credentials, even if the first has failed. The bank's page leads to `oauth_redirect_uri` if the browser cannot
        close its window.
        """
        options: dict[str, Any] = {"clientUserId": client_user_id, "avoidDuplicates": avoid_duplicates}
        if products:
            options["products"] = list(products)
        if oauth_redirect_uri:
            options["oauthRedirectUri"] = oauth_redirect_uri
        body: dict[str, Any] = {"options": options}
        if item_id is not None:
            body["itemId"] = str(item_id)
        return self._call(
            "POST", "/connect_token", payloads.ConnectToken, json=body, urgent=True
        ).access_token

    def connector(self, connector_id: int) -> payloads.Connector:
        return self._call("GET", f"/connectors/{int(connector_id)}", payloads.Connector)

    def connectors(self, *, sandbox: bool) -> Listing[payloads.Connector]:
        """Return the banks that can be connected; Pluggy's test banks only with `sandbox`."""
        return self._list("/connectors", payloads.Connector, sandbox="true" if sandbox else "false")

    def categories(self) -> list[payloads.Category]:
        return self._call("GET", "/categories", payloads.Page[payloads.Category]).results

    # --- Items ------------------------------------------------------------------------------------
    def item(self, item_id: UUID, *, urgent: bool = False) -> payloads.Item:
        """Return an item. Set `urgent` if a user waits for the answer."""
        return self._call("GET", f"/items/{item_id}", payloads.Item, urgent=urgent)

    def items(self, *, client_user_id: str = "", after: str = "") -> Iterator[ItemPage]:
        """Yield pages of the application's items, newest first; with `client_user_id`, those of one user.

        Pluggy allows it by contract only. Raises Refused where it does not.
        """
        params = {
            name: value for name, value in (("clientUserId", client_user_id), ("after", after)) if value
        }
        pages = self._follow("/v2/items", payloads.Item, params, is_optional=True)
        return (ItemPage(*page) for page in pages)

    def resources(self, item_id: UUID) -> Listing[payloads.Resource]:
        """Return what the bank shares in Open Finance; empty for other connections."""
        return self._pages(f"/items/{item_id}/resources", payloads.Resource)

    def consents(self, item_id: UUID) -> Listing[payloads.Consent]:
        """Return what the user allowed in Open Finance, also what was revoked; empty for other connections."""
        return self._list("/consents", payloads.Consent, itemId=str(item_id))

    def update_item(self, item_id: UUID) -> payloads.Item:
        """Ask Pluggy to collect from the bank again. Call it only when the user asks."""
        return self._call("PATCH", f"/items/{item_id}", payloads.Item, json={}, urgent=True)

    def delete_item(self, item_id: UUID) -> None:
        """Delete the item at Pluggy. Raises Gone if it does not exist."""
        self._request("DELETE", f"/items/{item_id}", urgent=True)

    # --- Data -------------------------------------------------------------------------------------
    def accounts(self, item_id: UUID) -> Listing[payloads.Account]:
        return self._list("/accounts", payloads.Account, itemId=str(item_id))

    def balance(self, account_id: UUID) -> payloads.Balance:
        """Ask an Open Finance bank for a balance, which uses up one of a month's readings: only for a user."""
        return self._call("GET", f"/accounts/{account_id}/balance", payloads.Balance, urgent=True)

    def transactions(
        self,
        account_id: UUID,
        *,
        created_from: datetime | None = None,
        date_from: date | None = None,
        after: str = "",
    ) -> Iterator[TransactionPage]:
        """Yield pages of up to 500 transactions, newest first.

        Pluggy accepts only one of the two filters. `after` is a cursor to continue from.
        """
        params = {"accountId": str(account_id)} | ({"after": after} if after else {})
        if created_from is not None:
            params["createdAtFrom"] = created_from.isoformat().replace("+00:00", "Z")
        if date_from is not None:
            params["dateFrom"] = date_from.isoformat()
        return self._transaction_pages(params)

    def transactions_by_id(self, account_id: UUID, transaction_ids: list[UUID]) -> Iterator[TransactionPage]:
        """Yield the transactions with these ids; those that do not exist are missing in the answer."""
        for start in range(0, len(transaction_ids), IDS_PER_CALL):
            wanted = transaction_ids[start : start + IDS_PER_CALL]
            yield from self._transaction_pages(
                {"accountId": str(account_id), "ids": ",".join(map(str, wanted))}
            )

    def update_category(self, transaction_id: UUID, category_id: str) -> None:
        """Set the category of a transaction; Pluggy then returns it as its own. Raises Gone."""
        self._request("PATCH", f"/transactions/{transaction_id}", json={"categoryId": category_id})

    # --- Other products --------------------------------------------------------------------------------
    def bills(self, account_id: UUID) -> Listing[payloads.Bill]:
        """Return the closed bills of a card; Pluggy does not list the open one."""
        return self._pages("/bills", payloads.Bill, accountId=str(account_id))

    def investments(self, item_id: UUID) -> Listing[product_payloads.Investment]:
        return self._pages("/investments", product_payloads.Investment, itemId=str(item_id))

    def investment_transactions(self, investment_id: UUID) -> Listing[product_payloads.InvestmentTransaction]:
        return self._pages(
            f"/investments/{investment_id}/transactions", product_payloads.InvestmentTransaction
        )

    def loans(self, item_id: UUID) -> Listing[product_payloads.Loan]:
        return self._pages("/loans", product_payloads.Loan, itemId=str(item_id))

    def identity(self, item_id: UUID) -> payloads.Identity:
        """Return the owner's identity. Raises Gone if the bank did not send one."""
        return self._call("GET", "/identity", payloads.Identity, params={"itemId": str(item_id)})

    # --- Webhooks ---------------------------------------------------------------------------------
    def webhooks(self) -> list[payloads.Webhook]:
        return self._call("GET", "/webhooks", payloads.Page[payloads.Webhook]).results

    def create_webhook(self, *, url: str, event: str, headers: dict[str, str]) -> payloads.Webhook:
        body = {"url": url, "event": event, "headers": headers}
        return self._call("POST", "/webhooks", payloads.Webhook, json=body)

    def update_webhook(self, webhook_id: UUID, **changes: Any) -> payloads.Webhook:
        return self._call("PATCH", f"/webhooks/{webhook_id}", payloads.Webhook, json=changes)

    # --- Requests ----------------------------------------------------------------------------------
    def _list(self, path: str, shape: type[T], **params: str) -> Listing[T]:
        """Return a list that has only one page."""
        page, unreadable = lists.decode_page(without_nul(self._request("GET", path, params=params)), shape)
        return Listing(page.results, unreadable)

    def _pages(self, path: str, shape: type[T], **params: str) -> Listing[T]:
        """Return all pages of a numbered list."""
        listing: Listing[T] = Listing()
        for number in range(1, MAX_PAGES):
            query = params | {"page": str(number), "pageSize": str(PAGE_SIZE)}
            page, unreadable = lists.decode_page(without_nul(self._request("GET", path, params=query)), shape)
            listing += page.results
            listing.unreadable += unreadable
            if _is_last(number, len(page.results) + len(unreadable), page.total_pages):
                return listing
        raise Unavailable(f"{path} has more than {MAX_PAGES} pages")

    def _transaction_pages(self, params: dict[str, str]) -> Iterator[TransactionPage]:
        pages = self._follow("/v2/transactions", payloads.Transaction, params)
        return (TransactionPage(*page) for page in pages)

    def _follow(
        self, path: str, shape: type[T], params: dict[str, str], **options: Any
    ) -> Iterator[tuple[list[T], str, list[Unreadable]]]:
        """Yield page by page: elements, the next cursor and what is unreadable.

        Only the cursor is taken from `next`; its host and path are not followed.
        """
        seen: set[str] = set()
        for _ in range(MAX_PAGES):
            body = without_nul(self._request("GET", path, params=params, **options))
            page, unreadable = lists.decode_cursor(body, shape)
            following = page.next if isinstance(page.next, str) else ""
            cursor = parse_qs(following.partition("?")[2]).get("after", [""])[0]
            yield page.results, cursor, unreadable
            if page.next in (None, ""):
                return
            if not cursor or cursor in seen:
                raise Unavailable(f"unusable cursor of {path}: {str(page.next)[:200]!r}")
            seen.add(cursor)
            params = params | {"after": cursor}
        raise Unavailable(f"{path} has more than {MAX_PAGES} pages")

    def _call(self, method: str, path: str, shape: type[T], **options: Any) -> T:
        body = self._request(method, path, **options)
        try:
            return lenient.decode(without_nul(body), shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unavailable(f"{method} {path}: unreadable response: {error}") from error

    def _request(self, method: str, path: str, *, is_optional: bool = False, **options: Any) -> bytes:
        """Send with our API key; if it is refused, renew it once and send again.

        If the endpoint `is_optional`, a 403 with a fresh key refuses this endpoint only, not our credentials. A
        refusal of a product is not reported as one of our credentials.
        """
        key = self._current_key()
        answer = self._send(method, path, key, **options)
        if key_refused(answer):
            answer = self._send(method, path, self._renewed_key(key), **options)
            if key_refused(answer) and not (is_optional and answer.status == 403):
                reason = f"{method} {path}: {answer.status} with a fresh key"
                raise Unauthorized(reason) if path.startswith(PRODUCT_PATHS) else self._unauthorized(reason)
        return check_status(f"{method} {path}", answer)

    def _send(self, method: str, path: str, key: str, *, urgent: bool = False, **options: Any) -> Answer:
        """Wait for the rate limit, then send; on a 429, pause all processes that share the limit."""
        name = endpoint(method, path)
        wait_for_turn(self._limits, name, urgent=urgent)
        answer = self._transport.send(method, path, key, **options)
        if answer.status == 429:
            self._limits.pause(name, seconds_to_wait(answer.headers))
        return answer

    def _current_key(self) -> str:
        if time.monotonic() < self._key_until:
            return self._key
        return self._renewed_key(self._key)

    def _renewed_key(self, refused: str) -> str:
        """Renew the key once, however many threads ask: the others wait and get the same key or failure."""
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
        if answer.status in (400, 401, 403):
            raise self._unauthorized(f"POST /auth: {answer.status}: the client id or secret was refused")
        body = check_status("POST /auth", answer)
        try:
            return msgspec.json.decode(body, type=payloads.ApiKey).api_key
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unavailable("POST /auth: unreadable response") from error

    def _unauthorized(self, reason: str) -> Unauthorized:
        """Report that our credentials are refused, and return the error to raise."""
        if self._on_unauthorized is not None:
            self._on_unauthorized(reason)
        return Unauthorized(reason)


def _is_last(number: int, element_count: int, total_pages: object) -> bool:
    """Tell whether page `number` is the last one; if the number of pages is odd, a page that is not full is."""
    if not element_count:
        return True
    text = str(total_pages)
    return number >= int(text) if text.isdecimal() and text != "0" else element_count < PAGE_SIZE
