"""Collect what is not an account: investments, loans, identity, consent, resources and statements."""

import datetime as dt
from typing import Any

from pluggy_sandbox.clock import SAO_PAULO, iso, parse
from pluggy_sandbox.store import ledger, records
from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.items import Item
from pluggy_sandbox.world import documents, investments, loan_contracts
from pluggy_sandbox.world.customers import Customer

Json = dict[str, Any]
RESOURCES = {
    "BANK": "ACCOUNT",
    "CREDIT": "CREDIT_CARD_ACCOUNT",
    "CDB": "BANK_FIXED_INCOME",
    "FIXED_INCOME_FUND": "FUND",
}


def write(
    database: Database, item: Item, customer: Customer, *, now: dt.datetime, without: frozenset[str]
) -> None:
    """Replace the item's records of every product that is not left out."""
    today, stamp = now.astimezone(SAO_PAULO).date(), iso(now)
    if "INVESTMENTS" not in without:
        _investments(database, item, customer, today, stamp, without)
    if "LOANS" not in without and customer.has_activity("loan"):
        records.replace(database, item.id, records.LOAN, [loan_contracts.loan_json(customer, item.id, today)])
    accounts = ledger.accounts(database, item.id)
    if "IDENTITY" not in without:
        firms = sorted({account["taxNumber"] for account in accounts if "/" in account["taxNumber"]})
        owner = documents.identity_of(customer, item.id, stamp=stamp, firms=firms)
        records.replace(database, item.id, records.IDENTITY, [_with_first_seen(database, owner)])
    if customer.bank.open_finance:
        _open_finance(database, item, accounts, today)


def _investments(
    database: Database, item: Item, customer: Customer, today: dt.date, stamp: str, without: frozenset[str]
) -> None:
    positions = investments.positions(customer, item.id, today)
    for position in positions:
        position.data |= {"createdAt": stamp, "updatedAt": stamp}
    collected = [_with_first_seen(database, position.data, records.INVESTMENT) for position in positions]
    records.replace(database, item.id, records.INVESTMENT, collected)
    if "INVESTMENTS_TRANSACTIONS" in without:
        return
    for position in positions:
        records.replace(
            database, item.id, records.INVESTMENT_TRANSACTION, position.transactions,
            parent_id=position.data["id"],
        )  # fmt: skip


def _with_first_seen(database: Database, record: Json, kind: str = records.IDENTITY) -> Json:
    """Return the record with the time when it was first collected."""
    stored = records.get(database, record["id"], kind)
    return record | {"createdAt": stored[1]["createdAt"]} if stored else record


def _open_finance(database: Database, item: Item, accounts: list[Json], today: dt.date) -> None:
    """Write the consent, its resources, and the statements of the bank accounts."""
    consent = documents.consent(item.id, item.products, given_at=iso(parse(item.created_at)))
    records.replace(database, item.id, records.CONSENT, [consent])
    resources = [documents.resource(account["id"], RESOURCES[account["type"]]) for account in accounts]
    resources += [
        documents.resource(investment["id"], RESOURCES[investment["subtype"]])
        for investment in records.for_item(database, item.id, records.INVESTMENT)
    ]
    resources += [
        documents.resource(loan["id"], "LOAN") for loan in records.for_item(database, item.id, records.LOAN)
    ]
    records.replace(database, item.id, records.RESOURCE, resources)
    for account in accounts:
        if account["type"] == "BANK":
            statements = documents.statements(account["id"], today)
            records.replace(database, item.id, records.STATEMENT, statements, parent_id=account["id"])
