"""Play banks' words: transactions as banks describe them, which are easy to read wrongly."""

import datetime as dt
import json
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

from pluggy_sandbox.api.auth import json_body, reject_unknown
from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.clock import SAO_PAULO
from pluggy_sandbox.control.access import control_blueprint
from pluggy_sandbox.control.items import find
from pluggy_sandbox.control.transactions import add_transaction, find_account
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import items, ledger
from pluggy_sandbox.store.items import Item
from pluggy_sandbox.world.bank_view import card_number

bp = control_blueprint("bank_words")
Json = dict[str, Any]
DATA = Path(__file__).parents[1] / "data" / "bank_words.json"
OTHERS = {  # who pays or receives besides the owner: name, kind and number of the document
    "person": ("MARIA SOUZA", "CPF", "529.982.247-25"),
    "firm": ("LOJA LTDA", "CNPJ", "11.222.333/0001-81"),
    "new-firm": ("NOVA LTDA", "CNPJ", "12.ABC.345/01DE-35"),
    "new-firm-plain": ("NOVA LTDA", "CNPJ", "12ABC34501DE35"),
}


@bp.get("/words")
def index() -> Json:
    """List the cases with their transactions."""
    return {"results": list(cases().values())}


@bp.post("/items/<item_id>/words")
def add(item_id: str) -> tuple[Json, int]:
    """Add the transactions of the case `name` to the accounts of an item, with webhooks."""
    body = json_body()
    reject_unknown(body, {"name", "silent"})
    name = body.get("name")
    if not isinstance(name, str) or name not in cases():
        raise ApiError(400, f"name must be one of {', '.join(cases())}")
    return play(find(item_id), name, silent=bool(body.get("silent"))), 201


@cache
def cases() -> dict[str, Json]:
    """Map names to cases."""
    return {case["name"]: case for case in json.loads(DATA.read_text(encoding="utf-8"))}


def play(item: Item, name: str, *, silent: bool = False) -> Json:
    """Add the transactions of a case. Those at another bank are left out if the person has no other bank."""
    other, added, left_out = _other_item(item), [], 0
    with database().write_transaction():
        for spec in cases()[name]["transactions"]:
            target = other if spec.get("bank") == "other" else item
            if target is None:
                left_out += 1
                continue
            body = _body(target, spec) | {"silent": silent}
            added.append(add_transaction(target.id, body))
    return {"name": name, "transactions": added, "leftOut": left_out}


def _other_item(item: Item) -> Item | None:
    """Return another item of the same person that has a checking account, or None."""
    for other in items.all_items(database()):
        is_same_person = item.client_user_id is not None and other.client_user_id == item.client_user_id
        if is_same_person and other.id != item.id and _has_checking_account(other):
            return other
    return None


def _has_checking_account(item: Item) -> bool:
    accounts = ledger.accounts(database(), item.id)
    return any(account.get("subtype") == "CHECKING_ACCOUNT" for account in accounts)


def _body(item: Item, spec: Json) -> Json:
    """Return the body of the control route that adds this transaction."""
    account = find_account(item, {"accountType": spec["accountType"]})
    body = {name: spec[name] for name in ("accountType", "amount", "description")}
    day = current_sandbox().clock.now().astimezone(SAO_PAULO) - dt.timedelta(days=spec["daysAgo"])
    body["date"] = day.replace(tzinfo=None).isoformat(timespec="seconds")
    body |= {name: spec[name] for name in ("categoryId", "status", "operationType") if spec.get(name)}
    return body | {"raw": _raw(account, spec)}


def _raw(account: sqlite3.Row, spec: Json) -> Json:
    """Return the fields that the control route does not compute."""
    raw: Json = {"merchant": None}
    if spec["categoryId"] is None:
        raw |= {"categoryId": None, "category": None}
    if "currencyCode" in spec:
        raw["currencyCode"] = spec["currencyCode"]
    if "payer" in spec:
        raw["paymentData"] = {
            "payer": _party(account, spec["payer"]),
            "receiver": _party(account, spec["receiver"]),
            "paymentMethod": spec["method"],
        }
    if "installment" in spec:
        number, total = spec["installment"]
        raw["creditCardMetadata"] = {
            "installmentNumber": number, "totalInstallments": total, "cardNumber": card_number(account["id"]),
        }  # fmt: skip
    return raw


def _party(account: sqlite3.Row, who: str) -> Json:
    data = json.loads(account["data"])
    name, kind, number = OTHERS.get(who) or (data.get("owner"), "CPF", data.get("taxNumber"))
    if "/" in str(number):
        kind = "CNPJ"
    return {"name": name, "documentNumber": {"type": kind, "value": number}}
