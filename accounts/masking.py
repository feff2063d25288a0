"""Texts that stand in for personal data."""

MASK = "•••"


def masked_email(email: str) -> str:
    """Return e.g. `a•••@e•••.com`."""
    name, _at, domain = email.partition("@")
    host, _dot, suffix = domain.rpartition(".")
    return f"{name[:1]}{MASK}@{host[:1]}{MASK}.{suffix}"
