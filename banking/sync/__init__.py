"""The engine: one item, one run — lease, fetch, upsert, roll up, settle."""

from banking.sync.lease import Most
from banking.sync.run import sync_item

__all__ = ["Most", "sync_item"]
