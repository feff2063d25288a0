"""Our rows beside Pluggy's own: what is lost, what is a ghost, what is stale."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from banking.models import Account, Bill, Investment, Item, Loan, Product
from banking.pluggy import Client, Gone, Rows
from banking.upsert import bounds
from banking.upsert.values import day

Facts = tuple[object, ...]


@dataclass(frozen=True)
class Difference:
    """`lost`: Pluggy has it and we do not. `ghost`: the other way round. `stale`: not the same."""

    how: str
    what: str
    id: UUID

    def __str__(self) -> str:
        return f"{self.how} {self.what} {self.id}"


def differences(item: Item, *, client: Client) -> Iterator[Difference]:
    """Of one item that nobody is reading now. What cannot be read is not compared; it is kept aside."""
    try:
        told = client.item(item.id)
    except Gone:
        if item.gone_at is None:
            yield Difference("ghost", "item", item.id)
        return
    if (told.status, told.execution_status or "") != (item.status, item.execution_status):
        yield Difference("stale", "item", item.id)
    if told.client_user_id != item.user.reference:
        yield Difference("ghost", "item", item.id)
    elif told.status == item.status == Item.Status.UPDATED:
        yield from _data(
            item, client, set(item.product_states.filter(is_updated=True).values_list("product", flat=True))
        )


def _data(item: Item, client: Client, fresh: set[str]) -> Iterator[Difference]:
    if fresh & {Product.ACCOUNTS, Product.CREDIT_CARDS}:
        listed = client.accounts(item.id)
        theirs = {one.id: (one.type, _money(one.balance)) for one in listed}
        ours = {one.id: one for one in item.accounts.filter(missing_since=None)}
        facts = {one.id: (one.type, _money(one.balance)) for one in ours.values()}
        yield from _compared("account", facts, theirs, aside=_aside(item, "account"))
        for account in (ours[one] for one in ours.keys() & theirs.keys()):
            yield from _of_account(account, client, fresh)
    if Product.INVESTMENTS in fresh:
        yield from _investments(item, client)
    if Product.LOANS in fresh:
        yield from _loans(item, client)


def _of_account(account: Account, client: Client, fresh: set[str]) -> Iterator[Difference]:
    if Product.TRANSACTIONS in fresh:
        theirs, aside = _rows(account, client.transactions(account.id))
        live = account.transactions.live().from_bank().values_list("id", "amount", "occurred_at", "status")
        ours = {row_id: (_money(amount), at, status) for row_id, amount, at, status in live.iterator()}
        yield from _compared("transaction", ours, theirs, aside=aside)
    if account.is_card and Product.CREDIT_CARDS in fresh:
        yield from _bills(account, client)


def _rows(account: Account, pages: Iterable[Rows]) -> tuple[dict[UUID, Facts], set[UUID]]:
    found: dict[UUID, Facts] = {}
    aside: set[UUID] = set()
    for page in pages:
        rows, refused = bounds.sound(page.rows, account_id=account.id)
        aside |= bounds.ids([*page.unreadable, *refused])
        found |= {row.id: (_money(row.amount), row.date, (row.status or "")[:10]) for row in rows}
    return found, aside


def _bills(account: Account, client: Client) -> Iterator[Difference]:
    """A closed bill that the bank lists no longer is history, not a ghost."""
    listed = client.bills(account.id)
    theirs = {one.id: (_money(one.total_amount), day(one.due_date)) for one in listed}
    ours = {one.id: (_money(one.total), one.due_on) for one in Bill.objects.filter(account=account)}
    aside = _aside(account.item, "bill") | (ours.keys() - theirs.keys())
    yield from _compared("bill", ours, theirs, aside=aside)


def _investments(item: Item, client: Client) -> Iterator[Difference]:
    listed = client.investments(item.id)
    theirs = {one.id: (_money(one.balance), one.status or "") for one in listed}
    kept = Investment.objects.filter(item=item, missing_since=None)
    ours = {one.id: (_money(one.balance), one.status) for one in kept}
    yield from _compared(
        "investment", ours, theirs, aside=bounds.ids(listed.unreadable) | _aside(item, "investment")
    )


def _loans(item: Item, client: Client) -> Iterator[Difference]:
    listed = client.loans(item.id)
    owed = {one.id: one.payments.contract_outstanding_balance if one.payments else None for one in listed}
    theirs = {loan_id: (_money(balance),) for loan_id, balance in owed.items()}
    kept = Loan.objects.filter(item=item, missing_since=None)
    ours = {one.id: (_money(one.outstanding),) for one in kept}
    yield from _compared("loan", ours, theirs, aside=_aside(item, "loan"))


def _aside(item: Item, what: str) -> set[UUID]:
    kept = item.unreadable.filter(what=what, remote_id__isnull=False)
    return {one for one in kept.values_list("remote_id", flat=True) if one}


def _compared(
    what: str, ours: Mapping[UUID, Any], theirs: Mapping[UUID, Any], *, aside: set[UUID]
) -> Iterator[Difference]:
    for one in sorted(theirs.keys() - ours.keys() - aside):
        yield Difference("lost", what, one)
    for one in sorted(ours.keys() - theirs.keys() - aside):
        yield Difference("ghost", what, one)
    for one in sorted(ours.keys() & theirs.keys() - aside):
        if ours[one] != theirs[one]:
            yield Difference("stale", what, one)


def _money(value: Decimal | None) -> Decimal | None:
    """As a column keeps it; a value that no column keeps is compared as it is."""
    return round(value, 8) if value is not None and bounds.is_amount(value) else value
