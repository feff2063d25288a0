"""Announcing: builds the payload of an event and queues it for everyone who asked for it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dev.sandbox.clock import Clock, iso
from dev.sandbox.delivery.mishaps import Mishaps, befall, forge
from dev.sandbox.runs.report import Report
from dev.sandbox.store import outbox
from dev.sandbox.store.database import Database
from dev.sandbox.store.items import Item
from dev.sandbox.store.outbox import Target

Json = dict[str, Any]
IDS_PER_EVENT = 400


@dataclass(frozen=True)
class Announcer:
    """Writes events; `ring` wakes the courier once they are stored."""

    database: Database
    clock: Clock
    client_id: str
    origin: str
    ring: Callable[[], None]
    mishaps: Mishaps = field(default_factory=Mishaps)

    def item(
        self, event: str, item: Item, *, triggered_by: str | None = None, error: Json | None = None
    ) -> None:
        """An item/* event; `error` is the item's."""
        payload: Json = {"id": item.id, "itemId": item.id}
        if triggered_by:
            payload["triggeredBy"] = triggered_by
        if error:
            payload["error"] = {"code": error["code"], "message": error["message"], "parameter": None}
        self._announce(event, item, payload)

    def connector(self, connector_id: int, status: str) -> None:
        """An institution went down or came back: told to the application's webhooks only."""
        detail = {"id": str(connector_id), "connectorId": connector_id, "data": {"status": status}}
        self._announce("connector/status_updated", None, detail)

    def report(self, item: Item, report: Report) -> None:
        """The transactions/* events of one account; none if nothing changed."""
        if report.created:
            self._created(item, report)
        self._listed("transactions/updated", item, report.account_id, report.updated)
        self._listed("transactions/deleted", item, report.account_id, report.deleted)

    def _listed(self, event: str, item: Item, account_id: str, ids: list[str]) -> None:
        for start in range(0, len(ids), IDS_PER_EVENT):
            chunk = ids[start : start + IDS_PER_EVENT]
            detail = {"itemId": item.id, "accountId": account_id, "transactionIds": chunk}
            self._announce(event, item, detail | {"transactionsCount": len(chunk)})

    def _created(self, item: Item, report: Report) -> None:
        since = min(row["createdAt"] for row in report.created)
        link = f"{self.origin}/v2/transactions?accountId={report.account_id}&createdAtFrom={since}"
        payload = {
            "itemId": item.id,
            "accountId": report.account_id,
            "transactionsCount": len(report.created) + report.also_created,
            "transactionsMinDate": min(row["date"] for row in report.created),
            "transactionsCreatedAtFrom": since,
            "createdTransactionsLink": link,
        }
        self._announce("transactions/created", item, payload)

    def _announce(self, event: str, item: Item | None, detail: Json) -> None:
        event_id = str(uuid.uuid4())
        payload: Json = {"event": event, "eventId": event_id, "id": event_id} | detail
        if item:
            payload |= {"clientId": self.client_id, "clientUserId": item.client_user_id}
        self._send(payload, targets(self.database, event, item.webhook_url if item else None))

    def _send(self, payload: Json, meant: list[Target]) -> None:
        """Store the event for the courier, after what befalls it on request."""
        mishap, now = self.mishaps.strike(payload["event"]), iso(self.clock.now())
        kind = mishap.kind if mishap and mishap.kind != "forged" else None
        outbox.add_event(
            self.database, payload, created_at=now, targets=befall(mishap, meant), fault=kind
        )  # fmt: skip
        if mishap and mishap.kind == "forged":
            false, aimed = forge(mishap, payload, meant)
            fault = f"forged: {mishap.forgery}"
            outbox.add_event(self.database, false, created_at=now, targets=aimed, fault=fault)
        self.database.after_commit(self.ring)


def targets(database: Database, event: str, item_url: str | None) -> list[Target]:
    """Who is told about an event now: the application's webhooks with headers, the item's URL without."""
    found = [
        Target(hook["url"], hook["headers"], hook["id"])
        for hook in outbox.webhooks(database)
        if hook["event"] in ("all", event) and not hook["disabledAt"]
    ]
    return [*found, Target(item_url, {})] if item_url else found
