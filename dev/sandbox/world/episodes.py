"""The episodes that a life is made of, by the names that data/banks.json gives them."""

import datetime as dt
from collections.abc import Callable, Iterator

from dev.sandbox.world import card, debit, firm, friends, home, loans, parts, reserves, transfers, wages
from dev.sandbox.world.life import Life
from dev.sandbox.world.rows import Row

Episode = Callable[[Life, dt.date], Iterator[Row]]

EPISODES: dict[str, Episode] = {
    "wage": wages.wage,
    "home": home.home,
    "boletos": home.boletos,
    "yearly": home.yearly,
    "fees": home.fees,
    "friends": friends.friends,
    "dinner": friends.dinner,
    "twice": friends.twice,
    "mishaps": friends.mishaps,
    "debit": debit.debit,
    "cash": debit.cash,
    "scheduled": debit.scheduled,
    "own-transfers": transfers.own_transfers,
    "everyday": card.everyday,
    "subscriptions": card.subscriptions,
    "coffees": card.coffees,
    "refunds": card.refunds,
    "abroad": card.abroad,
    "cashback": card.cashback,
    "parts": parts.parts,
    "loan": loans.loan,
    "invests": reserves.invests,
    "invoices": firm.invoices,
    "suppliers": firm.suppliers,
    "payroll": firm.payroll,
    "taxes": firm.taxes,
}
AFTERWARDS = ("savings", "caixinhas")  # told when the month's other rows are known (world/reserves.py)


def of_month(life: Life, month: dt.date) -> list[Row]:
    """All rows of a month that depend on nothing before it."""
    return [row for name in life.bank.tells if name in EPISODES for row in EPISODES[name](life, month)]
