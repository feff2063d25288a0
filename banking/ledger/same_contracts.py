"""Find loan contracts that are listed twice. Pure (docs/numbers.md, 5)."""

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from uuid import UUID

from banking.connections.bank_names import bank_words
from banking.ledger.models import Loan

MIN_NUMBER = 4  # characters of a contract's number; a shorter one is rather a counter
Found = tuple[Loan, Loan, str]  # listed again, counted, evidence


def find_same_loans(loans: Sequence[Loan], same_items: Collection[frozenset[UUID]]) -> Iterator[Found]:
    """Yield the loans that are one contract, by what names it; else what connections of one customer both list.

    Example: a loan of R$ 10,000 is listed by both connections to a bank, and each has another id for it. If the
    IPOC code is the same, it is the same contract. Without codes and numbers, a loan of the same day, amount and
    kind is the same one if both connections are of the same customer.
    """
    ranked = sorted(loans, key=_rank, reverse=True)
    listed: set[UUID] = set()
    matched: set[tuple[UUID, UUID]] = set()  # a loan that counts, with a connection that lists it again

    def found(counted: Loan, loan: Loan, evidence: str) -> Found:
        listed.add(loan.id)
        matched.add((counted.id, loan.item_id))
        return loan, counted, evidence

    for counted, loan in combinations(ranked, 2):
        if not listed & {counted.id, loan.id} and _is_same_contract(counted, loan):
            yield found(counted, loan, "same contract")
    for counted, loan in combinations(ranked, 2):
        is_taken = listed & {counted.id, loan.id} or (counted.id, loan.item_id) in matched
        if not is_taken and _is_same_listing(counted, loan, same_items):
            yield found(counted, loan, "same connection")


def _rank(loan: Loan) -> tuple[object, ...]:
    """Order loans: of two that are the same, the larger one counts. One that the bank still lists is larger."""
    item = loan.item
    is_alive = item.gone_at is None and item.disconnected_at is None
    is_listed = is_alive and loan.missing_since is None
    return (is_listed, is_alive, item.connected_at, str(item.id), loan.outstanding is not None, str(loan.id))


def _is_same_contract(first: Loan, second: Loan) -> bool:
    """Compare the IPOC codes, else the numbers at the same bank. What contradicts them makes two contracts."""
    if first.currency != second.currency or _are_named_differently(first, second):
        return False
    if first.ipoc_hash and second.ipoc_hash:
        return True
    number = _number(first)
    if not number or number != _number(second) or not _is_same_bank(first, second):
        return False
    pairs = [(getattr(first, name), getattr(second, name)) for name in ("contracted", "contracted_on")]
    known = [pair for pair in pairs if None not in pair]
    has_evidence = bool(known) or first.item_id != second.item_id
    return has_evidence and all(one == other for one, other in known)


def _is_same_listing(first: Loan, second: Loan, same_items: Collection[frozenset[UUID]]) -> bool:
    is_same_customer = frozenset((first.item_id, second.item_id)) in same_items
    return is_same_customer and _key(first) == _key(second) and not _are_named_differently(first, second)


def _key(loan: Loan) -> tuple[object, ...]:
    names = ("name", "kind", "type", "currency", "contracted", "contracted_on", "due_on")
    return tuple(getattr(loan, name) for name in names)


def _are_named_differently(first: Loan, second: Loan) -> bool:
    """Tell whether both have a code, or without two codes a number, and these differ."""
    if first.ipoc_hash and second.ipoc_hash:
        return first.ipoc_hash != second.ipoc_hash
    numbers = [_number(first), _number(second)]
    return all(numbers) and numbers[0] != numbers[1]


def _number(loan: Loan) -> str:
    """Return the number of the contract without punctuation and leading zeros, if it is one."""
    number = "".join(filter(str.isalnum, loan.contract_number)).lstrip("0").lower()
    return number if len(number) >= MIN_NUMBER else ""


def _is_same_bank(first: Loan, second: Loan) -> bool:
    """Compare the banks; MeuPluggy is one connector to many of them, so it proves nothing."""
    one, other = first.item.connector, second.item.connector
    if one.is_meu_pluggy or other.is_meu_pluggy:
        return False
    return one.id == other.id or bool(bank_words(one.name) and bank_words(one.name) == bank_words(other.name))
