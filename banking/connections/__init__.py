"""Connections to banks: Pluggy's connectors and items, their sync state and the lease of a sync run."""
