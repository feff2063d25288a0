"""The institutions of the local Pluggy and how each of them answers a login."""
