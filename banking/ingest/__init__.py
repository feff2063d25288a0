"""Sync one connection: take the lease, read from Pluggy, store, match, and release the lease."""

from banking.connections.lease import RunBudget
from banking.ingest.sync_run import sync_item

__all__ = ["RunBudget", "sync_item"]
