"""Writes a world: compares it with what is stored, writes all or nothing, and tells what changed."""

import json
from dataclasses import dataclass
from typing import Any

from dev.sandbox.bank import connectors
from dev.sandbox.clock import Clock, iso
from dev.sandbox.delivery.events import Announcer
from dev.sandbox.runs.report import Report
from dev.sandbox.store import items, ledger, records
from dev.sandbox.store.database import Database
from dev.sandbox.store.items import Item
from dev.sandbox.store.ledger import Entry
from dev.sandbox.worldfile.reader import UNSET, LoadedAccount, LoadedItem
from dev.sandbox.worldfile.shapes import Mistakes

Json = dict[str, Any]
ATTRIBUTES = {
    "clientUserId": "client_user_id",
    "status": "status",
    "executionStatus": "execution_status",
    "error": "error",
    "statusDetail": "status_detail",
    "webhookUrl": "webhook_url",
    "oauthRedirectUri": "oauth_redirect_uri",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "lastUpdatedAt": "last_updated_at",
    "nextAutoSyncAt": "next_auto_sync_at",
    "consecutiveFailedLoginAttempts": "failed_logins",
    "products": "products",
}


@dataclass(frozen=True)
class Writer:
    """Writes into one local Pluggy. `extend` keeps what the file no longer has; `silent` tells nobody."""

    database: Database
    clock: Clock
    announcer: Announcer
    extend: bool = False
    silent: bool = False

    def write(self, loaded: list[LoadedItem]) -> Json:
        """Everything in one transaction; Mistakes if an id belongs to somebody else."""
        with self.database.writing():
            mistakes = [mistake for item in loaded for mistake in self._taken(item)]
            if mistakes:
                raise Mistakes(mistakes)
            return {"mode": "extend" if self.extend else "replace", "items": list(map(self._item, loaded))}

    def _taken(self, loaded: LoadedItem) -> list[str]:
        """Ids that something else has already."""
        found, mine = [], loaded.data["id"]
        item = items.load(self.database, mine)
        if item is not None and not item.loaded:
            found.append(f"{loaded.place}.id: is an item that did not come from a file")
        for number, account in enumerate(loaded.accounts):
            place = f"{loaded.place}.accounts[{number}]"
            row = ledger.account(self.database, account.data["id"])
            if row is not None and row["item_id"] != mine:
                found.append(f"{place}.id: is an account of another item")
            known = ledger.known_ids(self.database, account.data["id"])
            for place_in_list, entry in enumerate(account.entries):
                kept = (
                    None if entry.data["id"] in known else ledger.transaction(self.database, entry.data["id"])
                )
                if kept is not None and kept.account_id != account.data["id"]:
                    found.append(f"{place}.transactions[{place_in_list}].id: is a row of another account")
        return found

    def _item(self, loaded: LoadedItem) -> Json:
        now = iso(self.clock.now())
        before = items.load(self.database, loaded.data["id"])
        item = _made(loaded, before, now)
        was = self._rest(item.id)
        accounts = [self._dated(account, now) for account in loaded.accounts]
        compared = [self._compared(account, now) for account in loaded.accounts]
        reports = [report for report, _ in compared]
        if before is not None and not self.extend:
            reports += self._vanished(item.id, {account["id"] for account in accounts})
            items.delete(self.database, item.id)
        items.save(self.database, item, due_at=None)
        for position, account in enumerate(loaded.accounts):
            self._account(account, accounts[position], compared[position][1], position)
        self._records(loaded, item.id, now)
        changed = any(_changes(report) for report in reports) or self._rest(item.id) != was
        self._tell(item, reports, first=before is None, changed=changed)
        return _told(item, reports)

    def _account(self, account: LoadedAccount, data: Json, rows: list[Entry], position: int) -> None:
        ledger.save_account(self.database, data, kind=account.kind, position=position, opening_cents=0)
        ledger.save_transactions(self.database, rows)
        ledger.save_bills(self.database, data["id"], account.bills)

    def _compared(self, account: LoadedAccount, now: str) -> tuple[Report, list[Entry]]:
        """What changes in an account, and the rows to write: all of them, or in extend mode those changed."""
        stored = map(json.loads, ledger.stream(self.database, account.data["id"]))
        old = {row["id"]: row for row in stored}
        report, kept = Report(account.data["id"]), []
        for entry in account.entries:
            was = old.pop(entry.data["id"], None)
            data, changed = _dated_row(entry.data, was, now)
            if was is None:
                report.created.append(data)
            elif changed:
                report.updated.append(data["id"])
            if not self.extend or was is None or changed:
                kept.append(Entry(data, entry.cents))
        if not self.extend:
            report.deleted.extend(old)
        return report, kept

    def _vanished(self, item_id: str, there: set[str]) -> list[Report]:
        """Accounts that the file no longer has take their rows with them."""
        gone = [row["id"] for row in ledger.account_rows(self.database, item_id) if row["id"] not in there]
        return [Report(one, deleted=list(ledger.known_ids(self.database, one))) for one in gone]

    def _dated(self, account: LoadedAccount, now: str) -> Json:
        stored = ledger.account(self.database, account.data["id"])
        return _dated_row(account.data, json.loads(stored["data"]) if stored else None, now)[0]

    def _records(self, loaded: LoadedItem, item_id: str, now: str) -> None:
        kinds = {
            records.INVESTMENT: loaded.investments,
            records.LOAN: loaded.loans,
            records.IDENTITY: loaded.identity,
            records.CONSENT: [_dated_row(one, None, now)[0] for one in loaded.consents],
        }
        for kind, found in kinds.items():
            if found or not self.extend:
                records.replace(self.database, item_id, kind, found)
        for parent, rows in loaded.investment_transactions.items():
            kind = records.INVESTMENT_TRANSACTION
            records.replace(self.database, item_id, kind, rows, parent_id=parent)

    def _rest(self, item_id: str) -> list[Any]:
        """What an item has besides rows, to see whether it changed."""
        accounts = ledger.accounts(self.database, item_id)
        timeless = [account | {"updatedAt": None} for account in accounts]
        bills = [ledger.bills(self.database, account["id"]) for account in accounts]
        kinds = (records.INVESTMENT, records.INVESTMENT_TRANSACTION, records.LOAN, records.IDENTITY)
        return [timeless, bills, *(records.of_item(self.database, item_id, kind) for kind in kinds)]

    def _tell(self, item: Item, reports: list[Report], *, first: bool, changed: bool) -> None:
        """The webhooks of a first run, or those of what changed since; nothing changed, nothing told."""
        if self.silent or not (first or changed):
            return
        if first:
            self.announcer.item("item/login_succeeded", item, triggered_by="CLIENT")
        for report in reports:
            self.announcer.report(item, report)
        by = "CLIENT" if first else "SYNC"
        if item.error:
            self.announcer.item("item/error", item, triggered_by=by, error=item.error)
        else:
            self.announcer.item("item/created" if first else "item/updated", item, triggered_by=by)


