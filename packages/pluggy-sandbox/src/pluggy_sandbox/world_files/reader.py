"""Read a world file: return complete items, or every error with its path."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pluggy_sandbox.ids import is_uuid, stable_uuid
from pluggy_sandbox.institutions import connectors
from pluggy_sandbox.store.ledger import LedgerEntry
from pluggy_sandbox.world.categories import category_name
from pluggy_sandbox.world.movements import CARD, CHECKING, SAVINGS
from pluggy_sandbox.world_files.schemas import MAX_AMOUNT, ValidationErrors, complete_object, is_instant

Json = dict[str, Any]
KINDS = {"CHECKING_ACCOUNT": CHECKING, "SAVINGS_ACCOUNT": SAVINGS, "CREDIT_CARD": CARD}
NAMES = {"CHECKING_ACCOUNT": "Conta Corrente", "SAVINGS_ACCOUNT": "Poupança", "CREDIT_CARD": "Cartão"}
NESTED_IN_ITEM = ("accounts", "investments", "loans", "identity", "consents", "connectorId", "connector")
NESTED_IN_ACCOUNT = ("transactions", "bills")
RAW_DEFAULTS = ("status", "creditCardMetadata")  # a raw transaction has these too, null if missing
UNSET = "unset"  # marks a time that is set when the file is loaded
SYMBOLIC_ID = re.compile(r"@[\w-]{1,60}")
MAX_ERRORS = 100


@dataclass
class LoadedAccount:
    """One account with its transactions and closed bills."""

    data: Json
    kind: str
    entries: list[LedgerEntry] = field(default_factory=list)
    bills: list[Json] = field(default_factory=list)


@dataclass
class LoadedItem:
    """One item with everything that belongs to it."""

    data: Json  # the item's own fields; None if the file does not give them
    connector_id: int
    path: str
    accounts: list[LoadedAccount] = field(default_factory=list)
    investments: list[Json] = field(default_factory=list)
    investment_transactions: dict[str, list[Json]] = field(default_factory=dict)
    loans: list[Json] = field(default_factory=list)
    identity: list[Json] = field(default_factory=list)
    consents: list[Json] = field(default_factory=list)


def read(text: str | bytes, *, client_user_id: str | None = None, step: int = 1) -> list[LoadedItem]:
    """Return the items of a file, optionally all for one user; raise ValidationErrors for any error.

    A file with `steps` shows the banks at several moments; `step` says which one is wanted.
    """
    try:
        world = json.loads(text, parse_constant=_no_constant)
        # Rejects half of a surrogate pair and 1e400.
        json.dumps(world, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise ValidationErrors([f"not JSON: {error}"]) from error
    reader = Reader(client_user_id)
    items = reader.world(reader.step_of(world, step))
    if reader.errors:
        raise ValidationErrors(reader.errors[:MAX_ERRORS])
    return items


class Reader:
    """Reads the file, collects every error with its path, and continues."""

    def __init__(self, client_user_id: str | None = None) -> None:
        self.client_user_id = client_user_id
        self.errors: list[str] = []
        self._name_counts: Counter[str] = Counter()
        self._ids: set[str] = set()

    def step_of(self, world: Any, step: int) -> Any:
        """Return the world at a step; a file without steps has only the first."""
        steps = world.get("steps") if isinstance(world, dict) else None
        count = len(steps) if isinstance(steps, list) else 1
        if not 1 <= step <= count:
            self.errors.append(f"step: must be a number from 1 to {count}")
            return {}
        if not isinstance(steps, list):
            return world
        other_fields = {name: value for name, value in world.items() if name != "steps"}
        return other_fields | steps[step - 1] if isinstance(steps[step - 1], dict) else steps[step - 1]

    def world(self, world: Any) -> list[LoadedItem]:
        """Return all items: those at the top level and those of `people`."""
        if not isinstance(world, dict):
            self.errors.append("the file: must be an object with items")
            return []
        allowed = ("items", "people", "about", "today", "mode", "silent")
        self.errors += [f"{name}: is not a known field" for name in world if name not in allowed]
        items = [self._item(item, path, None) for item, path in self._objects_in(world, "items", "")]
        for person_json, path in self._objects_in(world, "people", ""):
            client_user_id = person_json.get("clientUserId")
            for item, inner_path in self._objects_in(person_json, "items", f"{path}."):
                items.append(self._item(item, inner_path, client_user_id))
        if not items and not self.errors:
            self.errors.append("items: is required")
        return [item for item in items if item is not None]

    def _item(self, given: Json, path: str, client_user_id: str | None) -> LoadedItem | None:
        connector = given.get("connector")
        connector_id = given.get("connectorId", connector.get("id") if isinstance(connector, dict) else None)
        if not connectors.exists(connector_id):
            self.errors.append(f"{path}.connectorId: must be one of {connectors.ids()}")
            return None
        person = self.client_user_id or given.get("clientUserId") or client_user_id
        given = with_ids(given, str(person))
        fields_given = {name: value for name, value in given.items() if name not in NESTED_IN_ITEM}
        data = complete_object(fields_given, "Item", path, self.errors)
        data["clientUserId"] = person
        name = f"file/{data['clientUserId']}/{connector_id}"
        data["id"] = self._id(data["id"], name, path)
        item = LoadedItem(data, connector_id, path)
        item.accounts = [
            self._account(account_json, inner_path, item)
            for account_json, inner_path in self._objects_in(given, "accounts", f"{path}.")
        ]
        self._records(given, item)
        return item

    def _account(self, given: Json, path: str, item: LoadedItem) -> LoadedAccount:
        fields_given = {name: value for name, value in given.items() if name not in NESTED_IN_ACCOUNT}
        subtype, raw = fields_given.get("subtype"), fields_given.pop("raw", False)
        kind = KINDS.get(str(subtype), CARD if fields_given.get("type") == "CREDIT" else CHECKING)
        defaults = {
            "type": "CREDIT" if kind == CARD else "BANK",
            "number": "0000" if kind == CARD else "0001/00000-0",
            "name": NAMES.get(str(subtype), "Conta"),
            "currencyCode": "BRL",
            "itemId": item.data["id"],
            "createdAt": UNSET,
            "updatedAt": UNSET,
        }
        name = f"{item.data['id']}/{subtype}/{fields_given.get('number')}"
        ids = {"itemId": item.data["id"], "id": self._id(fields_given.get("id"), name, path)}
        fields_given = defaults | fields_given | ids
        account = LoadedAccount(fields_given, kind)
        transactions_given = self._objects_in(given, "transactions", f"{path}.")
        account.entries = [
            self._entry(entry, inner_path, account) for entry, inner_path in transactions_given
        ]
        total = sum(Decimal(entry.cents) for entry in account.entries)
        fields_given.setdefault("balance", float(total / 100))
        account.data = fields_given if raw else self._complete(fields_given, "Account", path)
        bills = self._objects_in(given, "bills", f"{path}.")
        account.bills = [self._bill(bill, inner_path, account) for bill, inner_path in bills]
        return account

    def _entry(self, given: Json, path: str, account: LoadedAccount) -> LedgerEntry:
        raw = given.get("raw", False)
        fields_given = {name: value for name, value in given.items() if name != "raw"}
        identifying = (fields_given.get("date"), fields_given.get("amount"), fields_given.get("description"))
        name = "/".join(map(str, (account.data["id"], *identifying)))
        fixed = {"id": self._id(fields_given.get("id"), name, path), "accountId": account.data["id"]}
        times = {"createdAt": UNSET, "updatedAt": UNSET}
        if raw:
            if not isinstance(fields_given.get("date"), str) or not is_instant(fields_given["date"]):
                self.errors.append(f"{path}.date: even a raw transaction needs an ISO 8601 date")
            data = dict.fromkeys(RAW_DEFAULTS) | times | fields_given | fixed
            return LedgerEntry(data, _cents(fields_given))
        currency = account.data.get("currencyCode")
        defaults = {
            "currencyCode": currency if isinstance(currency, str) else "BRL",
            "status": "POSTED",
            "type": _direction(fields_given.get("amount"), account.kind),
            "category": category_name(fields_given.get("categoryId")),
        }
        self._check_category(fields_given.get("categoryId"), path)
        data = self._complete(defaults | times | fields_given | fixed, "Transaction", path)
        return LedgerEntry(data, _cents(data))

    def _check_category(self, category_id: Any, path: str) -> None:
        if category_id is not None and category_name(str(category_id)) is None:
            self.errors.append(f"{path}.categoryId: must be the id of a category")

    def _bill(self, given: Json, path: str, account: LoadedAccount) -> Json:
        fields_given = {name: value for name, value in given.items() if name not in ("raw", "accountId")}
        defaults: Json = {"totalAmountCurrencyCode": "BRL", "financeCharges": [], "payments": []}
        fields_given = defaults | fields_given
        name = f"{account.data['id']}/bill/{fields_given.get('dueDate')}"
        fields_given["id"] = self._id(fields_given.get("id"), name, path)
        for list_name in ("financeCharges", "payments"):
            if given.get("raw") and not isinstance(fields_given[list_name], list):
                continue
            child_name = f"{fields_given['id']}/{list_name}"
            for child, inner_path in self._objects_in(fields_given, list_name, f"{path}."):
                child.setdefault("currencyCode", "BRL")
                child["id"] = self._id(child.get("id"), child_name, inner_path)
        data = fields_given if given.get("raw") else complete_object(fields_given, "Bill", path, self.errors)
        return data | {"accountId": account.data["id"]}

    def _records(self, given: Json, item: LoadedItem) -> None:
        path = f"{item.path}."
        defaults: Json = {"currencyCode": "BRL", "status": "ACTIVE"}
        for investment, inner_path in self._objects_in(given, "investments", path):
            transactions_given = self._objects_in(investment, "transactions", f"{inner_path}.")
            record = self._record(investment, "Investment", inner_path, item, defaults)
            record["transactions"] = None
            item.investments.append(record)
            item.investment_transactions[record["id"]] = [
                self._record(
                    transaction, "InvestmentTransaction", transaction_path, item, {}, parent_id=record["id"]
                )
                for transaction, transaction_path in transactions_given
            ]
        defaults = {"currencyCode": "BRL", "kind": "LOAN"}
        for loan, inner_path in self._objects_in(given, "loans", path):
            item.loans.append(self._record(loan, "Loan", inner_path, item, defaults))
        defaults = {"createdAt": UNSET, "products": list(connectors.PRODUCTS)}
        for consent, inner_path in self._objects_in(given, "consents", path):
            item.consents.append(self._record(consent, "Consent", inner_path, item, defaults))
        if given.get("identity"):
            item.identity = [self._record(given["identity"], "Identity", f"{path}identity", item, {})]

    def _record(
        self,
        given: Any,
        schema: str,
        path: str,
        item: LoadedItem,
        defaults: Json,
        *,
        parent_id: str | None = None,
    ) -> Json:
        if not isinstance(given, dict):
            self.errors.append(f"{path}: must be an object")
            return {"id": ""}
        fields_given = {name: value for name, value in given.items() if name not in ("raw", "transactions")}
        name = f"{parent_id or item.data['id']}/{schema}"
        fields_given = defaults | fields_given | {"id": self._id(fields_given.get("id"), name, path)}
        if parent_id is None:
            fields_given["itemId"] = item.data["id"]
        return fields_given if given.get("raw") else self._complete(fields_given, schema, path)

    def _complete(self, fields_given: Json, schema: str, path: str) -> Json:
        """Complete the object, except for times that are set when it is stored."""
        times_to_set = {name: UNSET for name in ("createdAt", "updatedAt") if fields_given.get(name) == UNSET}
        with_valid_times = fields_given | dict.fromkeys(times_to_set, "2000-01-01T00:00:00.000Z")
        return complete_object(with_valid_times, schema, path, self.errors) | times_to_set

    def _objects_in(self, given: Json, name: str, prefix: str) -> list[tuple[Json, str]]:
        """Return the objects of a list with their paths."""
        value = given.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.errors.append(f"{prefix}{name}: must be a list")
            return []
        elements = [(element, f"{prefix}{name}[{number}]") for number, element in enumerate(value)]
        self.errors += [
            f"{path}: must be an object" for element, path in elements if not isinstance(element, dict)
        ]
        return [(element, path) for element, path in elements if isinstance(element, dict)]

    def _id(self, given: Any, name: str, path: str) -> str:
        """Return the given id, or one that the same file gives again. No two objects may have the same id."""
        self._name_counts[name] += 1
        new_id = str(given) if given is not None else stable_uuid("file", name, str(self._name_counts[name]))
        if new_id in self._ids:
            self.errors.append(f"{path}.id: is used twice")
        self._ids.add(new_id)
        if not is_uuid(new_id):
            self.errors.append(f"{path}.id: must be a UUID")
        return new_id


def with_ids(value: Any, person: str) -> Any:
    """Return the value with a UUID for each symbolic id ("@name"), the same for the same person and name."""
    if isinstance(value, list):
        return [with_ids(element, person) for element in value]
    if not isinstance(value, dict):
        return value
    return {
        name: stable_uuid("file", person, inner)
        if name in ("id", "billId") and isinstance(inner, str) and SYMBOLIC_ID.fullmatch(inner)
        else with_ids(inner, person)
        for name, inner in value.items()
    }


def _direction(amount: Any, kind: str) -> str | None:
    """Return DEBIT or CREDIT by the sign that real banks use."""
    if not isinstance(amount, int | float):
        return None
    return "DEBIT" if (amount > 0) == (kind == CARD) else "CREDIT"


def _cents(data: Json) -> int:
    """Return the amount in the account's currency, rounded; 0 if it is not a number or too large."""
    for name in ("amountInAccountCurrency", "amount"):
        amount = data.get(name)
        if isinstance(amount, int | float) and abs(amount) < MAX_AMOUNT:
            return round(Decimal(str(amount)) * 100)
    return 0


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")
