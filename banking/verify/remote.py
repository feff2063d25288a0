"""Compare the stored data of an item with Pluggy's: what is lost, what should not exist, what is outdated."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from banking.connections.models import Item, Product
from banking.ingest import validation
from banking.ledger.models import (
    Account,
    Bill,
    Investment,
    Loan,
)
from banking.pluggy import Client, Gone, TransactionPage
from banking.pluggy.values import day

Values = tuple[object, ...]


@dataclass(frozen=True)
class Difference:
    """A difference. `how` is "lost" (only Pluggy has it), "ghost" (only we have it) or "stale" (not equal)."""

    how: str
    record_type: str
    id: UUID

    def __str__(self) -> str:
        return f"{self.how} {self.record_type} {self.id}"


def differences(item: Item, *, client: Client) -> Iterator[Difference]:
    """Yield the differences of an item that is not being synced. Unreadable records are not compared.

    Raises PluggyError.
    """
    try:
        payload = client.item(item.id)
    except Gone:
        if item.gone_at is None:
            yield Difference("ghost", "item", item.id)
        return
    if (payload.status, payload.execution_status or "") != (item.status, item.execution_status):
        yield Difference("stale", "item", item.id)
    if payload.client_user_id and payload.client_user_id != item.user.reference:
        yield Difference("ghost", "item", item.id)
    elif payload.status == item.status == Item.Status.UPDATED:
        updated = item.product_states.filter(is_updated=True).values_list("product", flat=True)
        yield from _compare_products(item, client, set(updated))


def _compare_products(item: Item, client: Client, updated: set[str]) -> Iterator[Difference]:
    if updated & {Product.ACCOUNTS, Product.CREDIT_CARDS}:
        listed = client.accounts(item.id)
        theirs = {payload.id: (payload.type, _amount(payload.balance)) for payload in listed}
        accounts = {account.id: account for account in item.accounts.filter(missing_since=None)}
        ours = {account.id: (account.type, _amount(account.balance)) for account in accounts.values()}
        yield from _compare("account", ours, theirs, unreadable=_quarantined(item, "account"))
        for account_id in ours.keys() & theirs.keys():
            yield from _compare_account(accounts[account_id], client, updated)
    if Product.INVESTMENTS in updated:
        yield from _compare_investments(item, client)
    if Product.LOANS in updated:
        yield from _compare_loans(item, client)


def _compare_account(account: Account, client: Client, updated: set[str]) -> Iterator[Difference]:
    if Product.TRANSACTIONS in updated:
        theirs, unreadable = _read_transactions(account, client.transactions(account.id))
        live = account.transactions.live().from_bank().values_list("id", "amount", "occurred_at", "status")
        ours = {
            transaction_id: (_amount(amount), occurred_at, status)
            for transaction_id, amount, occurred_at, status in live.iterator()
        }
        yield from _compare("transaction", ours, theirs, unreadable=unreadable)
    if account.is_card and Product.CREDIT_CARDS in updated:
        yield from _compare_bills(account, client)


def _read_transactions(
    account: Account, pages: Iterable[TransactionPage]
) -> tuple[dict[UUID, Values], set[UUID]]:
    values: dict[UUID, Values] = {}
    unreadable: set[UUID] = set()
    for page in pages:
        valid, invalid = validation.split_valid(page.transactions, account=account)
        unreadable |= validation.ids([*page.unreadable, *invalid])
        values |= {
            payload.id: (_amount(payload.amount), payload.date, (payload.status or "")[:10])
            for payload in valid
        }
    return values, unreadable


def _compare_bills(account: Account, client: Client) -> Iterator[Difference]:
    """Compare the bills; a closed one that the bank no longer lists is kept on purpose."""
    listed = client.bills(account.id)
    theirs = {bill.id: (_amount(bill.total_amount), day(bill.due_date)) for bill in listed}
    ours = {bill.id: (_amount(bill.total), bill.due_on) for bill in Bill.objects.filter(account=account)}
    ignored = _quarantined(account.item, "bill") | (ours.keys() - theirs.keys())
    yield from _compare("bill", ours, theirs, unreadable=ignored)


def _compare_investments(item: Item, client: Client) -> Iterator[Difference]:
    listed = client.investments(item.id)
    theirs = {payload.id: (_amount(payload.balance), payload.status or "") for payload in listed}
    stored = Investment.objects.filter(item=item, missing_since=None)
    ours = {investment.id: (_amount(investment.balance), investment.status) for investment in stored}
    unreadable = validation.ids(listed.unreadable) | _quarantined(item, "investment")
    yield from _compare("investment", ours, theirs, unreadable=unreadable)


def _compare_loans(item: Item, client: Client) -> Iterator[Difference]:
    theirs = {
        payload.id: (_amount(payload.payments.contract_outstanding_balance if payload.payments else None),)
        for payload in client.loans(item.id)
    }
    stored = Loan.objects.filter(item=item, missing_since=None)
    ours = {loan.id: (_amount(loan.outstanding),) for loan in stored}
    yield from _compare("loan", ours, theirs, unreadable=_quarantined(item, "loan"))


def _quarantined(item: Item, record_type: str) -> set[UUID]:
    records = item.quarantined_records.filter(record_type=record_type, record_id__isnull=False)
    return {record_id for record_id in records.values_list("record_id", flat=True) if record_id}


def _compare(
    record_type: str, ours: Mapping[UUID, Any], theirs: Mapping[UUID, Any], *, unreadable: set[UUID]
) -> Iterator[Difference]:
    for record_id in sorted(theirs.keys() - ours.keys() - unreadable):
        yield Difference("lost", record_type, record_id)
    for record_id in sorted(ours.keys() - theirs.keys() - unreadable):
        yield Difference("ghost", record_type, record_id)
    for record_id in sorted(ours.keys() & theirs.keys() - unreadable):
        if ours[record_id] != theirs[record_id]:
            yield Difference("stale", record_type, record_id)


def _amount(value: Decimal | None) -> Decimal | None:
    """Round an amount as the column does; one that does not fit is compared as it is."""
    return round(value, 8) if value is not None and validation.is_amount(value) else value
