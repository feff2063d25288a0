"""Control routes of transactions: add, change, delete and refund them as a bank would."""

import datetime as dt
import json
import sqlite3
import uuid
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from itertools import takewhile
from random import Random
from typing import Any

from pluggy_sandbox.api.auth import json_body, require_types
from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.clock import SAO_PAULO, iso
from pluggy_sandbox.control.access import control_blueprint
from pluggy_sandbox.control.items import find
from pluggy_sandbox.delivery.changes import AccountChanges
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import items, ledger
from pluggy_sandbox.store.items import Item
from pluggy_sandbox.world.bank_view import BankView, json_amount
from pluggy_sandbox.world.categories import category_name
from pluggy_sandbox.world.movements import CARD, Counterparty, Movement
from pluggy_sandbox.world.people import cpf, person

bp = control_blueprint("transactions")
Json = dict[str, Any]
SUBTYPE_ALIASES = {"BANK": "CHECKING_ACCOUNT", "CREDIT": "CREDIT_CARD"}
TEXT_FIELDS = ("accountType", "accountId", "description", "categoryId", "date", "status", "operationType")
MAX_CENTS = 10**15
SUBTYPES = ("CHECKING_ACCOUNT", "SAVINGS_ACCOUNT", "CREDIT_CARD")


@bp.post("/items/<item_id>/transactions")
def add(item_id: str) -> tuple[Json, int]:
    """Add a transaction. The amount is from the user's side: negative is money out."""
    return add_transaction(item_id, _transaction_body()), 201


@bp.post("/items/<item_id>/refund")
def refund(item_id: str) -> tuple[Json, int]:
    """Refund the last purchase of the card, or `amount` of it."""
    body = json_body()
    with database().write_transaction():
        item = find(item_id)
        account = find_account(item, {"accountType": "CREDIT_CARD", **body})
        purchase, cents = _last_purchase(bank_view(item, account), account)
        refund_body = {
            "accountId": account["id"],
            "amount": body.get("amount", json_amount(abs(cents))),
            "description": f"ESTORNO {purchase['description']}",
            "categoryId": purchase["categoryId"] or "99999999",
            "operationType": "ESTORNO",
        }
        return add_transaction(item_id, body | refund_body), 201


@bp.patch("/transactions/<transaction_id>")
def change(transaction_id: str) -> Json:
    """Change a transaction, as a bank does when it corrects one."""
    return change_transaction(transaction_id, _transaction_body())


def change_transaction(transaction_id: str, body: Json) -> Json:
    """Change a transaction as described, update the balances and publish events."""
    with database().write_transaction():
        stored, account, item = find_transaction(transaction_id)
        data, view = stored.data, bank_view(item, account)
        cents = _apply_changes(data, view, account["kind"], body)
        data["updatedAt"] = iso(view.now)
        entry = ledger.LedgerEntry(data, stored.cents if cents is None else cents, stored.generated)
        _save(entry)
        adjust_file_balance(item, account, entry.cents - stored.cents)
        publish(item, AccountChanges(stored.account_id, updated=[transaction_id]), body)
    return data


@bp.delete("/transactions/<transaction_id>")
def remove(transaction_id: str) -> Json:
    """Delete a transaction, as a bank does when it takes one back."""
    return delete_transaction(transaction_id, json_body())


def _transaction_body() -> Json:
    """Return the body of a request that describes a transaction, or raise 400."""
    body = json_body()
    require_types(body, str, *TEXT_FIELDS)
    require_types(body, dict, "raw")
    if not isinstance((body.get("raw") or {}).get("date", ""), str):
        raise ApiError(400, "raw.date must be a text")
    if body.get("categoryId") and category_name(body["categoryId"]) is None:
        raise ApiError(400, "categoryId must be the id of a category")
    return body


def add_transaction(item_id: str, body: Json) -> Json:
    """Add the described transaction, update the balances and publish events."""
    with database().write_transaction():
        item = find(item_id)
        account = find_account(item, body)
        view = bank_view(item, account)
        entry = _entry(view, _movement(account["kind"], body, item), body)
        _save(entry)
        adjust_file_balance(item, account, entry.cents)
        publish(item, AccountChanges(account["id"], created=[entry.data]), body)
    return entry.data


