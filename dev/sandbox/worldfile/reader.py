"""Reads a world from JSON: its items complete in Pluggy's shapes, or its mistakes with their places."""

import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dev.sandbox.api.errors import is_uuid
from dev.sandbox.bank import connectors
from dev.sandbox.store.ledger import Entry
from dev.sandbox.world.rows import CARD, CHECKING, SAVINGS
from dev.sandbox.world.voice import category_name, identity
from dev.sandbox.worldfile.shapes import MOST_AMOUNT, Mistakes, completed, is_instant

Json = dict[str, Any]
KINDS = {"CHECKING_ACCOUNT": CHECKING, "SAVINGS_ACCOUNT": SAVINGS, "CREDIT_CARD": CARD}
NAMES = {"CHECKING_ACCOUNT": "Conta Corrente", "SAVINGS_ACCOUNT": "Poupança", "CREDIT_CARD": "Cartão"}
INSIDE_ITEM = ("accounts", "investments", "loans", "identity", "consents", "connectorId", "connector")
INSIDE_ACCOUNT = ("transactions", "bills")
COLUMNS = ("status", "creditCardMetadata")  # what even a raw row has, as null if need be
UNSET = "unset"  # stands for a time that the file leaves to the moment of loading
MOST_SHOWN = 100


@dataclass
class LoadedAccount:
    """One account with its rows and closed bills."""

    data: Json
    kind: str
    entries: list[Entry] = field(default_factory=list)
    bills: list[Json] = field(default_factory=list)


@dataclass
class LoadedItem:
    """One item with all that belongs to it."""

    data: Json  # the item's own fields; None where the file is silent
    connector_id: int
    place: str
    accounts: list[LoadedAccount] = field(default_factory=list)
    investments: list[Json] = field(default_factory=list)
    investment_transactions: dict[str, list[Json]] = field(default_factory=dict)
    loans: list[Json] = field(default_factory=list)
    identity: list[Json] = field(default_factory=list)
    consents: list[Json] = field(default_factory=list)


def read(text: str | bytes, *, person: str | None = None) -> list[LoadedItem]:
    """The items of a file, all for one person if one is named; Mistakes if anything is wrong."""
    try:
        world = json.loads(text, parse_constant=_no_constant)
        json.dumps(world, ensure_ascii=False, allow_nan=False).encode()  # half a character, 1e400
    except (ValueError, RecursionError) as problem:
        raise Mistakes([f"not JSON: {problem}"]) from problem
    reader = Reader(person)
    found = reader.world(world)
    if reader.mistakes:
        raise Mistakes(reader.mistakes[:MOST_SHOWN])
    return found


