"""Payloads into rows, in bulk and idempotent; only the bank's columns are written."""

from banking.upsert import accounts, items, transactions

__all__ = ["accounts", "items", "transactions"]
