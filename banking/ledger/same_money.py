"""Find money that is listed twice: accounts, credit lines, investments and loans. Pure (docs/numbers.md, 5)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple
from uuid import UUID

from banking.ledger.models import Account, Investment, Loan
from banking.ledger.models.account_details import credit_lines, holder_type
from banking.ledger.same_holdings import (
    Kind,
    Pair,
    SameMoney,
    bank_name,
    find_repeated,
    find_same_brokers,
    is_alive,
)
from banking.money.documents import agree
from banking.money.text import folded

# An amount within an account and a position that differ by no more than this may be the same money.
MAX_DIFFERENCE = Decimal("0.2")
# Where automatic investments and reserved amounts are kept; shares and pension plans are bought on purpose.
AUTOMATIC_TYPES = ("FIXED_INCOME", "MUTUAL_FUND")


class Holdings(NamedTuple):
    """Everything of one user that has a balance, with `item__connector` loaded."""

    accounts: Sequence[Account]
    investments: Sequence[Investment]
    loans: Sequence[Loan]


def find_same_money(
    holdings: Holdings,
    *,
    confirmed: Collection[Pair] = (),
    automatic: Collection[Pair] = (),
    rejected: Collection[frozenset[UUID]] = (),
) -> list[SameMoney]:
    """Return all money that is listed twice, or may be.

    The user has `confirmed` or `rejected` pairs; `automatic` ones were found before. A position and the amount
    within an account are read at different hours, so once they were equal they stay the same money while they
    are similar.
    """
    accounts = sorted(holdings.accounts, key=rank, reverse=True)
    same = [pair for pair in _same_accounts(accounts) if _ids(pair) not in rejected]
    same_items = _same_items(accounts, same, confirmed)
    same += [pair for pair in _same_cards(accounts, same_items) if _ids(pair) not in rejected]
    brokers = find_same_brokers(accounts, holdings.investments, confirmed=confirmed, rejected=rejected)
    found = [
        *same,
        *_credit_lines(accounts),
        *find_repeated(
            holdings.investments, holdings.loans, same_items=same_items, brokers=brokers, rejected=rejected
        ),
        *_positions(accounts, holdings.investments, {*confirmed, *automatic}, rejected),
    ]
    by_pair = {_ids(pair): pair for pair in reversed(found)}
    return [pair for ids, pair in by_pair.items() if ids not in rejected]


def rank(account: Account) -> tuple[object, ...]:
    """Order accounts: of two that are the same, the larger one counts. One that the bank still has is larger."""
    item = account.item
    return (is_alive(item) and not account.is_missing, item.connected_at, str(account.id))


def _ids(pair: SameMoney) -> frozenset[UUID]:
    return frozenset((pair.listed_id, pair.counted_id))


# --- Accounts ----------------------------------------------------------------------------------------------


def _same_accounts(ranked: Sequence[Account]) -> list[SameMoney]:
    """Return the bank accounts that are the same, each with the one of the highest rank."""
    return _first_of_each(
        (counted, listed, identity)
        for counted, listed in combinations([account for account in ranked if not account.is_card], 2)
        if (identity := _bank_identity(counted, listed))
    )


def _first_of_each(pairs: Iterable[tuple[Account, Account, tuple[bool, str]]]) -> list[SameMoney]:
    """Keep one pair for each listed account: a certain one if there is any, else the first."""
    best: dict[UUID, SameMoney] = {}
    for counted, listed, (is_certain, evidence) in pairs:
        known = best.get(listed.id)
        if known is None or (is_certain and not known.is_certain):
            best[listed.id] = SameMoney(Kind.ACCOUNT, listed.id, counted.id, is_certain, evidence)
    return list(best.values())


def _bank_identity(first: Account, second: Account) -> tuple[bool, str] | None:
    """Return whether two bank accounts are certainly the same, and why; None if they seem to be two."""
    if not _may_be_same(first, second):
        return None
    (branch, number), (other_branch, other_number) = _number(first), _number(second)
    if not number or number != other_number or (branch and other_branch and branch != other_branch):
        return None
    has_same_owner = bool(first.owner_hash) and first.owner_hash == second.owner_hash
    is_similar = agree(first.owner_shown, second.owner_shown)  # of documents that a bank masks
    are_known = bool(first.owner_hash and second.owner_hash)
    has_other_owner = not has_same_owner if are_known else is_similar is False
    has_branch = bool(branch and other_branch)
    is_same_institution = _is_same_institution(first, second)
    if is_same_institution and has_branch:
        return (False, "other owner") if has_other_owner else (True, "same number")
    if is_same_institution or (has_branch and is_same_institution is None):
        if has_same_owner:
            return False, "same number and owner"
        if is_similar and not are_known:
            return False, "same number, masked owner"
    return None


def _may_be_same(first: Account, second: Account) -> bool:
    """Two accounts of one connection are two; so are accounts of different types or currencies."""
    return first.item_id != second.item_id and all(
        getattr(first, name) == getattr(second, name) for name in ("type", "subtype", "currency")
    )


def _is_same_institution(first: Account, second: Account) -> bool | None:
    """Compare the institutions; None if the data do not tell: MeuPluggy is one connector to many banks."""
    is_of_many = first.item.connector.is_meu_pluggy or second.item.connector.is_meu_pluggy
    if first.item.connector_id == second.item.connector_id and not is_of_many:
        return True
    codes = [_bank_code(account) for account in (first, second)]
    if all(codes):
        return codes[0] == codes[1]
    if is_of_many:
        return None
    names = [bank_name(account.item) for account in (first, second)]
    return True if names[0] and names[0] == names[1] else None


def _bank_code(account: Account) -> str:
    parts = account.transfer_number.split("/")
    return parts[0].lstrip("0") if len(parts) == 3 else ""


def _number(account: Account) -> tuple[str, str]:
    """Return branch and number without punctuation and leading zeros; empty where they are not known."""
    parts = [
        "".join(filter(str.isalnum, part)).lstrip("0").lower()
        for part in (account.transfer_number or account.number).split("/")[-2:]
    ]
    return (parts[0], parts[1]) if len(parts) == 2 else ("", parts[0])


def _same_items(
    accounts: Iterable[Account], same: Iterable[SameMoney], confirmed: Collection[Pair]
) -> set[frozenset[UUID]]:
    """Return the pairs of connections that certainly are of the same customer."""
    items = {account.id: account.item_id for account in accounts}
    certain = [(pair.listed_id, pair.counted_id) for pair in same if pair.is_certain]
    pairs = [*certain, *(pair for pair in confirmed if set(pair) <= items.keys())]
    joined: dict[UUID, set[UUID]] = {}
    for pair in pairs:
        merged = {item for side in pair for item in joined.get(items[side], {items[side]})}
        joined |= dict.fromkeys(merged, merged)
    return {frozenset(two) for members in joined.values() for two in combinations(sorted(members), 2)}


def _same_cards(ranked: Sequence[Account], same_items: Collection[frozenset[UUID]]) -> list[SameMoney]:
    """Return the cards that are the same. The last four digits alone prove nothing."""
    return _first_of_each(
        (counted, listed, identity)
        for counted, listed in combinations([account for account in ranked if account.is_card], 2)
        if (identity := _card_identity(counted, listed, same_items))
    )


def _card_identity(
    counted: Account, listed: Account, same_items: Collection[frozenset[UUID]]
) -> tuple[bool, str] | None:
    number = _number(counted)[1][-4:]
    has_other_brand = counted.brand and listed.brand and folded(counted.brand) != folded(listed.brand)
    if (
        not _may_be_same(counted, listed)
        or not number
        or number != _number(listed)[1][-4:]
        or has_other_brand
    ):
        return None
    if frozenset((counted.item_id, listed.item_id)) in same_items:
        return True, "same connection"
    owners = {account.owner_hash for account in (counted, listed)} - {""}
    if not _is_same_institution(counted, listed) or len(owners) > 1:
        return None
    is_same_limit = counted.credit_limit is not None and counted.credit_limit == listed.credit_limit
    if not is_same_limit:
        return None
    is_succeeded = listed.item.gone_at is not None and counted.item.gone_at is None
    return (is_succeeded and bool(owners), "same card") if owners or is_succeeded else None


# --- Credit lines ------------------------------------------------------------------------------------------


def _credit_lines(ranked: Iterable[Account]) -> Iterator[SameMoney]:
    """Yield the cards of one connection that all report the balance of the line that they share."""
    by_item: dict[UUID, list[Account]] = defaultdict(list)
    for account in ranked:
        if account.is_card and account.balance and account.limit:
            by_item[account.item_id].append(account)
    for cards in by_item.values():
        cards.sort(key=lambda card: (holder_type(card.details) != "MAIN", str(card.id)))
        listed: set[UUID] = set()
        for counted, card in combinations(cards, 2):
            if counted.id in listed or card.id in listed or not _have_same_use(counted, card):
                continue
            lines = [_consolidated_lines(account) for account in (counted, card)]
            if lines[0] & lines[1]:
                listed.add(card.id)
                yield SameMoney(Kind.CREDIT_LINE, card.id, counted.id, True, "same line")
            elif not any(_has_own_lines(account) for account in (counted, card)):
                listed.add(card.id)
                yield SameMoney(Kind.CREDIT_LINE, card.id, counted.id, False, "same use")


def _have_same_use(first: Account, second: Account) -> bool:
    names = ("currency", "balance", "limit", "available_limit")
    return all(getattr(first, name) == getattr(second, name) for name in names)


def _consolidated_lines(card: Account) -> set[tuple[str, ...]]:
    """Return the lines that the bank calls consolidated, by what identifies and fills them."""
    return {
        tuple(
            str(line.get(name)) for name in ("creditLineLimitType", "lineName", "limitAmount", "usedAmount")
        )
        for line in credit_lines(card.details)
        if str(line.get("consolidationType")).upper().startswith("CONSOLIDAD")
    }


def _has_own_lines(card: Account) -> bool:
    return any(
        str(line.get("consolidationType")).upper().startswith("INDIVIDUAL")
        for line in credit_lines(card.details)
    )


# --- Positions within an account ---------------------------------------------------------------------------


def _positions(
    accounts: Iterable[Account],
    investments: Iterable[Investment],
    known: Collection[Pair],
    rejected: Collection[frozenset[UUID]],
) -> Iterator[SameMoney]:
    """Yield the positions that are an amount within an account of the same connection.

    An automatic investment or a reserved amount is part of the account's balance; the same money may also be
    listed as a position. Each amount is at most one position, or all positions together.
    """
    held = [investment for investment in investments if investment.is_held]
    free = {position.id: position for position in sorted(held, key=lambda position: str(position.id))}
    for account in accounts:
        if account.is_card:
            continue
        of_account = [
            position
            for position in free.values()
            if (position.item_id, position.currency) == (account.item_id, account.currency)
            and frozenset((position.id, account.id)) not in rejected
        ]
        for match in _positions_within(account, of_account, known):
            del free[match.listed_id]
            yield match


def _positions_within(
    account: Account, free: list[Investment], known: Collection[Pair]
) -> Iterator[SameMoney]:
    amounts = amounts_within(account)
    is_within = sum(amounts) <= account.balance
    for position in [position for position in free if (position.id, account.id) in known]:
        nearest = min(amounts, key=lambda amount: abs(amount - position.balance), default=None)
        if nearest is not None and _is_similar(position, nearest):
            amounts.remove(nearest)
            free.remove(position)
            yield SameMoney(Kind.POSITION, position.id, account.id, True, "same amount")
    unmatched = []
    for amount in amounts:
        same = _of_amount(amount, free)
        if not same:
            unmatched.append(amount)
        for position in same:
            free.remove(position)
            yield SameMoney(Kind.POSITION, position.id, account.id, is_within, "same amount")
    for amount in unmatched:
        near = [
            position
            for position in free
            if position.type in AUTOMATIC_TYPES and _is_similar(position, amount)
        ]
        if len(near) == 1:
            free.remove(near[0])
            yield SameMoney(Kind.POSITION, near[0].id, account.id, False, "similar amount")


def _is_similar(position: Investment, amount: Decimal) -> bool:
    return bool(abs(position.balance - amount) <= amount * MAX_DIFFERENCE)


def _of_amount(amount: Decimal, free: Iterable[Investment]) -> list[Investment]:
    """Return the position of this amount, or all positions that are it together."""
    equal = [position for position in free if amount in (position.balance, position.gross)]
    automatic = [position for position in free if position.type in AUTOMATIC_TYPES]
    if equal:
        return sorted(equal, key=lambda position: position.type not in AUTOMATIC_TYPES)[:1]
    return automatic if sum(position.balance for position in automatic) == amount else []


def amounts_within(account: Account) -> list[Decimal]:
    """Return the automatically invested amount and the reserved ones of an account, largest first."""
    return sorted((part.amount for part in account.set_aside), reverse=True)
