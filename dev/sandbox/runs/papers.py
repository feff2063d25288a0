"""Collecting what is no account: investments, loans, identity, and the consent with what it reaches."""

import datetime as dt
from typing import Any

from dev.sandbox.clock import SAO_PAULO, iso, parse
from dev.sandbox.store import ledger, records
from dev.sandbox.store.database import Database
from dev.sandbox.store.items import Item
from dev.sandbox.world import contracts, investments, papers
from dev.sandbox.world.life import Life

Json = dict[str, Any]
RESOURCES = {
    "BANK": "ACCOUNT",
    "CREDIT": "CREDIT_CARD_ACCOUNT",
    "CDB": "BANK_FIXED_INCOME",
    "FIXED_INCOME_FUND": "FUND",
}


def write(database: Database, item: Item, life: Life, *, now: dt.datetime, without: frozenset[str]) -> None:
    """Replace the item's records of every product that is not left out."""
    today, stamp = now.astimezone(SAO_PAULO).date(), iso(now)
    if "INVESTMENTS" not in without:
        _investments(database, item, life, today, stamp, without)
    if "LOANS" not in without and life.tells("loan"):
        records.replace(database, item.id, records.LOAN, [contracts.loan(life, item.id, today)])
    accounts = ledger.accounts(database, item.id)
    if "IDENTITY" not in without:
        firms = sorted({one["taxNumber"] for one in accounts if "/" in one["taxNumber"]})
        owner = papers.who_is(life, item.id, stamp=stamp, firms=firms)
        records.replace(database, item.id, records.IDENTITY, [_kept_since(database, owner)])
    if life.bank.open_finance:
        _open_finance(database, item, accounts, today)


def _investments(
    database: Database, item: Item, life: Life, today: dt.date, stamp: str, without: frozenset[str]
) -> None:
    positions = investments.positions(life, item.id, today)
    for position in positions:
        position.data |= {"createdAt": stamp, "updatedAt": stamp}
    found = [_kept_since(database, one.data, records.INVESTMENT) for one in positions]
    records.replace(database, item.id, records.INVESTMENT, found)
    if "INVESTMENTS_TRANSACTIONS" in without:
        return
    for position in positions:
        records.replace(
            database, item.id, records.INVESTMENT_TRANSACTION, position.transactions,
            parent_id=position.data["id"],
        )  # fmt: skip


def _kept_since(database: Database, record: Json, kind: str = records.IDENTITY) -> Json:
    """The record with the moment it was first seen."""
    found = records.one(database, record["id"], kind)
    return record | {"createdAt": found[1]["createdAt"]} if found else record


def _open_finance(database: Database, item: Item, accounts: list[Json], today: dt.date) -> None:
    """The consent, what it reaches, and the statements of the bank accounts."""
    given = papers.consent(item.id, item.products, given=iso(parse(item.created_at)))
    records.replace(database, item.id, records.CONSENT, [given])
    reached = [papers.resource(one["id"], RESOURCES[one["type"]]) for one in accounts]
    for one in records.of_item(database, item.id, records.INVESTMENT):
        reached.append(papers.resource(one["id"], RESOURCES[one["subtype"]]))
    reached += [
        papers.resource(one["id"], "LOAN") for one in records.of_item(database, item.id, records.LOAN)
    ]
    records.replace(database, item.id, records.RESOURCE, reached)
    for one in accounts:
        if one["type"] == "BANK":
            made = papers.statements(one["id"], today)
            records.replace(database, item.id, records.STATEMENT, made, parent_id=one["id"])
