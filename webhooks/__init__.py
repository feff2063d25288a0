"""Pluggy's deliveries: stored first, judged second."""
