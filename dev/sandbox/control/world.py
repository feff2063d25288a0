"""Control of money and items: rows added, changed and removed as a bank would, forced statuses, syncs."""

import datetime as dt
import uuid
from decimal import Decimal, InvalidOperation
from random import Random
from typing import Any

from flask import Blueprint

from dev.sandbox.api.auth import json_body
from dev.sandbox.api.errors import ApiError, item_not_found
from dev.sandbox.api.items import item_json
from dev.sandbox.clock import SAO_PAULO, iso
from dev.sandbox.control.guard import loopback_only
from dev.sandbox.pluggy import here
from dev.sandbox.runs.collect import Report, account_id
from dev.sandbox.runs.results import settle
from dev.sandbox.store import items, ledger
from dev.sandbox.store.items import Item, Run
from dev.sandbox.world.people import cpf, person
from dev.sandbox.world.rows import CARD, CHECKING, SAVINGS, Party, Row
from dev.sandbox.world.voice import Speaker, category_name, money

bp = Blueprint("control_world", __name__, url_prefix="/_control")
bp.before_request(loopback_only)
Json = dict[str, Any]
IN_THE_MIDDLE = ("UPDATING", "MERGING", "WAITING_USER_INPUT", "WAITING_USER_ACTION")
KINDS = {
    "CHECKING_ACCOUNT": CHECKING,
    "SAVINGS_ACCOUNT": SAVINGS,
    "CREDIT_CARD": CARD,
    "BANK": CHECKING,
    "CREDIT": CARD,
}


@bp.get("/truth/items/<item_id>")
def truth(item_id: str) -> Json:
    """The item, its accounts and all their transactions, as the API would give them."""
    item = find(item_id)
    accounts = ledger.accounts(here().database, item_id)
    rows = {account["id"]: ledger.transactions(here().database, account["id"]) for account in accounts}
    bills = {account["id"]: ledger.bills(here().database, account["id"]) for account in accounts}
    return {"item": item_json(item), "accounts": accounts, "transactions": rows, "bills": bills}


@bp.post("/items/<item_id>/transactions")
def add(item_id: str) -> tuple[Json, int]:
    """A movement the bank reports now; the amount is the person's: negative is money out."""
    body = json_body()
    with here().database.writing():
        item = find(item_id)
        kind = _kind(item, body)
        speaker = here().collector.speaker(item, kind, here().clock.now())
        entry = _said(speaker, _row(kind, body, item), body)
        ledger.save_transactions(here().database, [entry])
        _announce(item, Report(speaker.account_id, created=[entry.data]), body)
    return entry.data, 201


@bp.patch("/transactions/<transaction_id>")
def change(transaction_id: str) -> Json:
    """The bank corrects a row."""
    body = json_body()
    with here().database.writing():
        row, kind, item = _find_row(transaction_id)
        data = row.data
        speaker = here().collector.speaker(item, kind, here().clock.now())
        cents = _changed(data, speaker, kind, body)
        data["updatedAt"] = iso(speaker.now)
        entry = ledger.Entry(data, row.cents if cents is None else cents, row.told)
        ledger.save_transactions(here().database, [entry])
        _announce(item, Report(row.account_id, updated=[transaction_id]), body)
    return data


@bp.delete("/transactions/<transaction_id>")
def remove(transaction_id: str) -> Json:
    """The bank takes a row back."""
    body = json_body()
    with here().database.writing():
        row, _, item = _find_row(transaction_id)
        ledger.delete_transaction(here().database, row)
        _announce(item, Report(row.account_id, deleted=[transaction_id]), body)
    return {"count": 1}


@bp.post("/items/<item_id>/status")
def status(item_id: str) -> Json:
    """Force a final code, or leave the item in the middle of a run with a status that is not final."""
    body = json_body()
    with here().database.writing():
        item = find(item_id)
        if body.get("status") in IN_THE_MIDDLE:
            _leave_in_the_middle(item, body)
        else:
            _force_the_end(item, body)
    return item_json(item)


