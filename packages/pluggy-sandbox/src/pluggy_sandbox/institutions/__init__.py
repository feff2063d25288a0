"""The institutions and how each of them answers a login."""
