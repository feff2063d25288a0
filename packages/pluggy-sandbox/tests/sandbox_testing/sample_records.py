"""Records of every kind for one item, written directly into the store."""

from typing import Any

from pluggy_sandbox.store import records
from pluggy_sandbox.store.database import Database

Json = dict[str, Any]
STAMP = "2026-02-03T12:00:00.000Z"


def uuid(number: int, item_id: str) -> str:
    """Return a UUID that belongs to this item."""
    return f"{item_id[:24]}{number:012d}"


def write(database: Database, item_id: str, account_id: str) -> dict[str, str]:
    """Write the records; return the id of one of each kind."""
    ids = {
        name: uuid(number, item_id) for number, name in enumerate(("cdb", "stock", "loan", "who", "consent"))
    }
    replace_records = records.replace
    replace_records(
        database, item_id, records.INVESTMENT, [cdb(ids["cdb"], item_id), stock(ids["stock"], item_id)]
    )
    buys = [buy(uuid(100 + number, item_id)) for number in range(3)]
    replace_records(database, item_id, records.INVESTMENT_TRANSACTION, buys, parent_id=ids["cdb"])
    replace_records(database, item_id, records.LOAN, [loan(ids["loan"], item_id)])
    replace_records(database, item_id, records.IDENTITY, [identity(ids["who"], item_id)])
    replace_records(database, item_id, records.CONSENT, [consent(ids["consent"], item_id)])
    replace_records(
        database, item_id, records.RESOURCE, [resource(uuid(200 + n, item_id), n) for n in range(2)]
    )
    month = {"id": uuid(300, item_id), "monthYear": "02-2026"}
    replace_records(database, item_id, records.STATEMENT, [month], parent_id=account_id)
    return ids


def cdb(investment_id: str, item_id: str) -> Json:
    return {
        "id": investment_id, "itemId": item_id, "type": "FIXED_INCOME", "subtype": "CDB", "name": "CDB 2028",
        "number": None, "balance": 10421.55, "amount": 10500, "amountOriginal": 10000, "amountProfit": 500,
        "taxes": 78.45, "taxes2": 0, "currencyCode": "BRL", "date": STAMP, "value": None, "quantity": None,
        "rate": 102.5, "rateType": "CDI", "dueDate": "2028-01-05T03:00:00.000Z", "issuer": "Banco Aurora",
        "status": "ACTIVE", "createdAt": STAMP, "updatedAt": STAMP,
    }  # fmt: skip


def stock(investment_id: str, item_id: str) -> Json:
    return {
        "id": investment_id, "itemId": item_id, "type": "EQUITY", "subtype": "STOCK", "name": "PAMP3",
        "code": "PAMP3", "isin": None, "balance": 2431.5, "amount": 2431.5, "value": 24.315, "quantity": 100,
        "currencyCode": "BRL", "date": STAMP, "status": "ACTIVE", "createdAt": STAMP, "updatedAt": STAMP,
    }  # fmt: skip


def buy(row_id: str) -> Json:
    return {
        "id": row_id, "type": "BUY", "movementType": "CREDIT", "quantity": 1, "value": 1000, "amount": 1000,
        "netAmount": 1000, "agreedRate": None, "date": STAMP, "tradeDate": STAMP, "description": "Aplicação",
        "brokerageNumber": None, "expenses": None,
    }  # fmt: skip


def loan(loan_id: str, item_id: str) -> Json:
    return {
        "id": loan_id, "itemId": item_id, "productName": "Crédito pessoal", "kind": "LOAN", "date": STAMP,
        "currencyCode": "BRL", "contractNumber": "7001", "contractAmount": 12000, "CET": 0.29,
        "amortizationScheduled": "PRICE", "installmentPeriodicity": "MONTHLY", "interestRates": [],
        "installments": {"totalNumberOfInstallments": 24, "paidInstallments": 5, "dueInstallments": 19},
        "payments": {"contractOutstandingBalance": 9800.12, "releases": []},
    }  # fmt: skip


def identity(identity_id: str, item_id: str) -> Json:
    return {
        "id": identity_id, "itemId": item_id, "fullName": "Ana Souza Lima",
        "document": "761.092.776-73", "documentType": "CPF",
        "taxNumber": None, "companyName": None, "birthDate": "1990-04-02T00:00:00.000Z", "jobTitle": None,
        "investorProfile": "Moderate", "phoneNumbers": [{"type": "Personal", "value": "+55 11 90000-0000"}],
        "emails": [{"type": "Personal", "value": "ana@example.com"}], "addresses": [], "relations": [],
        "createdAt": STAMP, "updatedAt": STAMP,
    }  # fmt: skip


def consent(consent_id: str, item_id: str) -> Json:
    return {
        "id": consent_id, "itemId": item_id, "products": ["ACCOUNTS", "TRANSACTIONS"],
        "openFinancePermissionsGranted": ["ACCOUNTS_ALL", "CREDIT_CARDS_ALL"], "createdAt": STAMP,
        "expiresAt": None, "revokedAt": None,
    }  # fmt: skip


def resource(row_id: str, number: int) -> Json:
    status = "AVAILABLE" if number == 0 else "PENDING_AUTHORISATION"
    return {"id": row_id, "resourceId": f"resource-{number}", "type": "ACCOUNT", "status": status}
