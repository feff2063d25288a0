"""Direct connectors that have ended: they are no longer offered, and their Open Finance successors are."""

from pluggy_sandbox.institutions import connectors
from pluggy_sandbox.store import key_values
from pluggy_sandbox.store.database import Database


def end(database: Database, connector_id: int, now: str) -> None:
    """Note that a direct connector ended at this instant."""
    key_values.put(database, _key(connector_id), now)


def undo(database: Database, connector_id: int) -> None:
    """Offer a connector again that has ended."""
    key_values.put(database, _key(connector_id), "")


def has_ended(database: Database, connector_id: int) -> bool:
    """Return whether the connector has ended."""
    return bool(key_values.get(database, _key(connector_id)))


def is_offered(database: Database, connector_id: int) -> bool:
    """Return whether the connector is in the list. A successor is, once the direct connector has ended."""
    direct = connectors.predecessor(connector_id)
    if direct is not None:
        return has_ended(database, direct)
    return not has_ended(database, connector_id)


def _key(connector_id: int) -> str:
    return f"ended/{connector_id}"