def _made(loaded: LoadedItem, before: Item | None, now: str) -> Item:
    """The item: the file's fields, else those it had, else those of an item that has just been collected."""
    usual: Json = {"created_at": now, "updated_at": now, "last_updated_at": now, "ever_collected": True}
    usual |= {"status": "UPDATED", "execution_status": "SUCCESS", "user": "user-ok", "opened_on": now[:10]}
    item = before or Item(
        id=loaded.data["id"], connector_id=loaded.connector_id, products=list(connectors.PRODUCTS), **usual
    )  # fmt: skip
    item.loaded, item.run = True, None
    item.updated_at = item.last_updated_at = now
    for name, attribute in ATTRIBUTES.items():
        if loaded.data[name] is not None:
            setattr(item, attribute, loaded.data[name])
    if item.status == "UPDATED":
        item.error = None
    return item


def _dated_row(data: Json, was: Json | None, now: str) -> tuple[Json, bool]:
    """The row with its times, and whether it differs from the stored one."""
    fresh = dict(data)
    if fresh.get("createdAt") == UNSET:
        fresh["createdAt"] = was["createdAt"] if was else now
    if fresh.get("updatedAt") == UNSET:
        fresh["updatedAt"] = was["updatedAt"] if was else now
    changed = fresh != was
    if changed and data.get("updatedAt") == UNSET:
        fresh["updatedAt"] = now
    return fresh, changed


def _changes(report: Report) -> bool:
    return bool(report.created or report.updated or report.deleted)


def _told(item: Item, reports: list[Report]) -> Json:
    accounts = [
        {
            "id": report.account_id,
            "created": len(report.created),
            "updated": len(report.updated),
            "deleted": len(report.deleted),
        }
        for report in reports
    ]
    return {
        "id": item.id,
        "clientUserId": item.client_user_id,
        "connectorId": item.connector_id,
        "accounts": accounts,
    }
