"""What a data endpoint may show: nothing of an item that is gone or whose consent has ended."""

from flask import request

from dev.sandbox.api.errors import item_not_found, require_uuid, unauthenticated
from dev.sandbox.api.tokens import caller
from dev.sandbox.pluggy import here
from dev.sandbox.store import items, ledger
from dev.sandbox.store.items import Item


def reach(item_id: str) -> Item:
    """The item if the caller may see it; a widget is told nothing about other people's items."""
    item = items.load(here().database, item_id)
    if caller().kind == "connect" and (item is None or not caller().may_see(item)):
        raise unauthenticated()
    if item is None:
        raise item_not_found()
    return item


def item_of_query() -> Item | None:
    """The item of `itemId` if its data may be read; None when lists are empty: deleted, or no consent."""
    item_id = require_uuid(request.args.get("itemId"), "itemId")
    if caller().kind == "api" and items.existed(here().database, item_id):
        return None
    item = reach(item_id)
    return None if item.consent_ended else item


def is_readable(item_id: str) -> bool:
    """Whether there is such an item and its data may be read."""
    item = items.load(here().database, item_id)
    return item is not None and not item.consent_ended


def is_account_readable(account_id: str) -> bool:
    """Whether there is such an account and its data may be read."""
    account = ledger.account(here().database, account_id)
    return account is not None and is_readable(account["item_id"])
