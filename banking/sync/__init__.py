"""The engine: one item, one run — lease, fetch, upsert, roll up, settle."""

from banking.sync.run import sync_item

__all__ = ["sync_item"]
