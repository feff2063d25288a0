"""Find items for the caller, and decide whether collected data may be read."""

from flask import request

from pluggy_sandbox.api.errors import item_not_found, require_uuid, unauthenticated
from pluggy_sandbox.api.tokens import caller
from pluggy_sandbox.sandbox import database
from pluggy_sandbox.store import items, ledger
from pluggy_sandbox.store.items import Item


def find_item(item_id: str) -> Item:
    """Return the item, or raise 404.

    A connect token gets 403 for items it may not access, so it learns nothing about them.
    """
    item = items.load(database(), item_id)
    if caller().kind == "connect" and (item is None or not caller().can_access(item)):
        raise unauthenticated()
    if item is None:
        raise item_not_found()
    return item


def item_from_query() -> Item | None:
    """Return the item named by `itemId`, or None if the list must be empty.

    That is the case for a deleted item and for an item whose consent has ended.
    """
    item_id = require_uuid(request.args.get("itemId"), "itemId")
    if caller().kind == "api" and items.was_deleted(database(), item_id):
        return None
    item = find_item(item_id)
    return None if item.consent_ended else item


def is_readable(item_id: str) -> bool:
    """Return whether the item exists and its consent has not ended."""
    item = items.load(database(), item_id)
    return item is not None and not item.consent_ended


def is_account_readable(account_id: str) -> bool:
    """Return whether the account exists and the data of its item may be read."""
    account = ledger.account(database(), account_id)
    return account is not None and is_readable(account["item_id"])
