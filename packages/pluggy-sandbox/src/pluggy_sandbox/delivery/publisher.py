"""Build the payloads of events and queue them for every registered receiver."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pluggy_sandbox.clock import Clock, iso
from pluggy_sandbox.delivery.changes import AccountChanges
from pluggy_sandbox.delivery.faults import DeliveryFaults, apply_fault, forge_event, sent_payload
from pluggy_sandbox.store import ledger, outbox
from pluggy_sandbox.store.database import Database
from pluggy_sandbox.store.items import Item
from pluggy_sandbox.store.outbox import Target

Json = dict[str, Any]
IDS_PER_EVENT = 400


@dataclass(frozen=True)
class EventPublisher:
    """Stores events; `wake` is called once they are committed."""

    database: Database
    clock: Clock
    client_id: str
    origin: str
    wake: Callable[[], None]
    faults: DeliveryFaults = field(default_factory=DeliveryFaults)

    def item(
        self, event: str, item: Item, *, triggered_by: str | None = None, error: Json | None = None
    ) -> None:
        """Publish an item/* event; `error` is the error of the item."""
        payload: Json = {"id": item.id, "itemId": item.id}
        if triggered_by:
            payload["triggeredBy"] = triggered_by
        if error:
            payload["error"] = {"code": error["code"], "message": error["message"], "parameter": None}
        self._publish(event, item, payload)

    def connector(self, connector_id: int, status: str) -> None:
        """Publish connector/status_updated to the webhooks of the application."""
        detail = {"id": str(connector_id), "connectorId": connector_id, "data": {"status": status}}
        self._publish("connector/status_updated", None, detail)

    def publish_changes(self, item: Item, changes: AccountChanges) -> None:
        """Publish the transactions/* events of one account; none if nothing changed."""
        if changes.created:
            self._publish_created(item, changes)
        self._publish_ids("transactions/updated", item, changes.account_id, changes.updated)
        self._publish_ids("transactions/deleted", item, changes.account_id, changes.deleted)

    def _publish_ids(self, event: str, item: Item, account_id: str, ids: list[str]) -> None:
        for start in range(0, len(ids), IDS_PER_EVENT):
            chunk = ids[start : start + IDS_PER_EVENT]
            detail = {"itemId": item.id, "accountId": account_id, "transactionIds": chunk}
            self._publish(event, item, detail | {"transactionsCount": len(chunk)})

    def _publish_created(self, item: Item, changes: AccountChanges) -> None:
        since = min(map(ledger.indexed_creation, changes.created))
        link = f"{self.origin}/v2/transactions?accountId={changes.account_id}&createdAtFrom={since}"
        payload = {
            "itemId": item.id,
            "accountId": changes.account_id,
            "transactionsCount": len(changes.created) + changes.also_created,
            "transactionsMinDate": min(map(ledger.indexed_date, changes.created)),
            "transactionsCreatedAtFrom": since,
            "createdTransactionsLink": link,
        }
        self._publish("transactions/created", item, payload)

    def _publish(self, event: str, item: Item | None, detail: Json) -> None:
        event_id = str(uuid.uuid4())
        payload: Json = {"event": event, "eventId": event_id, "id": event_id} | detail
        if item:
            payload |= {"clientId": self.client_id, "clientUserId": item.client_user_id}
        self._store(payload, targets_of(self.database, event, item.webhook_url if item else None))

    def _store(self, payload: Json, requested: list[Target]) -> None:
        """Store the event and its deliveries, after the delivery fault for it, if any."""
        delivery_fault, now = self.faults.pick(payload["event"]), iso(self.clock.now())
        kind = delivery_fault.kind if delivery_fault and delivery_fault.kind != "forged" else None
        outbox.add_event(
            self.database, payload, created_at=now, targets=apply_fault(delivery_fault, requested), fault=kind,
            sent=sent_payload(delivery_fault, payload),
        )  # fmt: skip
        if delivery_fault and delivery_fault.kind == "forged":
            forged_payload, forged_targets = forge_event(delivery_fault, payload, requested)
            fault = f"forged: {delivery_fault.forgery_variant}"
            outbox.add_event(
                self.database, forged_payload, created_at=now, targets=forged_targets, fault=fault
            )
        self.database.after_commit(self.wake)


def targets_of(database: Database, event: str, item_url: str | None) -> list[Target]:
    """Return the receivers of an event.

    Webhooks of the application get their headers, the item's URL gets none.
    """
    application_targets = [
        Target(hook["url"], hook["headers"], hook["id"])
        for hook in outbox.webhooks(database)
        if _is_subscribed(hook["event"], event) and not hook["disabledAt"]
    ]
    return [*application_targets, Target(item_url, {})] if item_url else application_targets


def _is_subscribed(subscription: str, event: str) -> bool:
    """Return whether a webhook for `subscription` gets the event."""
    return subscription in ("all", event) or (subscription == "item/all" and event.startswith("item/"))
