"""Find investments and loans that two connections of one customer both list. Pure (docs/numbers.md, 5).

Two connections are of one customer if they share a bank account (same_money.py). A connection to a broker may have no
account: then the institution, the owner and the codes of the positions decide.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from banking.connections.bank_names import bank_words
from banking.connections.models import Item
from banking.ledger.models import Account, DoubleListing, Investment, Loan
from banking.ledger.same_contracts import find_same_loans

Kind = DoubleListing.Kind
Pair = tuple[UUID, UUID]  # listed, counted
CERTAIN_CODES = 2  # as many positions with the same code and quantity are no coincidence

Record = TypeVar("Record", Investment, Loan)


class SameMoney(NamedTuple):
    kind: DoubleListing.Kind
    listed_id: UUID
    counted_id: UUID
    is_certain: bool
    evidence: str


class SameBroker(NamedTuple):
    """Two connections to one broker, and the positions that both list."""

    items: frozenset[UUID]
    is_certain: bool
    positions: tuple[tuple[Investment, Investment], ...]  # listed, counted


def bank_name(item: Item) -> frozenset[str]:
    """Return the words of a bank's name, without those that only name the kind of connector."""
    return bank_words(item.connector.name)


def is_alive(item: Item) -> bool:
    return item.gone_at is None and item.disconnected_at is None


def _rank(item: Item) -> tuple[object, ...]:
    """Order connections: what two of them list counts in the larger one, which the bank still has."""
    return (is_alive(item), item.connected_at, str(item.id))


# --- Brokers without a bank account ------------------------------------------------------------------------


def find_same_brokers(
    accounts: Iterable[Account],
    investments: Iterable[Investment],
    *,
    confirmed: Collection[Pair] = (),
    rejected: Collection[frozenset[UUID]] = (),
) -> list[SameBroker]:
    """Return the connections to one broker, one of which at least has no bank account.

    It is certain if the owner is the same and the bank's number of a position, or the codes and quantities of two
    positions. If less is known, the user is asked about one position; their answer is about the connections.
    """
    owners: dict[UUID, set[str]] = defaultdict(set)
    with_accounts = set()
    for account in accounts:
        owners[account.item_id] |= {account.owner_hash} - {""}
        if not account.is_card:
            with_accounts.add(account.item_id)
    by_item: dict[UUID, list[Investment]] = defaultdict(list)
    for investment in sorted(investments, key=lambda investment: str(investment.id)):
        by_item[investment.item_id].append(investment)
        owners[investment.item_id] |= {investment.item.owner_hash} - {""}
    item_of = {investment.id: investment.item_id for listed in by_item.values() for investment in listed}
    answers = [
        {frozenset(item_of[side] for side in pair) for pair in pairs if item_of.keys() >= set(pair)}
        for pairs in (confirmed, rejected)
    ]
    taken: set[UUID] = set()
    brokers = []
    ranked = sorted(by_item.values(), key=lambda listed: _rank(listed[0].item), reverse=True)
    for counted, listed in combinations(ranked, 2):
        first, second = counted[0].item, listed[0].item
        if with_accounts >= {first.id, second.id} or not _is_same_institution(first, second):
            continue
        known_owners = owners[first.id] | owners[second.id]
        if len(known_owners) > 1:
            continue
        is_same_owner = bool(owners[first.id] and owners[second.id])
        items = frozenset((first.id, second.id))
        free = [position for position in listed if position.id not in taken]
        broker = _compare(items, free, counted, is_same_owner=is_same_owner, is_confirmed=items in answers[0])
        if broker is None or (not broker.is_certain and items in answers[1]):
            continue
        if broker.is_certain:
            taken |= {position.id for position, _ in broker.positions}
        brokers.append(broker)
    return brokers


def _is_same_institution(first: Item, second: Item) -> bool:
    if first.connector_id == second.connector_id:
        return True
    name = bank_name(first)
    return bool(name) and name == bank_name(second)


def _compare(
    items: frozenset[UUID],
    listed: Sequence[Investment],
    counted: Sequence[Investment],
    *,
    is_same_owner: bool,
    is_confirmed: bool,
) -> SameBroker | None:
    by_number = _pairs(listed, counted, _have_same_number)
    by_code = _pairs(*_free(listed, counted, by_number), _have_same_code_and_size)
    pairs = [*by_number, *by_code]
    is_certain = is_confirmed or (is_same_owner and bool(by_number or len(by_code) >= CERTAIN_CODES))
    if is_certain:  # then a position that was bought or sold between the two readings is the same, too
        pairs += _pairs(*_free(listed, counted, pairs), _have_same_code)
    if not pairs:
        return None
    return SameBroker(items, is_certain, tuple(pairs))


def _pairs(
    listed: Iterable[Investment],
    counted: Iterable[Investment],
    is_same: Callable[[Investment, Investment], bool],
) -> list[tuple[Investment, Investment]]:
    free = list(counted)
    pairs = []
    for position in listed:
        options = [other for other in free if is_same(position, other)]
        if options:
            # Of several lots, the one of the same size.
            other = min(
                options, key=lambda option: (not _have_same_size(position, option), not option.is_held)
            )
            free.remove(other)
            pairs.append((position, other))
    return pairs


