"""Surprises between two pages: a row really appears above or really vanishes below, and webhooks say so."""

import json
from urllib.parse import parse_qs

from flask import Flask

from dev.sandbox.control.money import append, take_back
from dev.sandbox.pluggy import here
from dev.sandbox.store import ledger


class Surprises:
    """Changes the world while somebody reads it page by page."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def __call__(self, kind: str, query: str, page: bytes) -> None:
        """A row from the middle of this page vanishes, or one appears above all pages."""
        with self.app.app_context():
            if kind == "row-vanishes":
                _vanish(page)
            else:
                _appear(parse_qs(query).get("accountId", [""])[0])


def _vanish(page: bytes) -> None:
    try:
        rows = json.loads(page).get("results") or []
    except ValueError:
        return
    if rows:
        take_back(rows[len(rows) // 2]["id"], {})


def _appear(account_id: str) -> None:
    account = ledger.account(here().database, account_id)
    if account is not None:
        told = {"accountId": account_id, "amount": -12.34, "description": "COMPRA ENTRE DUAS PAGINAS"}
        append(account["item_id"], told)
