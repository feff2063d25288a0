"""Control of money: rows added, changed and removed as a bank would, a refund, a payment received."""

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

from dev.sandbox.api.auth import json_body, require_kinds
from dev.sandbox.api.errors import ApiError
from dev.sandbox.clock import SAO_PAULO, iso
from dev.sandbox.control.guard import room
from dev.sandbox.control.items import find
from dev.sandbox.pluggy import here
from dev.sandbox.runs.report import Report
from dev.sandbox.store import items, ledger
from dev.sandbox.store.items import Item
from dev.sandbox.world.people import cpf, person
from dev.sandbox.world.rows import CARD, Party, Row
from dev.sandbox.world.voice import Speaker, category_name, money

bp = room("money")
Json = dict[str, Any]
ALIASES = {"BANK": "CHECKING_ACCOUNT", "CREDIT": "CREDIT_CARD"}
TEXTS = ("accountType", "accountId", "description", "categoryId", "date", "status", "operationType")
MOST_CENTS = 10**15
SUBTYPES = ("CHECKING_ACCOUNT", "SAVINGS_ACCOUNT", "CREDIT_CARD")


@bp.post("/items/<item_id>/transactions")
def add(item_id: str) -> tuple[Json, int]:
    """A movement the bank reports now; the amount is the person's: negative is money out."""
    return append(item_id, _asked()), 201


@bp.post("/items/<item_id>/refund")
def refund(item_id: str) -> tuple[Json, int]:
    """The shop gives back the last purchase of the card, or `amount` of it."""
    body = json_body()
    with here().database.writing():
        item = find(item_id)
        account = account_of(item, {"accountType": "CREDIT_CARD", **body})
        bought, cents = _last_purchase(speaker_of(item, account), account)
        told = {
            "accountId": account["id"],
            "amount": body.get("amount", money(abs(cents))),
            "description": f"ESTORNO {bought['description']}",
            "categoryId": bought["categoryId"] or "99999999",
            "operationType": "ESTORNO",
        }
        return append(item_id, body | told), 201


@bp.patch("/transactions/<transaction_id>")
def change(transaction_id: str) -> Json:
    """The bank corrects a row."""
    body = _asked()
    with here().database.writing():
        row, account, item = find_row(transaction_id)
        data, speaker = row.data, speaker_of(item, account)
        cents = _changed(data, speaker, account["kind"], body)
        data["updatedAt"] = iso(speaker.now)
        entry = ledger.Entry(data, row.cents if cents is None else cents, row.told)
        _save(entry)
        shift(item, account, entry.cents - row.cents)
        announce(item, Report(row.account_id, updated=[transaction_id]), body)
    return data


@bp.delete("/transactions/<transaction_id>")
def remove(transaction_id: str) -> Json:
    """The bank takes a row back."""
    return take_back(transaction_id, json_body())


def _asked() -> Json:
    """The body of a request for a row, or 400."""
    body = json_body()
    require_kinds(body, str, *TEXTS)
    require_kinds(body, dict, "raw")
    if not isinstance((body.get("raw") or {}).get("date", ""), str):
        raise ApiError(400, "raw.date must be a text: any, but one")
    if body.get("categoryId") and category_name(body["categoryId"]) is None:
        raise ApiError(400, "categoryId must be the id of a category")
    return body


def append(item_id: str, body: Json) -> Json:
    """Add a row as it was asked for, with balances and events."""
    with here().database.writing():
        item = find(item_id)
        account = account_of(item, body)
        speaker = speaker_of(item, account)
        entry = _said(speaker, _row(account["kind"], body, item), body)
        _save(entry)
        shift(item, account, entry.cents)
        announce(item, Report(account["id"], created=[entry.data]), body)
    return entry.data


def _save(entry: ledger.Entry) -> None:
    try:
        ledger.save_transactions(here().database, [entry])
    except (TypeError, ValueError) as problem:
        raise ApiError(400, f"raw makes a row that cannot be kept: {problem}") from problem


def take_back(transaction_id: str, body: Json) -> Json:
    """Remove a row, with balances and events."""
    with here().database.writing():
        row, account, item = find_row(transaction_id)
        ledger.delete_transaction(here().database, row)
        shift(item, account, -row.cents)
        announce(item, Report(row.account_id, deleted=[transaction_id]), body)
    return {"count": 1}


def find_row(transaction_id: str) -> tuple[ledger.Kept, sqlite3.Row, Item]:
    """A row with its account and its item, or 404."""
    row = ledger.transaction(here().database, transaction_id)
    if row is None:
        raise ApiError(404, "Transaction not found", "TRANSACTION_NOT_FOUND")
    account = ledger.account(here().database, row.account_id)
    assert account is not None
    return row, account, find(account["item_id"])


def account_of(item: Item, body: Json) -> sqlite3.Row:
    """The account a body names: by accountId, or the item's first of an accountType."""
    if body.get("accountId"):
        account = ledger.account(here().database, body["accountId"])
        if account is None or account["item_id"] != item.id:
            raise ApiError(404, "account not found", "ACCOUNT_NOT_FOUND")
        return account
    asked = body.get("accountType", "CHECKING_ACCOUNT")
    wanted = ALIASES.get(asked, asked)
    if wanted not in SUBTYPES:
        raise ApiError(400, f"accountType must be one of {', '.join(SUBTYPES)}")
    for account in ledger.account_rows(here().database, item.id):
        if json.loads(account["data"])["subtype"] == wanted:
            return account
    raise ApiError(409, "the item has no such account yet")


