"""Bodies of every type of Pluggy's payloads, and the same with each field replaced by something odd."""

import copy
import json
import uuid
from collections.abc import Iterator
from typing import Any

from banking.pluggy import lists

TIME = "2026-11-05T15:00:00.000Z"
DOCUMENT = {"type": "CPF", "value": "390.533.447-05"}
PARTY = {
    "name": "A", "documentNumber": DOCUMENT, "accountNumber": "1", "branchNumber": "2", "routingNumber": "3",
    "routingNumberISPB": "4",
}  # fmt: skip
TRANSACTION: dict[str, Any] = {
    "id": "", "accountId": "", "amount": -12.5, "date": TIME, "description": "PADARIA", "currencyCode": "BRL",
    "createdAt": TIME, "updatedAt": TIME, "descriptionRaw": "PADARIA", "type": "DEBIT", "status": "POSTED",
    "amountInAccountCurrency": None, "balance": 100.5, "categoryId": "11010000", "category": "Eating out",
    "operationType": "PIX", "operationTypeAdditionalInfo": "x", "providerCode": "1", "providerId": "2", "order": 1,
    "paymentData": {
        "payer": PARTY, "receiver": PARTY, "reason": "x", "referenceNumber": "y", "paymentMethod": "PIX",
        "authenticationCode": "A1",
        "boletoMetadata": {"baseAmount": 10, "interestAmount": 1.5, "penaltyAmount": 1, "discountAmount": 0},
    },
    "merchant": {"name": "Padaria", "businessName": "PADARIA LTDA", "cnpj": "11222333000181", "category": "Bakery",
        "cnae": "1091102"},
    "creditCardMetadata": {
        "installmentNumber": 1, "totalInstallments": 2, "totalAmount": 25.0, "purchaseDate": "2026-11-05",
        "payeeMCC": 5411, "cardNumber": "1234", "billId": str(uuid.uuid4()), "billForecastDate": "2026-12",
        "feeType": "x", "otherCreditsType": "y", "paymentType": "SINGLE", "billPostDate": "2026-11-06",
        "transactionDateTime": TIME,
    },
}  # fmt: skip
ACCOUNT: dict[str, Any] = {
    "id": "", "itemId": "", "balance": 1000.5, "type": "BANK", "name": "Conta", "currencyCode": "BRL",
    "subtype": "CHECKING_ACCOUNT", "number": "1", "marketingName": "x", "owner": "A", "taxNumber": "390.533.447-05",
    "bankData": {
        "transferNumber": "1/2/3", "closingBalance": 1.5, "automaticallyInvestedBalance": 2.5,
        "overdraftContractedLimit": 3.5, "overdraftUsedLimit": 0,
        "reservedBalances": [{
            "name": "Caixinha", "identification": "1",
            "availableAmounts": [{"amount": 1, "currencyCode": "BRL"}],
        }],
    },
    "creditData": {
        "level": "GOLD", "brand": "VISA", "balanceCloseDate": "2026-12-03", "balanceDueDate": "2026-12-10",
        "availableCreditLimit": 5, "creditLimit": 6, "minimumPayment": 7, "balanceForeignCurrency": 8,
        "status": "ACTIVE", "holderType": "MAIN", "isLimitFlexible": True, "additionalCards": [{"number": "1"}],
        "disaggregatedCreditLimits": [{
            "creditLineLimitType": "LIMITE_CREDITO_TOTAL", "lineName": "CREDITO_A_VISTA", "limitAmount": 6,
            "consolidationType": "CONSOLIDADO", "usedAmount": 1,
        }],
    },
    "createdAt": TIME, "updatedAt": TIME,
}  # fmt: skip
BILL: dict[str, Any] = {
    "id": "", "dueDate": "2026-11-10", "totalAmount": 600.25, "totalAmountCurrencyCode": "BRL",
    "billClosingDate": "2026-11-03", "minimumPaymentAmount": 60, "allowsInstallments": True,
    "financeCharges": [{"type": "IOF", "amount": 1.5, "additionalInfo": "x"}],
    "payments": [{"paymentDate": "2026-11-10", "amount": 5, "valueType": "FULL", "paymentMode": "DEBIT", "id": "p"}],
}  # fmt: skip
INVESTMENT: dict[str, Any] = {
    "id": "", "itemId": "", "balance": 300.75, "type": "FIXED_INCOME", "name": "CDB", "currencyCode": "BRL",
    "subtype": "CDB", "code": "X", "isin": "Y", "issuer": "Z", "amount": 301, "amountOriginal": 290,
    "amountProfit": 11, "taxes": 0.25, "taxes2": 0, "value": 1, "quantity": 300, "rate": 100, "rateType": "CDI",
    "number": "1", "institution": {"name": "B", "number": "2"}, "issuerCNPJ": "11222333000181", "taxExempt": True,
    "amountWithdrawal": 300, "gracePeriodDate": "2027-03-12", "annualRate": 1, "lastMonthRate": 1,
    "lastTwelveMonthsRate": 1, "fixedAnnualRate": 1, "date": "2026-11-27", "purchaseDate": "2025-11-27",
    "dueDate": "2027-11-27",
    "status": "ACTIVE",
}  # fmt: skip
MOVEMENT: dict[str, Any] = {
    "id": "", "date": "2026-11-05", "type": "BUY", "movementType": "CREDIT", "description": "x",
    "tradeDate": "2026-11-05", "amount": 10, "netAmount": 9, "value": 1, "quantity": 10,
    "expenses": {"brokerageFee": 1}, "brokerageNumber": "7",
}  # fmt: skip
LOAN: dict[str, Any] = {
    "id": "", "itemId": "", "productName": "Empréstimo", "currencyCode": "BRL", "kind": "x", "type": "y",
    "contractAmount": 600, "contractDate": "2025-01-01", "dueDate": "2027-01-01",
    "firstInstallmentDueDate": "2025-02-01", "installmentPeriodicity": "MONTHLY", "CET": 0.2,
    "installments": {
        "totalNumberOfInstallments": 12, "paidInstallments": 2, "dueInstallments": 10, "pastDueInstallments": 0,
    },
    "contractNumber": "100000", "ipocCode": "0000000001010139053344705ABC1",
    "amortizationScheduled": "PRICE",
    "interestRates": [{"taxType": "EFFECTIVE", "taxPeriodicity": "MONTHLY", "preFixedRate": 0.02,
        "referentialRateIndexerType": "PRE_FIXADO", "postFixedRate": None}],
    "payments": {"contractOutstandingBalance": 400.25, "releases": [
        {"paidAmount": 50, "paidDate": "2026-11-05", "isOverParcelPayment": False}]},
    "portability": {"status": "REQUESTED", "institution": {"name": "Banco"}},
}  # fmt: skip
INCIDENT: dict[str, Any] = {
    "type": "TRANSACTIONS_MISSING", "kind": "INCIDENT", "severity": "DEGRADED", "product": "dados",
    "state": "INVESTIGATING", "startedAt": TIME, "title": "x",
}  # fmt: skip
ITEM: dict[str, Any] = {
    "id": "", "connector": {"id": 9001, "name": "Banco", "type": "PERSONAL_BANK", "country": "BR",
        "imageUrl": "https://x", "primaryColor": "ff0000", "institutionUrl": "https://y", "hasMFA": True,
        "resetPasswordUrl": "https://z",
        "isOpenFinance": True, "isSandbox": False, "products": ["ACCOUNTS"],
        "health": {"status": "ONLINE", "stage": "BETA", "incidents": [INCIDENT]},
        "productCoverage": ["ACCOUNTS"]},
    "status": "UPDATED", "executionStatus": "SUCCESS",
    "error": {"code": "x", "message": "y", "providerMessage": "z", "attributes": {"a": "b"}},
    "parameter": {"name": "x"}, "userAction": {"type": "x"}, "clientUserId": "", "createdAt": TIME,
    "updatedAt": TIME, "lastUpdatedAt": TIME, "nextAutoSyncAt": TIME, "consecutiveFailedLoginAttempts": 0,
    "statusDetail": {"accounts": {"isUpdated": True, "lastUpdatedAt": TIME, "warnings": [{"code": "1"}]}},
    "consentExpiresAt": TIME, "products": ["ACCOUNTS", "TRANSACTIONS"], "hasResourcesPendingAuthorization": False,
}  # fmt: skip
RESOURCE: dict[str, Any] = {"resourceId": "1", "type": "ACCOUNT", "status": "PENDING_AUTHORISATION"}
IDENTITY: dict[str, Any] = {
    "id": "", "itemId": "", "document": "390.533.447-05", "taxNumber": "39053344705", "fullName": "A",
    "documentType": "CPF", "birthDate": TIME, "emails": [{"type": "Personal", "value": "a@example.com"}],
}  # fmt: skip
CATEGORY: dict[str, Any] = {
    "id": "", "description": "Eating out", "descriptionTranslated": "Restaurantes", "parentId": "11000000",
    "parentDescription": "Food",
}  # fmt: skip
ODD: list[Any] = [
    None, "", "text", 7, -1.5, 2**70, True, [], [7], [None], {}, {"a": 1},
    "9999-12-31T23:59:59.999Z", "2026-11-05", "2026-11-05T15:00:00", "NaN", "1e400",
]  # fmt: skip
MISSING = object()


def paths(body: dict[str, Any], prefix: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every field, also of nested objects and of those in lists."""
    for key, value in body.items():
        yield (*prefix, key)
        if isinstance(value, dict):
            yield from paths(value, (*prefix, key))
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from paths(value[0], (*prefix, key, 0))


def variants(
    body: dict[str, Any], *, strict: set[tuple[Any, ...]], base: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the body once for each optional field and each odd value, with a description and an id of its own."""
    for path in paths(body):
        if path in strict:
            continue
        for value in [*ODD, MISSING]:
            changed = copy.deepcopy(body) | base | {"id": str(uuid.uuid4())}
            parent: Any = changed
            for key in path[:-1]:
                parent = parent[key]
            if value is MISSING:
                del parent[path[-1]]
            else:
                parent[path[-1]] = value
            yield f"{path}: {'missing' if value is MISSING else value!r}", changed


def decode(bodies: list[dict[str, Any]], shape: type[Any]) -> lists.Listing[Any]:
    page, unreadable = lists.decode_page(json.dumps({"results": bodies}).encode(), shape)
    return lists.Listing(page.results, unreadable)


def key(*names: str) -> set[tuple[Any, ...]]:
    return {(name,) for name in names}
