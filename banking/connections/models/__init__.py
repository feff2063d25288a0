"""Models of connections: connectors, items, consents, sync state and runs, listings, freshness, alerts."""

from banking.connections.models.alerts import Alert
from banking.connections.models.consents import Consent
from banking.connections.models.items import Connector, Item
from banking.connections.models.listings import ItemListing
from banking.connections.models.products import Product, ProductState
from banking.connections.models.sync import SyncHint, SyncRun, SyncState

__all__ = [
    "Alert",
    "Connector",
    "Consent",
    "Item",
    "ItemListing",
    "Product",
    "ProductState",
    "SyncHint",
    "SyncRun",
    "SyncState",
]
