"""Store the user's review of a match: confirmed or rejected."""

from datetime import datetime

from django.db.transaction import atomic

from banking.connections.models import SyncState
from banking.ledger import matching
from banking.ledger.models import CategoryTree, TransactionMatch


def confirm(match: TransactionMatch, *, now: datetime) -> bool:
    """Confirm that the two transactions belong together. False if the match no longer exists."""
    return _review(match, TransactionMatch.State.CONFIRMED, now)


def reject(match: TransactionMatch, *, now: datetime) -> bool:
    """Reject the match for good: it is not suggested again. False if it no longer exists."""
    return _review(match, TransactionMatch.State.REJECTED, now)


@atomic
def _review(match: TransactionMatch, state: TransactionMatch.State, now: datetime) -> bool:
    """Store the review and detect again, because a confirmed transaction can be in no other match."""
    SyncState.objects.lock_all_for_user(match.user_id)
    if not TransactionMatch.objects.filter(id=match.id).update(state=state, reviewed_at=now):
        return False  # the transactions changed meanwhile, and the match was removed
    ids = {match.outflow_id, match.inflow_id}
    dates = sorted((match.outflow.local_date, match.inflow.local_date))
    matching.update_matches(
        match.user_id, (dates[0], dates[1]), roots=CategoryTree.load().roots, now=now, also=ids
    )
    return True