def speaker_of(item: Item, account: sqlite3.Row) -> Speaker:
    """The bank's voice for an account."""
    speaker = here().collector.speaker(item, account["kind"], here().clock.now())
    return replace(speaker, account_id=account["id"])


def shift(item: Item, account: sqlite3.Row, cents: int) -> None:
    """Move the balance of an account that came from a file; the world keeps the others itself."""
    if not item.loaded:
        return
    data = json.loads(account["data"])
    balance = Decimal(str(data["balance"])) + Decimal(cents) / 100
    data |= {"balance": float(balance), "updatedAt": iso(here().clock.now())}
    kept = {"position": account["position"], "opening_cents": account["opening_cents"]}
    ledger.save_account(here().database, data, kind=account["kind"], **kept)


def announce(item: Item, report: Report, body: Json) -> None:
    """Balances follow; unless silent, the transactions/* event and then item/updated go out."""
    if not item.loaded:
        here().collector.rebalance(item)
    now = iso(here().clock.now())
    item.last_updated_at, item.updated_at = now, now
    if item.run is None:
        items.save(here().database, item, due_at=None)
    if not body.get("silent"):
        here().announcer.report(item, report)
        here().announcer.item("item/updated", item, triggered_by="SYNC")


def in_cents(amount: object) -> int:
    """Exact cents of a JSON number or a text like "-50.00"."""
    try:
        cents = Decimal(str(amount)) * 100
    except InvalidOperation:
        raise ApiError(400, "amount must be a number") from None
    if not cents.is_finite() or abs(cents) >= MOST_CENTS:
        raise ApiError(400, "amount must be less than ten trillion")
    if not cents or cents != cents.to_integral_value():
        raise ApiError(400, "amount must have at most two decimals and not be zero")
    return int(cents)


def _last_purchase(speaker: Speaker, account: sqlite3.Row) -> tuple[Json, int]:
    """The newest purchase until now, with its cents in the account's currency as the person sees them."""
    purchases = _purchases(speaker, account)
    newest = next(purchases, None)
    if newest is None:
        raise ApiError(409, "nothing was bought with this card yet")
    that_day = takewhile(lambda bought: bought[0]["date"] == newest[0]["date"], purchases)
    return max((newest, *that_day), key=lambda bought: bought[0]["createdAt"])


def _purchases(speaker: Speaker, account: sqlite3.Row) -> Iterator[tuple[Json, int]]:
    """The purchases until now, newest date first: a bank that dates by the day says no order within it."""
    now = iso(speaker.now)
    for text in ledger.stream(here().database, account["id"]):
        row = json.loads(text)
        amount = row.get("amountInAccountCurrency") or row.get("amount") or 0
        cents = speaker.sign(CARD, round(Decimal(str(amount)) * 100))
        if cents < 0 and row["date"] <= now:
            yield row, cents


def _row(kind: str, body: Json, item: Item) -> Row:
    """The told row of what was asked for."""
    cents = in_cents(body.get("amount"))
    category = body.get("categoryId") or "99999999"
    party = _party(body.get("pix"), item)
    text = body.get("description") or _pix_text(party, cents)
    usual = "PIX" if party else "ESTORNO" if kind == CARD and cents > 0 else "OUTROS"
    key, at = f"hand/{uuid.uuid4()}", _moment(body.get("date"))
    return Row(kind, key, at, text, cents, category, body.get("operationType") or usual, party)


def _party(pix: object, item: Item) -> Party | None:
    """The other side of a PIX: `true` invents somebody, a text is a name."""
    if not pix:
        return None
    if pix is True:
        somebody = person(f"{item.id}/pix")
        return Party(somebody.name, somebody.cpf, "PIX")
    return Party(str(pix), cpf(Random(f"pix/{pix}")), "PIX")


def _pix_text(party: Party | None, cents: int) -> str:
    if party is None:
        raise ApiError(400, "description is needed")
    return f"PIX {'RECEBIDO' if cents > 0 else 'ENVIADO'} {party.name.upper()}"


def _said(speaker: Speaker, row: Row, body: Json) -> ledger.Entry:
    entry = speaker.entry(row, told=False)
    if body.get("status"):
        entry.data["status"] = body["status"]
    entry.data.update(body.get("raw") or {})
    return entry


def _changed(data: Json, speaker: Speaker, kind: str, body: Json) -> int | None:
    """Change the JSON in place; the new cents in the API's sign, or None if they stay."""
    if body.get("categoryId"):
        data |= {"categoryId": body["categoryId"], "category": category_name(body["categoryId"])}
    for name in ("description", "status"):
        if body.get(name):
            data[name] = body[name]
    if body.get("date"):
        data["date"] = speaker.date(_moment(body["date"]))
    cents = None
    if body.get("amount") is not None:
        mine = in_cents(body["amount"])
        cents = speaker.sign(kind, mine)
        data |= {"amount": money(cents), "amountInAccountCurrency": None, "currencyCode": "BRL"}
        data["type"] = speaker.direction(kind, mine)
    data |= body.get("raw") or {}
    return cents


def _moment(text: str | None) -> dt.datetime:
    """A local time: given as a day or an instant, else now."""
    if not text:
        return here().clock.now().astimezone(SAO_PAULO).replace(tzinfo=None)
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ApiError(400, "date must be YYYY-MM-DD or an ISO instant") from None
    if len(text) == 10:
        return moment.replace(hour=12)
    return moment.astimezone(SAO_PAULO).replace(tzinfo=None) if moment.tzinfo else moment