def _force_the_end(item: Item, body: Json) -> None:
    settle(item, str(body.get("executionStatus") or "UNEXPECTED_ERROR"), now=here().clock.now())
    item.status = body.get("status", item.status)
    if isinstance(body.get("error"), dict):
        item.error = {"message": "", "providerMessage": None, "attributes": None} | body["error"]
    items.save(here().database, item, due_at=None)
    if not body.get("silent"):
        event = "item/error" if item.error else "item/updated"
        triggered_by = body.get("triggeredBy", "SYNC")
        here().announcer.item(event, item, triggered_by=triggered_by, error=item.error)


def _leave_in_the_middle(item: Item, body: Json) -> None:
    item.run = Run("update", body.get("triggeredBy", "SYNC"), [])
    if body["status"] == "WAITING_USER_INPUT":
        here().runner.ask_for_code(item)
        return
    item.status, item.error = body["status"], None
    item.execution_status = body.get("executionStatus", item.status)
    items.save(here().database, item, due_at=None)
    if item.status == "WAITING_USER_ACTION" and not body.get("silent"):
        here().announcer.item("item/waiting_user_action", item, triggered_by=item.run.triggered_by)


@bp.post("/items/<item_id>/refresh")
def refresh(item_id: str) -> Json:
    """An automatic sync, as Pluggy starts by itself."""
    with here().database.writing():
        item = find(item_id)
        if item.run is not None:
            raise ApiError(409, "Item is already updating", "ITEM_IS_ALREADY_UPDATING")
        here().runner.open(item, "SYNC")
    return item_json(item)


def find(item_id: str) -> Item:
    """The item, or 404."""
    item = items.load(here().database, item_id)
    if item is None:
        raise item_not_found()
    return item


def _find_row(transaction_id: str) -> tuple[ledger.Kept, str, Item]:
    row = ledger.transaction(here().database, transaction_id)
    if row is None:
        raise ApiError(404, "Transaction not found", "TRANSACTION_NOT_FOUND")
    account = ledger.account(here().database, row.account_id)
    assert account is not None
    return row, account["kind"], find(account["item_id"])


def _kind(item: Item, body: Json) -> str:
    if body.get("accountId"):
        account = ledger.account(here().database, body["accountId"])
        if account is None or account["item_id"] != item.id:
            raise ApiError(404, "account not found", "ACCOUNT_NOT_FOUND")
        return str(account["kind"])
    wanted = body.get("accountType", "CHECKING_ACCOUNT")
    if wanted not in KINDS:
        raise ApiError(400, f"accountType must be one of {', '.join(KINDS)}")
    if ledger.account(here().database, account_id(item, KINDS[wanted])) is None:
        raise ApiError(409, "the item has no such account yet")
    return KINDS[wanted]


def _row(kind: str, body: Json, item: Item) -> Row:
    """The told row of what was asked for."""
    cents = in_cents(body.get("amount"))
    category = body.get("categoryId", "99999999")
    if category_name(category) is None:
        raise ApiError(400, "categoryId must be the id of a category")
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


def in_cents(amount: object) -> int:
    """Exact cents of a JSON number or a text like "-50.00"."""
    try:
        cents = Decimal(str(amount)) * 100
    except InvalidOperation:
        raise ApiError(400, "amount must be a number") from None
    if not cents or cents != cents.to_integral_value():
        raise ApiError(400, "amount must have at most two decimals and not be zero")
    return int(cents)


def _announce(item: Item, report: Report, body: Json) -> None:
    """Balances follow; unless silent, the transactions/* event and then item/updated go out."""
    here().collector.rebalance(item)
    now = iso(here().clock.now())
    item.last_updated_at, item.updated_at = now, now
    if item.run is None:
        items.save(here().database, item, due_at=None)
    if not body.get("silent"):
        here().announcer.report(item, report)
        here().announcer.item("item/updated", item, triggered_by="SYNC")
