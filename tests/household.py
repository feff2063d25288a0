"""Build a user with accounts and cards at two banks, store their transactions and match them, without a bank."""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from banking.ledger import matching, monthly_totals
from banking.ledger.models import Account, CategoryTree, Transaction
from banking.money.documents import document_hash, visible_part
from tests.factories import create_account, create_item, store_transactions

OWN = "39053344705"  # the CPF of the user
YEAR = (date(2026, 1, 1), date(2026, 12, 31))
Body = dict[str, Any]


def payment(payer: str | None, receiver: str | None, method: str = "PIX") -> Body:
    """Return `paymentData` with the documents of both parties; None is a party that the bank leaves out."""

    def party(document: str | None) -> Body | None:
        kind = "CPF" if document and len(document) <= 11 else "CNPJ"
        return document and {"documentNumber": {"type": kind, "value": document}}  # type: ignore[return-value]

    return {"payer": party(payer), "receiver": party(receiver), "paymentMethod": method}


def body(account: str, day: str, description: str, amount: str, category: str | None, **more: Any) -> Body:
    """Return a transaction of 2026 in Pluggy's shape; `day` is MM-DD, `account` a name in Household.accounts."""
    fields = {"account": account, "description": description, "amount": amount, "categoryId": category}
    return {"id": str(uuid.uuid4()), "date": f"2026-{day}T15:00:00.000Z"} | fields | more


@dataclass
class Household:
    """The accounts X1 and Y1 of one user at two banks, with the cards C1 and C2."""

    user: User
    accounts: dict[str, Account]

    @classmethod
    def of(cls, user: User, owner: str = OWN) -> "Household":
        accounts = {}
        for bank, card in (("X1", "C1"), ("Y1", "C2")):
            item = create_item(user)
            document = {"owner_hash": document_hash(owner), "owner_shown": visible_part(owner)}
            accounts[bank] = create_account(item, **document)
            accounts[card] = create_account(item, type="CREDIT", **document)
        return cls(user, accounts)

    def store(self, *bodies: Body) -> list[Transaction]:
        """Store and match the transactions; return them in the same order."""
        for each in bodies:
            account = self.accounts[each["account"]]
            sent = {key: value for key, value in each.items() if key != "account"}
            store_transactions(account, sent)
        self.match()
        stored = Transaction.objects.in_bulk([uuid.UUID(each["id"]) for each in bodies])
        return [stored[uuid.UUID(each["id"])] for each in bodies]

    def kinds(self, *bodies: Body) -> list[str]:
        return [transaction.kind for transaction in self.store(*bodies)]

    def match(self) -> None:
        """Detect the matches of the year again."""
        matching.update_matches(self.user.pk, YEAR, roots=CategoryTree.load().roots, now=timezone.now())
        assert monthly_totals.differences() == []

    def total(self, *kinds: str) -> Decimal:
        """Return the sum of the signed amounts of these kinds."""
        counted = Transaction.objects.filter(user=self.user, kind__in=kinds, deleted_at=None)
        return sum(counted.values_list("signed_amount", flat=True), Decimal(0))