def _free(
    listed: Iterable[Investment],
    counted: Iterable[Investment],
    pairs: Iterable[tuple[Investment, Investment]],
) -> tuple[list[Investment], list[Investment]]:
    taken = {position.id for pair in pairs for position in pair}
    return (
        [position for position in listed if position.id not in taken],
        [position for position in counted if position.id not in taken],
    )


def _have_same_number(first: Investment, second: Investment) -> bool:
    number = _number(first)
    is_other = _contradict(first, second, "currency", "isin", "code", "due_on", "purchased_on")
    return bool(number) and number == _number(second) and not is_other


def _have_same_code_and_size(first: Investment, second: Investment) -> bool:
    return _have_same_code(first, second) and _have_same_size(first, second)


def _have_same_code(first: Investment, second: Investment) -> bool:
    numbers = {_number(first), _number(second)} - {""}
    if len(numbers) > 1 or _contradict(first, second, "currency", "isin", "due_on", "purchased_on"):
        return False
    return any(
        value and value == getattr(second, name)
        for name in ("isin", "code")
        if (value := getattr(first, name))
    )


def _have_same_size(first: Investment, second: Investment) -> bool:
    if first.quantity and second.quantity:
        return bool(first.quantity == second.quantity)
    return bool(first.balance and first.balance == second.balance)


def _contradict(first: Investment, second: Investment, *names: str) -> bool:
    """Tell whether both have one of the values, and not the same."""
    values = [(getattr(first, name), getattr(second, name)) for name in names]
    return any(value and other and value != other for value, other in values)


def _number(investment: Investment) -> str:
    return "".join(filter(str.isalnum, investment.number)).lstrip("0").lower()


# --- What both connections list ----------------------------------------------------------------------------


def find_repeated(
    investments: Sequence[Investment],
    loans: Sequence[Loan],
    *,
    same_items: Collection[frozenset[UUID]],
    brokers: Iterable[SameBroker],
    rejected: Collection[frozenset[UUID]] = (),
) -> list[SameMoney]:
    """Return the investments and loans that two connections of one customer both list."""
    found: list[SameMoney] = []
    customers = set(same_items)
    for broker in brokers:
        if broker.is_certain:
            customers.add(broker.items)
            found += [
                SameMoney(Kind.INVESTMENT, listed.id, counted.id, True, "same position")
                for listed, counted in broker.positions
                if frozenset((listed.id, counted.id)) not in rejected
            ]
        else:
            listed, counted = max(broker.positions, key=lambda pair: (pair[0].balance, str(pair[0].id)))
            found.append(SameMoney(Kind.INVESTMENT, listed.id, counted.id, False, "same position"))
    paired = {
        position.id
        for broker in brokers
        if broker.is_certain
        for pair in broker.positions
        for position in pair
    }
    unpaired = [investment for investment in investments if investment.id not in paired]
    found += _repeated(Kind.INVESTMENT, unpaired, _investment_key, customers)
    found += [
        SameMoney(Kind.LOAN, listed.id, counted.id, True, evidence)
        for listed, counted, evidence in find_same_loans(loans, customers)
    ]
    known = {same.listed_id for same in found if same.is_certain}
    found += _ended(Kind.INVESTMENT, investments, customers, known)
    return found + list(_ended(Kind.LOAN, loans, customers, known))


def _repeated(
    kind: DoubleListing.Kind,
    holdings: Iterable[Record],
    key: Callable[[Any], Hashable],
    same_items: Collection[frozenset[UUID]],
) -> Iterator[SameMoney]:
    """Yield what two connections of the same customer both list: as often as both have it."""
    by_key: dict[Hashable, dict[UUID, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for holding in sorted(holdings, key=lambda holding: str(holding.id)):
        by_key[key(holding)][holding.item_id].append(holding)
    for by_item in by_key.values():
        ranked = sorted(by_item.values(), key=lambda listed: _rank(listed[0].item), reverse=True)
        taken: set[UUID] = set()
        for counted, listed in combinations(ranked, 2):
            if frozenset((counted[0].item_id, listed[0].item_id)) not in same_items:
                continue
            free = [holding for holding in listed if holding.id not in taken]
            for first, second in zip(counted, free, strict=False):
                if first.id not in taken:
                    taken.add(second.id)
                    yield SameMoney(kind, second.id, first.id, True, "same connection")


def _ended(
    kind: DoubleListing.Kind,
    holdings: Iterable[Record],
    same_items: Collection[frozenset[UUID]],
    known: Collection[UUID],
) -> Iterator[SameMoney]:
    """Yield what only a connection lists that is gone, beside its successor, which lists others of this kind.

    It was sold or paid since, so it counts nothing today. Without others, the successor may have no consent for them.
    """
    by_item: dict[UUID, list[Record]] = defaultdict(list)
    for holding in sorted(holdings, key=lambda holding: str(holding.id)):
        by_item[holding.item_id].append(holding)
    for item_id, listed in by_item.items():
        successors = [
            others
            for other_id, others in by_item.items()
            if frozenset((item_id, other_id)) in same_items and is_alive(others[0].item)
        ]
        if is_alive(listed[0].item) or not successors:
            continue
        counted = max(successors, key=lambda others: _rank(others[0].item))
        for holding in listed:
            if holding.id not in known:
                yield SameMoney(kind, holding.id, counted[0].id, True, "ended connection")


def _investment_key(investment: Investment) -> Hashable:
    names = ("type", "subtype", "name", "code", "isin", "issuer", "currency", "purchased_on", "due_on")
    return tuple(getattr(investment, name) for name in names)
