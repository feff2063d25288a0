"""Store a world file: compare it with what is stored, write all or nothing, and publish the changes."""

import json
from dataclasses import dataclass, replace
from typing import Any

from pluggy_sandbox.clock import Clock, iso
from pluggy_sandbox.delivery.changes import AccountChanges
from pluggy_sandbox.delivery.publisher import EventPublisher
from pluggy_sandbox.institutions import connectors
from pluggy_sandbox.store import items, ledger, records
from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.items import Item
from pluggy_sandbox.store.ledger import LedgerEntry
from pluggy_sandbox.world_files.reader import UNSET, LoadedAccount, LoadedItem
from pluggy_sandbox.world_files.schemas import ValidationErrors

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
    """Writes into one sandbox. `extend` keeps what the file no longer has; `silent` publishes nothing."""

    database: Database
    clock: Clock
    publisher: EventPublisher
    extend: bool = False
    silent: bool = False

    def write(self, loaded: list[LoadedItem]) -> Json:
        """Store everything in one transaction; raise ValidationErrors if an id belongs to something else."""
        with self.database.write_transaction():
            errors = [error for item in loaded for error in self._conflicting_ids(item)]
            if errors:
                raise ValidationErrors(errors)
            return {"mode": "extend" if self.extend else "replace", "items": list(map(self._item, loaded))}

    def _conflicting_ids(self, loaded: LoadedItem) -> list[str]:
        """Return an error for each id that something else already has."""
        errors, item_id = [], loaded.data["id"]
        item = items.load(self.database, item_id)
        if item is not None and not item.from_file:
            errors.append(f"{loaded.path}.id: is an item that did not come from a file")
        for number, account in enumerate(loaded.accounts):
            path = f"{loaded.path}.accounts[{number}]"
            account_row = ledger.account(self.database, account.data["id"])
            if account_row is not None and account_row["item_id"] != item_id:
                errors.append(f"{path}.id: is an account of another item")
            known_statuses = ledger.known_statuses(self.database, account.data["id"])
            for index, entry in enumerate(account.entries):
                if entry.data["id"] in known_statuses:
                    continue
                stored = ledger.transaction(self.database, entry.data["id"])
                if stored is not None and stored.account_id != account.data["id"]:
                    errors.append(f"{path}.transactions[{index}].id: is a transaction of another account")
        return errors

    def _item(self, loaded: LoadedItem) -> Json:
        now = iso(self.clock.now())
        stored_item = items.load(self.database, loaded.data["id"])
        item = _build_item(loaded, stored_item, now)
        old_data = self._other_data(item.id)
        old_consents = {
            consent["id"]: consent for consent in records.for_item(self.database, item.id, records.CONSENT)
        }
        accounts = [self._account_with_times(account, now) for account in loaded.accounts]
        comparisons = [self._compare(account, now) for account in loaded.accounts]
        all_changes = [changes for changes, _ in comparisons]
        if stored_item is not None and not self.extend:
            all_changes += self._removed_accounts(item.id, {account["id"] for account in accounts})
            items.clear_data(self.database, item.id)
        for position, account in enumerate(loaded.accounts):
            self._account(account, accounts[position], comparisons[position][1], position)
        self._records(loaded, item.id, old_consents, now)
        changed = (
            item != stored_item
            or any(map(_has_changes, all_changes))
            or self._other_data(item.id) != old_data
        )
        if changed:
            _set_times(item, loaded, now)
        items.restore(self.database, item.id)
        items.save(self.database, item, due_at=None)
        self._publish(item, all_changes, first=stored_item is None, changed=changed)
        return _result_json(item, all_changes)

    def _account(self, account: LoadedAccount, data: Json, entries: list[LedgerEntry], position: int) -> None:
        ledger.save_account(self.database, data, kind=account.kind, position=position, opening_cents=0)
        ledger.save_transactions(self.database, entries)
        ledger.save_bills(self.database, data["id"], account.bills)

    def _compare(self, account: LoadedAccount, now: str) -> tuple[AccountChanges, list[LedgerEntry]]:
        """Return the changes of an account, and the entries to store: all of them, or only changed ones."""
        stored = map(json.loads, ledger.iter_transactions(self.database, account.data["id"]))
        old = {transaction["id"]: transaction for transaction in stored}
        changes, entries = AccountChanges(account.data["id"]), []
        for entry in account.entries:
            old_transaction = old.pop(entry.data["id"], None)
            data, changed = _with_times(entry.data, old_transaction, now)
            if old_transaction is None:
                changes.created.append(data)
            elif changed:
                changes.updated.append(data["id"])
            if not self.extend or old_transaction is None or changed:
                entries.append(LedgerEntry(data, entry.cents))
        if not self.extend:
            changes.deleted.extend(old)
        return changes, entries

    def _removed_accounts(self, item_id: str, kept_account_ids: set[str]) -> list[AccountChanges]:
        """Return the changes of accounts that the file no longer has: all their transactions are deleted."""
        changes = []
        for row in ledger.account_rows(self.database, item_id):
            if row["id"] not in kept_account_ids:
                deleted = list(ledger.known_statuses(self.database, row["id"]))
                changes.append(AccountChanges(row["id"], deleted=deleted))
        return changes

    def _account_with_times(self, account: LoadedAccount, now: str) -> Json:
        stored = ledger.account(self.database, account.data["id"])
        return _with_times(account.data, json.loads(stored["data"]) if stored else None, now)[0]

    def _records(self, loaded: LoadedItem, item_id: str, old_consents: dict[str, Json], now: str) -> None:
        records_by_kind = {
            records.INVESTMENT: loaded.investments,
            records.LOAN: loaded.loans,
            records.IDENTITY: loaded.identity,
            records.CONSENT: [
                _with_times(consent, old_consents.get(consent["id"]), now)[0] for consent in loaded.consents
            ],
        }
        for kind, new_records in records_by_kind.items():
            if new_records or not self.extend:
                records.replace(self.database, item_id, kind, new_records)
        for parent, transactions in loaded.investment_transactions.items():
            kind = records.INVESTMENT_TRANSACTION
            records.replace(self.database, item_id, kind, transactions, parent_id=parent)

    def _other_data(self, item_id: str) -> list[Any]:
        """Return everything but transactions, to see whether it changes."""
        accounts = ledger.accounts(self.database, item_id)
        timeless = [account | {"updatedAt": None} for account in accounts]
        bills = [ledger.bills(self.database, account["id"]) for account in accounts]
        kinds = (
            records.INVESTMENT, records.INVESTMENT_TRANSACTION, records.LOAN, records.IDENTITY, records.CONSENT,
        )  # fmt: skip
        return [timeless, bills, *(records.for_item(self.database, item_id, kind) for kind in kinds)]

    def _publish(self, item: Item, all_changes: list[AccountChanges], *, first: bool, changed: bool) -> None:
        """Publish the events of a first run, or of a sync with changes.

        Nothing is published without changes.
        """
        if self.silent or not (first or changed):
            return
        if first:
            self.publisher.item("item/login_succeeded", item, triggered_by="CLIENT")
        for changes in all_changes:
            self.publisher.publish_changes(item, changes)
        triggered_by = "CLIENT" if first else "SYNC"
        if item.error:
            self.publisher.item("item/error", item, triggered_by=triggered_by, error=item.error)
        else:
            self.publisher.item("item/created" if first else "item/updated", item, triggered_by=triggered_by)