class Reader:
    """Walks the file; notes every mistake with its place and goes on."""

    def __init__(self, person: str | None = None) -> None:
        self.person = person
        self.mistakes: list[str] = []
        self._names: Counter[str] = Counter()
        self._ids: set[str] = set()

    def world(self, world: Any) -> list[LoadedItem]:
        """All items: those at the top and those of `people`."""
        if not isinstance(world, dict):
            self.mistakes.append("the file: must be an object with items")
            return []
        known = ("items", "people", "about", "mode", "silent")
        self.mistakes += [f"{name}: is not known here" for name in world if name not in known]
        found = [self._item(one, place, None) for one, place in self._listed(world, "items", "")]
        for one, place in self._listed(world, "people", ""):
            who = one.get("clientUserId")
            inside = self._listed(one, "items", f"{place}.")
            found += [self._item(item, inner, who) for item, inner in inside]
        if not found and not self.mistakes:
            self.mistakes.append("items: is needed")
        return [item for item in found if item is not None]

    def _item(self, given: Json, place: str, who: str | None) -> LoadedItem | None:
        connector_id = given.get("connectorId", (given.get("connector") or {}).get("id"))
        if not isinstance(connector_id, int) or not connectors.exists(connector_id):
            self.mistakes.append(f"{place}.connectorId: must be one of {connectors.ids()}")
            return None
        own = {name: value for name, value in given.items() if name not in INSIDE_ITEM}
        data = completed(own, "Item", place, self.mistakes)
        data["clientUserId"] = self.person or data["clientUserId"] or who
        name = f"file/{data['clientUserId']}/{connector_id}"
        data["id"] = self._id(data["id"], name, place)
        item = LoadedItem(data, connector_id, place)
        item.accounts = [
            self._account(one, inner, item) for one, inner in self._listed(given, "accounts", f"{place}.")
        ]
        self._records(given, item)
        return item

    def _account(self, given: Json, place: str, item: LoadedItem) -> LoadedAccount:
        own = {name: value for name, value in given.items() if name not in INSIDE_ACCOUNT}
        subtype, raw = own.get("subtype"), own.pop("raw", False)
        kind = KINDS.get(str(subtype), CARD if own.get("type") == "CREDIT" else CHECKING)
        usual = {
            "type": "CREDIT" if kind == CARD else "BANK",
            "number": "0000" if kind == CARD else "0001/00000-0",
            "name": NAMES.get(str(subtype), "Conta"),
            "currencyCode": "BRL",
            "itemId": item.data["id"],
            "createdAt": UNSET,
            "updatedAt": UNSET,
        }
        name = f"{item.data['id']}/{subtype}/{own.get('number')}"
        own = usual | own | {"itemId": item.data["id"], "id": self._id(own.get("id"), name, place)}
        account = LoadedAccount(own, kind)
        rows = self._listed(given, "transactions", f"{place}.")
        account.entries = [self._row(one, inner, account) for one, inner in rows]
        own.setdefault("balance", float(sum(Decimal(entry.cents) for entry in account.entries) / 100))
        account.data = own if raw else self._complete(own, "Account", place)
        bills = self._listed(given, "bills", f"{place}.")
        account.bills = [self._bill(one, inner, account) for one, inner in bills]
        return account

    def _row(self, given: Json, place: str, account: LoadedAccount) -> Entry:
        raw = given.get("raw", False)
        own = {name: value for name, value in given.items() if name != "raw"}
        parts = (own.get("date"), own.get("amount"), own.get("description"))
        name = "/".join(map(str, (account.data["id"], *parts)))
        kept = {"id": self._id(own.get("id"), name, place), "accountId": account.data["id"]}
        times = {"createdAt": UNSET, "updatedAt": UNSET}
        if raw:
            if not isinstance(own.get("date"), str) or not is_instant(own["date"]):
                self.mistakes.append(f"{place}.date: even a raw row needs an ISO 8601 date")
            return Entry(dict.fromkeys(COLUMNS) | times | own | kept, _cents(own))
        usual = {
            "currencyCode": account.data.get("currencyCode"),
            "status": "POSTED",
            "type": _direction(own.get("amount"), account.kind),
            "category": category_name(own.get("categoryId")),
        }
        self._check_category(own.get("categoryId"), place)
        data = self._complete(usual | times | own | kept, "Transaction", place)
        return Entry(data, _cents(data))

    def _check_category(self, category_id: Any, place: str) -> None:
        if category_id is not None and category_name(str(category_id)) is None:
            self.mistakes.append(f"{place}.categoryId: must be the id of a category")

    def _bill(self, given: Json, place: str, account: LoadedAccount) -> Json:
        own = {name: value for name, value in given.items() if name not in ("raw", "accountId")}
        usual: Json = {"totalAmountCurrencyCode": "BRL", "financeCharges": [], "payments": []}
        own = usual | own
        name = f"{account.data['id']}/bill/{own.get('dueDate')}"
        own["id"] = self._id(own.get("id"), name, place)
        for part, usual_part in (
            ("financeCharges", {"currencyCode": "BRL"}),
            ("payments", {"currencyCode": "BRL"}),
        ):
            for one, inner in self._listed(own, part, f"{place}."):
                one |= usual_part | one
                one["id"] = self._id(one.get("id"), f"{own['id']}/{part}", inner)
        data = own if given.get("raw") else completed(own, "Bill", place, self.mistakes)
        return data | {"accountId": account.data["id"]}

    def _records(self, given: Json, item: LoadedItem) -> None:
        place = f"{item.place}."
        for one, inner in self._listed(given, "investments", place):
            rows = self._listed(one, "transactions", f"{inner}.")
            record = self._record(one, "Investment", inner, item, {"currencyCode": "BRL", "status": "ACTIVE"})
            record["transactions"] = None
            item.investments.append(record)
            item.investment_transactions[record["id"]] = [
                self._record(row, "InvestmentTransaction", row_place, item, {}, below=record["id"])
                for row, row_place in rows
            ]
        item.loans = [
            self._record(one, "Loan", inner, item, {"currencyCode": "BRL", "kind": "LOAN"})
            for one, inner in self._listed(given, "loans", place)
        ]
        item.consents = [
            self._record(
                one, "Consent", inner, item, {"createdAt": UNSET, "products": list(connectors.PRODUCTS)}
            )
            for one, inner in self._listed(given, "consents", place)
        ]
        if given.get("identity"):
            item.identity = [self._record(given["identity"], "Identity", f"{place}identity", item, {})]

    def _record(
        self, given: Any, shape: str, place: str, item: LoadedItem, usual: Json, *, below: str | None = None
    ) -> Json:
        if not isinstance(given, dict):
            self.mistakes.append(f"{place}: must be an object")
            return {"id": ""}
        own = {name: value for name, value in given.items() if name not in ("raw", "transactions")}
        name = f"{below or item.data['id']}/{shape}"
        own = usual | own | {"id": self._id(own.get("id"), name, place)}
        if below is None:
            own["itemId"] = item.data["id"]
        return own if given.get("raw") else self._complete(own, shape, place)

    def _complete(self, own: Json, shape: str, place: str) -> Json:
        """Complete but for the times that are set when it is written."""
        later = {name: UNSET for name in ("createdAt", "updatedAt") if own.get(name) == UNSET}
        known = own | dict.fromkeys(later, "2000-01-01T00:00:00.000Z")
        return completed(known, shape, place, self.mistakes) | later

    def _listed(self, given: Json, name: str, before: str) -> list[tuple[Json, str]]:
        """The objects of a list with their places."""
        value = given.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.mistakes.append(f"{before}{name}: must be a list")
            return []
        found = [(one, f"{before}{name}[{number}]") for number, one in enumerate(value)]
        self.mistakes += [f"{place}: must be an object" for one, place in found if not isinstance(one, dict)]
        return [(one, place) for one, place in found if isinstance(one, dict)]

    def _id(self, given: Any, name: str, place: str) -> str:
        """The given id, or one that the same file makes again; no two things have the same."""
        self._names[name] += 1
        made = str(given) if given is not None else identity("file", name, str(self._names[name]))
        if made in self._ids:
            self.mistakes.append(f"{place}.id: is there twice")
        self._ids.add(made)
        if not is_uuid(made):
            self.mistakes.append(f"{place}.id: must be a UUID")
        return made


def _direction(amount: Any, kind: str) -> str | None:
    """DEBIT or CREDIT by the sign that real banks use."""
    if not isinstance(amount, int | float):
        return None
    return "DEBIT" if (amount > 0) == (kind == CARD) else "CREDIT"


def _cents(data: Json) -> int:
    """The amount in the account's currency, rounded; 0 if it is no number or beyond all sums."""
    for name in ("amountInAccountCurrency", "amount"):
        amount = data.get(name)
        if isinstance(amount, int | float) and abs(amount) < MOST_AMOUNT:
            return round(Decimal(str(amount)) * 100)
    return 0


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")