def _save(entry: ledger.LedgerEntry) -> None:
    try:
        ledger.save_transactions(database(), [entry])
    except (TypeError, ValueError) as error:
        raise ApiError(400, f"raw makes a transaction that cannot be stored: {error}") from error


def delete_transaction(transaction_id: str, body: Json) -> Json:
    """Delete a transaction, update the balances and publish events."""
    with database().write_transaction():
        stored, account, item = find_transaction(transaction_id)
        ledger.delete_transaction(database(), stored)
        adjust_file_balance(item, account, -stored.cents)
        publish(item, AccountChanges(stored.account_id, deleted=[transaction_id]), body)
    return {"count": 1}


def find_transaction(transaction_id: str) -> tuple[ledger.StoredEntry, sqlite3.Row, Item]:
    """Return a transaction with its account and its item, or raise 404."""
    stored = ledger.transaction(database(), transaction_id)
    if stored is None:
        raise ApiError(404, "Transaction not found", "TRANSACTION_NOT_FOUND")
    account = ledger.account(database(), stored.account_id)
    assert account is not None
    return stored, account, find(account["item_id"])


def find_account(item: Item, body: Json) -> sqlite3.Row:
    """Return the account that a body names: by accountId, or the item's first account of accountType."""
    if body.get("accountId"):
        account = ledger.account(database(), body["accountId"])
        if account is None or account["item_id"] != item.id:
            raise ApiError(404, "account not found", "ACCOUNT_NOT_FOUND")
        return account
    requested = body.get("accountType", "CHECKING_ACCOUNT")
    subtype = SUBTYPE_ALIASES.get(requested, requested)
    if subtype not in SUBTYPES:
        raise ApiError(400, f"accountType must be one of {', '.join(SUBTYPES)}")
    for account in ledger.account_rows(database(), item.id):
        if json.loads(account["data"])["subtype"] == subtype:
            return account
    raise ApiError(409, "the item has no such account yet")


def bank_view(item: Item, account: sqlite3.Row) -> BankView:
    """Return the bank's view of an account."""
    view = current_sandbox().collector.view(item, account["kind"], current_sandbox().clock.now())
    return replace(view, account_id=account["id"])


def adjust_file_balance(item: Item, account: sqlite3.Row, cents: int) -> None:
    """Change the balance of an account that came from a file.

    Other balances are computed from the transactions.
    """
    if not item.from_file:
        return
    data = json.loads(account["data"])
    balance = Decimal(str(data["balance"])) + Decimal(cents) / 100
    data |= {"balance": float(balance), "updatedAt": iso(current_sandbox().clock.now())}
    ledger.save_account(
        database(), data, kind=account["kind"], position=account["position"],
        opening_cents=account["opening_cents"],
    )  # fmt: skip


def publish(item: Item, changes: AccountChanges, body: Json) -> None:
    """Update the balances and, unless silent, publish the transactions/* event and then item/updated."""
    if not item.from_file:
        current_sandbox().collector.rebalance(item)
    now = iso(current_sandbox().clock.now())
    item.last_updated_at, item.updated_at = now, now
    if item.run is None:
        items.save(database(), item, due_at=None)
    if not body.get("silent"):
        current_sandbox().publisher.publish_changes(item, changes)
        current_sandbox().publisher.item("item/updated", item, triggered_by="SYNC")


def parse_cents(amount: object) -> int:
    """Convert a JSON number or a text like "-50.00" to cents without rounding."""
    try:
        cents = Decimal(str(amount)) * 100
    except InvalidOperation:
        raise ApiError(400, "amount must be a number") from None
    if not cents.is_finite() or abs(cents) >= MAX_CENTS:
        raise ApiError(400, "amount must be less than ten trillion")
    if not cents or cents != cents.to_integral_value():
        raise ApiError(400, "amount must have at most two decimals and not be zero")
    return int(cents)


