"""Names of Pluggy's events that are used, and what a subscription of a webhook covers."""

from collections.abc import Iterable

from banking.connections.models import SyncHint

ALL, ALL_ITEM_EVENTS = "all", "item/all"  # names of subscriptions only
ITEM_EVENTS = frozenset(
    {
        "item/created",
        "item/updated",
        "item/deleted",
        "item/error",
        "item/waiting_user_input",
        "item/waiting_user_action",
        "item/login_succeeded",
    }
)
TRANSACTION_EVENTS = {
    "transactions/created": SyncHint.Kind.CREATED,
    "transactions/updated": SyncHint.Kind.UPDATED,
    "transactions/deleted": SyncHint.Kind.DELETED,
}
CONNECTOR_EVENT = "connector/status_updated"
# Without one of these, changes would come late. The health of a bank is also in each item that is read.
NEEDED_EVENTS = ITEM_EVENTS | TRANSACTION_EVENTS.keys()


def not_covered(subscriptions: Iterable[str]) -> frozenset[str]:
    """Return the needed events that none of these subscriptions delivers."""
    names = set(subscriptions)
    if ALL in names:
        return frozenset()
    return NEEDED_EVENTS - names - (ITEM_EVENTS if ALL_ITEM_EVENTS in names else frozenset())
