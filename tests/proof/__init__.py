"""Proofs: what must hold after any history of changes, deliveries, workers and crashes."""