def _last_purchase(view: BankView, account: sqlite3.Row) -> tuple[Json, int]:
    """Return the newest purchase so far, with its cents in the account's currency from the user's side."""
    purchases = _purchases(view, account)
    newest = next(purchases, None)
    if newest is None:
        raise ApiError(409, "nothing was bought with this card yet")
    same_day = takewhile(lambda purchase: purchase[0]["date"] == newest[0]["date"], purchases)
    return max((newest, *same_day), key=lambda purchase: purchase[0]["createdAt"])


def _purchases(view: BankView, account: sqlite3.Row) -> Iterator[tuple[Json, int]]:
    """Yield the purchases so far, newest date first. A bank that dates by day gives no order within a day."""
    now = iso(view.now)
    for text in ledger.iter_transactions(database(), account["id"]):
        transaction = json.loads(text)
        amount = transaction.get("amountInAccountCurrency") or transaction.get("amount") or 0
        cents = view.sign(CARD, round(Decimal(str(amount)) * 100))
        if cents < 0 and transaction["date"] <= now:
            yield transaction, cents


def _movement(kind: str, body: Json, item: Item) -> Movement:
    """Build the movement that the body describes."""
    cents = parse_cents(body.get("amount"))
    category = body.get("categoryId") or "99999999"
    counterparty = _counterparty(body.get("pix"), item)
    description = body.get("description") or _pix_text(counterparty, cents)
    default_operation = "PIX" if counterparty else "ESTORNO" if kind == CARD and cents > 0 else "OUTROS"
    operation = body.get("operationType") or default_operation
    key, moment = f"manual/{uuid.uuid4()}", _local_time(body.get("date"))
    return Movement(kind, key, moment, description, cents, category, operation, counterparty)


def _counterparty(pix: object, item: Item) -> Counterparty | None:
    """Return the other side of a PIX: `true` invents a person, a text is a name."""
    if not pix:
        return None
    if pix is True:
        sender = person(f"{item.id}/pix")
        return Counterparty(sender.name, sender.cpf, "PIX")
    return Counterparty(str(pix), cpf(Random(f"pix/{pix}")), "PIX")


def _pix_text(counterparty: Counterparty | None, cents: int) -> str:
    if counterparty is None:
        raise ApiError(400, "description is required")
    return f"PIX {'RECEBIDO' if cents > 0 else 'ENVIADO'} {counterparty.name.upper()}"


def _entry(view: BankView, movement: Movement, body: Json) -> ledger.LedgerEntry:
    entry = view.entry(movement, generated=False)
    if body.get("status"):
        entry.data["status"] = body["status"]
    entry.data.update(body.get("raw") or {})
    return replace(entry, cents=0) if _is_unconverted(entry.data) else entry


def _is_unconverted(data: Json) -> bool:
    """Return whether the bank has not yet converted a foreign amount: the balance does not contain it."""
    return data.get("currencyCode") not in (None, "BRL") and data.get("amountInAccountCurrency") is None


def _apply_changes(data: Json, view: BankView, kind: str, body: Json) -> int | None:
    """Change the JSON in place. Return the new cents with the API's sign, or None if they stay."""
    if body.get("categoryId"):
        data |= {"categoryId": body["categoryId"], "category": category_name(body["categoryId"])}
    for name in ("description", "status"):
        if body.get(name):
            data[name] = body[name]
    if body.get("date"):
        data["date"] = view.date(_local_time(body["date"]))
    cents = None
    if body.get("amount") is not None:
        user_cents = parse_cents(body["amount"])
        cents = view.sign(kind, user_cents)
        data |= {"amount": json_amount(cents), "amountInAccountCurrency": None, "currencyCode": "BRL"}
        data["type"] = view.direction(kind, user_cents)
    data |= body.get("raw") or {}
    return cents


def _local_time(text: str | None) -> dt.datetime:
    """Return the local time of a day or an instant; now if there is none."""
    if not text:
        return current_sandbox().clock.now().astimezone(SAO_PAULO).replace(tzinfo=None)
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ApiError(400, "date must be YYYY-MM-DD or an ISO instant") from None
    if len(text) == 10:
        return moment.replace(hour=12)
    return moment.astimezone(SAO_PAULO).replace(tzinfo=None) if moment.tzinfo else moment
