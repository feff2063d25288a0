"""Find items of our users at Pluggy that we do not know, because claiming them failed and no event came.

Once a day all items of the application are listed, and those of a user of ours are bound to them as if a webhook had
named them. Pluggy opens this list by contract. Where it is refused, the items are listed for each user who was here
lately; where that is refused as well, an alert says so and nothing else changes.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from banking.connections import actions
from banking.connections.models import Alert, Item, ItemListing
from banking.pluggy import Client, ItemPage, PluggyError, Refused

logger = logging.getLogger(__name__)

INTERVAL = timedelta(hours=23)  # it is checked every hour, so there is one listing a day
SIGNED_IN_WITHIN = timedelta(days=30)  # longer than a session: who was not here has connected nothing
Way = ItemListing.Way


def find_unclaimed_items(*, client: Client, now: datetime) -> list[UUID]:
    """List the items at Pluggy, if that is due, and bind those that nobody has claimed; return the latter.

    If Pluggy fails, the next call continues where this one stopped.
    """
    listing = _due_listing(now)
    claimed: list[UUID] = []
    if listing is None:
        return claimed
    try:
        _list(listing, claimed, client, now)
    except Refused as error:
        _finish(listing, now, failure=str(error))
        detail = (
            f"Pluggy refuses GET /v2/items ({error}). An item is lost if its user's browser could not claim it and"
            " none of its events arrived. Ask Pluggy to open the list for this application, or acknowledge this"
        )
        Alert.objects.open(Alert.Code.NOT_LISTED, detail, now=now)
    except PluggyError as error:
        logger.warning("the items at Pluggy were not all listed: %s", error)
        listing.failure = str(error)[:200]
        listing.save()
    else:
        _finish(listing, now)
        Alert.objects.close(Alert.Code.NOT_LISTED, now=now)
    return claimed


def _due_listing(now: datetime) -> ItemListing | None:
    """Return the listing to continue, a new one, or None if there was one within a day."""
    latest = ItemListing.objects.first()
    if latest is not None and now - latest.started_at < INTERVAL:
        return latest if latest.finished_at is None else None
    return ItemListing.objects.create(started_at=now)


def _list(listing: ItemListing, claimed: list[UUID], client: Client, now: datetime) -> None:
    if listing.way == Way.APPLICATION:
        try:
            for page in client.items(after=listing.cursor):
                _claim(page, listing, claimed, client, now)
                listing.cursor = page.next_cursor
                listing.save()
            return
        except Refused as error:
            logger.info("the items of the application are not listed: %s", error)
            if not _recent_users(now).exists():
                raise
            listing.way, listing.cursor = Way.BY_USER, ""
    for user in _recent_users(now).filter(id__gt=int(listing.cursor or 0)).order_by("id"):
        for page in client.items(client_user_id=user.reference):
            _claim(page, listing, claimed, client, now)
        listing.cursor = str(user.pk)
        listing.save()


def _recent_users(now: datetime) -> QuerySet[User]:
    return User.objects.filter(is_active=True, last_login__gt=now - SIGNED_IN_WITHIN)


def _claim(page: ItemPage, listing: ItemListing, claimed: list[UUID], client: Client, now: datetime) -> None:
    """Bind the items of a page that are unknown here and belong to a user of ours, as Pluggy confirms.

    An item that is listed without its owner is asked for as well.
    """
    owners = {payload.id: payload.client_user_id for payload in page.items}
    unreadable_ids = {record.id for record in page.unreadable if record.id}
    known = set(Item.objects.filter(id__in=[*owners, *unreadable_ids]).values_list("id", flat=True))
    ours = User.objects.filter(is_active=True, reference__in=[owner for owner in owners.values() if owner])
    references = set(ours.values_list("reference", flat=True))
    candidates = {item_id for item_id, owner in owners.items() if not owner or owner in references}
    candidates |= unreadable_ids
    for item_id in sorted(candidates - known):
        try:
            item = actions.bind_from_webhook(item_id, client=client, now=now)
        except Refused as error:
            logger.warning("item %s is listed but refused: %s", item_id, error)
            continue
        if item is not None:
            claimed.append(item.id)
            listing.claimed_count += 1
    listing.listed_count += len(owners) + len(page.unreadable)


def _finish(listing: ItemListing, now: datetime, *, failure: str = "") -> None:
    listing.finished_at, listing.failure = now, failure[:200]
    listing.save()
