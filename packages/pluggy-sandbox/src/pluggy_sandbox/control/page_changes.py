"""Change an account before a page of its transactions is served (faults row-appears, id-reused and others)."""

import json
from contextlib import suppress
from itertools import count
from urllib.parse import parse_qs

from flask import Flask

from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.control import bank_words
from pluggy_sandbox.control.corrections import report_corrections
from pluggy_sandbox.control.reused_ids import reuse_id
from pluggy_sandbox.control.transactions import add_transaction, delete_transaction
from pluggy_sandbox.sandbox import database
from pluggy_sandbox.store import items, ledger


class PageChanger:
    """Adds or deletes a transaction, with webhooks, before a page is served."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._turn = count()

    def __call__(self, kind: str, query: str, page: bytes) -> None:
        """Delete or change a transaction in the middle of this page, or add some above all pages.

        An odd field changes nothing here; what it altered is reported once it has ended.
        """
        with self.app.app_context():
            account_id = parse_qs(query).get("accountId", [""])[0]
            if kind == "row-vanishes":
                _delete_one(page)
            elif kind == "id-reused":
                _reuse_one(page)
            elif kind == "odd-field":
                report_corrections()
            elif kind == "bank-words":
                self._play_next(account_id)
            else:
                _add_one(account_id)

    def _play_next(self, account_id: str) -> None:
        """Add the transactions of the next case of banks' words to the item of an account."""
        account = ledger.account(database(), account_id)
        item = items.load(database(), account["item_id"]) if account else None
        if item is None:
            return
        names = list(bank_words.cases())
        with suppress(ApiError):  # the item has no card, for example
            bank_words.play(item, names[next(self._turn) % len(names)])


def _delete_one(page: bytes) -> None:
    transaction_id = _middle_id(page)
    if transaction_id:
        delete_transaction(transaction_id, {})


def _reuse_one(page: bytes) -> None:
    transaction_id = _middle_id(page)
    if transaction_id:
        reuse_id(transaction_id, {})


def _middle_id(page: bytes) -> str | None:
    """Return the id of the transaction in the middle of a page, or None."""
    try:
        transactions = json.loads(page).get("results") or []
    except ValueError:
        return None
    return str(transactions[len(transactions) // 2]["id"]) if transactions else None


def _add_one(account_id: str) -> None:
    account = ledger.account(database(), account_id)
    if account is not None:
        body = {"accountId": account_id, "amount": -12.34, "description": "COMPRA ENTRE DUAS PAGINAS"}
        add_transaction(account["item_id"], body)