def _build_item(loaded: LoadedItem, stored_item: Item | None, now: str) -> Item:
    """Return the item: fields come from the file, else from the stored item, else from defaults.

    The result equals the stored item unless the file changes a field of it.
    """
    defaults: Json = {"created_at": now, "updated_at": now, "last_updated_at": now, "ever_collected": True}
    defaults |= {
        "status": "UPDATED",
        "execution_status": "SUCCESS",
        "user": "user-ok",
        "history_start": now[:10],
    }
    item = replace(stored_item) if stored_item else Item(
        id=loaded.data["id"], connector_id=loaded.connector_id, products=list(connectors.PRODUCTS), **defaults
    )  # fmt: skip
    item.from_file, item.run = True, None
    for name, attribute in ATTRIBUTES.items():
        if loaded.data[name] is not None:
            setattr(item, attribute, loaded.data[name])
    if item.status == "UPDATED":
        item.error = None
    return item


def _set_times(item: Item, loaded: LoadedItem, now: str) -> None:
    """Set when the item was updated, unless the file says it."""
    item.updated_at = loaded.data["updatedAt"] or now
    item.last_updated_at = loaded.data["lastUpdatedAt"] or now


def _with_times(data: Json, stored: Json | None, now: str) -> tuple[Json, bool]:
    """Return the object with its times, and whether it differs from the stored one."""
    dated = dict(data)
    if dated.get("createdAt") == UNSET:
        dated["createdAt"] = stored.get("createdAt") if stored else now
    if dated.get("updatedAt") == UNSET:
        dated["updatedAt"] = stored.get("updatedAt") if stored else now
    changed = dated != stored
    if changed and data.get("updatedAt") == UNSET:
        dated["updatedAt"] = now
    return dated, changed


def _has_changes(changes: AccountChanges) -> bool:
    return bool(changes.created or changes.updated or changes.deleted)


def _result_json(item: Item, all_changes: list[AccountChanges]) -> Json:
    accounts = [
        {
            "id": changes.account_id,
            "created": len(changes.created),
            "updated": len(changes.updated),
            "deleted": len(changes.deleted),
        }
        for changes in all_changes
    ]
    return {
        "id": item.id,
        "clientUserId": item.client_user_id,
        "connectorId": item.connector_id,
        "accounts": accounts,
    }
