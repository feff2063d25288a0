"""What a person says about two rows: that they belong together, or that they do not."""

from datetime import datetime

from django.db import transaction

from banking import links
from banking.models import CategoryTree, Link, SyncState


def confirm(link: Link, *, now: datetime) -> bool:
    """They are the same money."""
    return _answer(link, Link.State.CONFIRMED, now)


def reject(link: Link, *, now: datetime) -> bool:
    """They have nothing to do with each other: it is not asked again."""
    return _answer(link, Link.State.REJECTED, now)


@transaction.atomic
def _answer(link: Link, state: Link.State, now: datetime) -> bool:
    """The answer moves other pairs, too: a row that is taken is nobody else's other half."""
    SyncState.objects.hold_all(link.user_id)
    said = Link.objects.filter(id=link.id)
    if not said.update(state=state, said_at=now):
        return False  # its rows have moved meanwhile, and there is nothing left to ask
    legs = {link.out_id: link.out.local_date, link.into_id: link.into.local_date}
    days = (min(legs.values()), max(legs.values()))
    links.settle(link.user_id, days, roots=CategoryTree.load().roots, now=now, also=set(legs))
    return True
