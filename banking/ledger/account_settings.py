"""Store what the user decides about an account: closed since a day, still open, left out of totals."""

from datetime import date

from banking.ledger.models import Account


class ClosedInFuture(ValueError):
    """An account cannot have been closed on a day that is still to come."""


def close(account: Account, on: date, *, today: date) -> None:
    """Let the account count in no balance from this day on. Raises ClosedInFuture."""
    if on > today:
        raise ClosedInFuture
    _save(account, closed_on=on, is_confirmed_open=False)


def keep_open(account: Account) -> None:
    """Let the account count as it is, although the bank may no longer list it; the question ends."""
    _save(account, closed_on=None, is_confirmed_open=True)


def leave_out(account: Account, *, is_left_out: bool) -> None:
    """Leave the account out of every total of all accounts, or take it in again."""
    _save(account, is_left_out=is_left_out)


def _save(account: Account, **columns: object) -> None:
    for name, value in columns.items():
        setattr(account, name, value)
    account.save(update_fields=list(columns))
