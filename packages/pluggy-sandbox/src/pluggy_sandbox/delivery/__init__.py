"""Webhooks: publish events, find their receivers, deliver them and retry."""
