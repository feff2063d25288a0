"""The bank of the generated histories: its accounts through one or two connections, and what they add up to."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils import timezone

Json = dict[str, Any]
DIRECT, OPEN_FINANCE = 9001, 9011  # the connectors of one bank
PRODUCTS = ["ACCOUNTS", "CREDIT_CARDS", "TRANSACTIONS", "INVESTMENTS", "LOANS"]
# No two of these are similar, so that only equal transactions of both connections are the same.
WORDS = ("PADARIA", "FARMACIA", "MERCADO", "LIVRARIA", "CINEMA", "OFICINA", "HOTEL")
REUSED_WORDS = ("CREDITO BONIFICACAO", "POSTO ESTRELA")  # of the postings that get the id of another one
COPIED = ("date", "amount", "amountInAccountCurrency", "currencyCode", "description", "type", "categoryId")
# Paths of the API and the optional fields of their answers that may be odd.
ODD_FIELDS = tuple(
    (path, name)
    for path, names in {
        "^/items/": (
            "status executionStatus connector products statusDetail lastUpdatedAt clientUserId error"
        ),
        "^/accounts": "type name subtype number currencyCode bankData creditData owner createdAt updatedAt",
        "^/v2/transactions": (
            "description type status currencyCode createdAt updatedAt merchant paymentData order categoryId"
            " creditCardMetadata operationType providerId"
        ),
        "^/bills": "totalAmountCurrencyCode billClosingDate minimumPaymentAmount financeCharges payments",
        "^/investments": "type name subtype status currencyCode amount quantity dueDate",
        "^/loans": "productName type currencyCode contractAmount installments dueDate",
        "^/identity": "document taxNumber fullName",
    }.items()
    for name in names.split()
)
ODD_VALUES: tuple[Any, ...] = (None, "", 7, [], {})


class Money(NamedTuple):
    """Where the bank's money belongs."""

    account_type: str
    month: str
    currency: str


def world(reference: str) -> Json:
    """Return a bank with a checking account, a card, an investment and a loan."""
    today = timezone.localdate()

    def transactions(sign: int) -> list[Json]:
        return [
            {"date": str(today - timedelta(days=3 * n)), "amount": sign * (10 + n), "description": WORDS[n]}
            for n in range(6)
        ]

    bill = {"dueDate": str(today - timedelta(days=8)), "totalAmount": 321, "totalAmountCurrencyCode": "BRL"}
    accounts: list[Json] = [
        {"subtype": "CHECKING_ACCOUNT", "number": "0001/1-1", "balance": 9000},
        {"subtype": "CREDIT_CARD", "number": "1234", "balance": 90_000, "bills": [bill]},
    ]
    accounts[0]["transactions"], accounts[1]["transactions"] = transactions(-1), transactions(1)
    return _world(reference, DIRECT, accounts)


def successor(reference: str, truth: Json, *, days: int) -> Json:
    """Return the bank as another connection lists it: the same accounts, and a history of so many days."""
    since = str(timezone.localdate() - timedelta(days=days))
    accounts = []
    for account in truth["accounts"]:
        listed = truth["transactions"][account["id"]]
        copies = [{name: body[name] for name in COPIED} for body in listed if body["date"] >= since]
        bills = [
            {name: bill[name] for name in ("dueDate", "totalAmount", "totalAmountCurrencyCode")}
            for bill in truth["bills"][account["id"]]
        ]
        kept = {name: account[name] for name in ("subtype", "number", "balance")}
        accounts.append(kept | {"transactions": copies, "bills": bills})
    return _world(reference, OPEN_FINANCE, accounts)


def _world(reference: str, connector: int, accounts: list[Json]) -> Json:
    item = {
        "connectorId": connector,
        "clientUserId": reference,
        "products": PRODUCTS,
        "accounts": accounts,
        "identity": {"document": "390.533.447-05", "documentType": "CPF", "fullName": "ANA"},
        "investments": [{"date": "2026-11-27", "type": "FIXED_INCOME", "name": "CDB", "balance": 3000}],
        "loans": [{"productName": "Pessoal", "payments": {"contractOutstandingBalance": 400}}],
    }
    return {"items": [item], "silent": True}


# --- What the bank's data add up to --------------------------------------------------------------------
def expected_money(truths: Iterable[Json], *, are_same: bool) -> dict[Money, Decimal]:
    """Return the sum of the bank's transactions by account, month and currency.

    If the accounts of two connections are the same, what both list counts as often as the one that has it
    more often.
    """
    counts: list[Counter[tuple[Any, ...]]] = [_postings(truth) for truth in truths]
    counted = counts[0]
    for count in counts[1:]:
        counted = counted | count if are_same else counted + count
    sums: dict[Money, Decimal] = defaultdict(Decimal)
    for (account_type, day, currency, value, _words), times in counted.items():
        sums[Money(account_type, day[:7], currency)] += value * times
    return {money: total for money, total in sums.items() if total}


def _postings(truth: Json) -> Counter[tuple[Any, ...]]:
    types = {account["id"]: account["type"] for account in truth["accounts"]}
    return Counter(
        (types[account_id], body["date"][:10], *_value(body), body["description"])
        for account_id, bodies in truth["transactions"].items()
        for body in bodies
    )


def _value(body: Json) -> tuple[str, Decimal]:
    """Return currency and value of a transaction from the user's side, in the account's currency if converted."""
    converted = body["amountInAccountCurrency"]
    value = abs(Decimal(str(converted or body["amount"])))
    currency = "BRL" if converted else body["currencyCode"]
    return currency, -value if body["type"] == "DEBIT" else value


def expected_net_worth(truths: list[Json], *, are_same: bool, uncounted: Mapping[str, bool]) -> Decimal:
    """Return what is owned less what is owed; the newest connection counts if the accounts are the same.

    `uncounted` tells which accounts, by their ids, the user has closed or left out.
    """
    counted = truths[-1:] if are_same else truths
    total = Decimal(0)
    for truth in counted:
        for account in truth["accounts"]:
            balance = Decimal(str(account["balance"])) * (-1 if account["type"] == "CREDIT" else 1)
            total += 0 if uncounted.get(account["id"]) else balance
        total += sum(Decimal(str(investment["balance"])) for investment in truth["investments"])
        total -= sum(Decimal(str(loan["payments"]["contractOutstandingBalance"])) for loan in truth["loans"])
    return total
