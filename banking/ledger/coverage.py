"""Find the transactions that two connections to one account both list, as often as both have them. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from banking.money.text import have_similar_words, share_words

Group = tuple[object, ...]


class Posting(NamedTuple):
    """The values of a transaction that are compared."""

    id: UUID
    day: date
    amount: Decimal  # signed, with its splits
    currency: str
    description: str
    provider_id: str = ""


def find_covered(
    listed: Iterable[Posting], counted: Iterable[Posting], *, stored: Mapping[UUID, UUID]
) -> dict[UUID, UUID]:
    """Return which posting of `counted` each of `listed` is, by ids; those without a partner are left out.

    Two are the same if they have the bank's own number or the day in common, the value, and similar words.
    Each counted posting is at most one listed posting. Example: of three equal coffees of a day in the old
    connection and two in the new one, two are covered and one still counts. `stored` pairs stay while they
    have the same value.
    """
    old = {posting.id: posting for posting in sorted(listed)}
    new = {posting.id: posting for posting in sorted(counted)}
    by_new = {
        new_id: old_id
        for old_id, new_id in sorted(stored.items())
        if old_id in old and new_id in new and _value(old[old_id]) == _value(new[new_id])
    }
    covered = {old_id: new_id for new_id, old_id in by_new.items()}
    numbers = _unique_numbers(old.values()) & _unique_numbers(new.values())

    def by_number(posting: Posting) -> Group | None:
        return (posting.provider_id, *_value(posting)) if posting.provider_id in numbers else None

    # The strongest evidence first, so that a weaker one never takes a partner away.
    for group, is_same in ((by_number, None), (_by_day, _equal), (_by_day, have_similar_words)):
        covered |= dict(list(_pairs(old, new, covered, group, is_same)))
    return covered


def may_be_same(first: Posting, second: Posting) -> bool:
    """Tell whether two postings that were the same still may be: the bank corrected only the value, or the words.

    If both differ, the bank has given the id of one of them to another posting.
    """
    return _value(first) == _value(second) or share_words(first.description, second.description)


def _pairs(
    old: Mapping[UUID, Posting],
    new: Mapping[UUID, Posting],
    covered: Mapping[UUID, UUID],
    group: Callable[[Posting], Group | None],
    is_same: Callable[[str, str], bool] | None,
) -> Iterator[tuple[UUID, UUID]]:
    taken = set(covered.values())
    free: dict[Group, list[Posting]] = defaultdict(list)
    for posting in new.values():
        key = group(posting)
        if posting.id not in taken and key is not None:
            free[key].append(posting)
    for posting in [posting for posting in old.values() if posting.id not in covered]:
        key = group(posting)
        options = free.get(key, []) if key is not None else []
        for option in options:
            if is_same is None or is_same(posting.description, option.description):
                options.remove(option)
                yield posting.id, option.id
                break


def _value(posting: Posting) -> Group:
    return (posting.amount, posting.currency)


def _unique_numbers(postings: Iterable[Posting]) -> set[str]:
    """Return the bank's numbers that only one posting has; others, such as a constant, identify nothing."""
    counts = Counter(posting.provider_id for posting in postings)
    return {number for number, count in counts.items() if number and count == 1}


def _by_day(posting: Posting) -> Group | None:
    return (posting.day, *_value(posting))


def _equal(first: str, second: str) -> bool:
    return first.strip() == second.strip()
