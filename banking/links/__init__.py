"""Rows that belong together: found by evidence, or asked about (docs/numbers.md, 3)."""

from banking.links.matching import let_go, settle

__all__ = ["let_go", "settle"]
