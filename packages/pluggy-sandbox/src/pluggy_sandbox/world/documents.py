"""Identity, consent, resources and monthly statements of a bank's customer."""

import datetime as dt
from random import Random
from typing import Any

from pluggy_sandbox.ids import stable_uuid
from pluggy_sandbox.world.bank_view import json_amount
from pluggy_sandbox.world.calendar import first_of_month, months
from pluggy_sandbox.world.customers import Customer
from pluggy_sandbox.world.people import NAMES, Person, company, cpf, person
from pluggy_sandbox.world.salary import monthly_salary

Json = dict[str, Any]
PERMISSIONS = {
    "IDENTITY": ["REGISTRATION_ALL"],
    "ACCOUNTS": ["ACCOUNTS_ALL"],
    "CREDIT_CARDS": ["CREDIT_CARDS_ALL"],
    "LOANS": ["CREDIT_OPERATIONS_ALL"],
    "INVESTMENTS": ["INVESTMENTS_ALL"],
}
STATEMENTS = 3  # months with a statement


def identity_of(customer: Customer, item_id: str, *, stamp: str, firms: list[str]) -> Json:
    """Return the identity of an item's owner; `firms` are the CNPJs of its accounts."""
    owner = customer.owner
    rng = Random(f"identity/{customer.person_seed}")
    identity: Json = {"id": stable_uuid(item_id, "identity"), "itemId": item_id}
    identity |= (
        _person_identity(owner, rng, customer)
        if isinstance(owner, Person)
        else _company_identity(customer, rng)
    )
    identity |= {
        "phoneNumbers": [_phone(rng)],
        "emails": [{"type": "Personal", "value": f"cliente{rng.randrange(10**6)}@correio.example"}],
        "addresses": [_address(rng)],
        "companiesCnpj": firms or None,
        "financialRelationships": None,
        "createdAt": stamp,
        "updatedAt": stamp,
    }
    return identity


def _person_identity(owner: Person, rng: Random, customer: Customer) -> Json:
    birth_date = dt.date(rng.randrange(1958, 2004), rng.randrange(1, 13), rng.randrange(1, 29))
    return {
        "fullName": owner.name,
        "socialName": None,
        "companyName": None,
        "document": owner.cpf,
        "documentType": "CPF",
        "taxNumber": owner.cpf,
        "birthDate": f"{birth_date}T00:00:00.000Z",
        "jobTitle": rng.choice(NAMES["job"]),
        "investorProfile": rng.choice(("Conservative", "Moderate", "Aggressive")),
        "establishmentCode": None,
        "establishmentName": None,
        "relations": [
            {"type": "Mother", "name": person(f"{customer.person_seed}/mother").name, "document": cpf(rng)}
        ],
        "sex": rng.choice(("FEMALE", "MALE", "OTHER")),
        "maritalStatus": {"code": rng.choice(("SINGLE", "MARRIED", "STABLE_UNION")), "additionalInfo": None},
        "nationality": {"hasBrazilianNationality": True, "otherNationalities": None},
        "otherDocuments": None,
        "passport": None,
        "incorporationDate": None,
        "parties": None,
        "businessOtherDocuments": None,
        "qualifications": _income(customer) if customer.has_activity("salary") else None,
    }


def _income(customer: Customer) -> Json:
    amount, date = json_amount(monthly_salary(customer)), "2026-01-05T00:00:00.000Z"
    return {
        "companyCnpj": company(customer.seed).cnpj,
        "occupationCode": "CBO",
        "occupationDescription": None,
        "informedIncome": {"frequency": "MENSAL", "amount": amount, "date": date},
        "informedPatrimony": None,
        "economicActivities": None,
        "informedRevenue": None,
    }


def _company_identity(customer: Customer, rng: Random) -> Json:
    partner = person(customer.person_seed)
    counterparty: Json = {"type": "PARTNER", "personType": "NATURAL_PERSON", "documentType": "CPF"}
    counterparty |= {"documentNumber": partner.cpf, "civilName": partner.name, "shareholding": 1}
    return {
        "fullName": None,
        "companyName": customer.owner.name,
        "document": customer.owner.document,
        "documentType": "CNPJ",
        "taxNumber": customer.owner.document,
        "birthDate": None,
        "jobTitle": None,
        "investorProfile": None,
        "establishmentCode": None,
        "establishmentName": customer.owner.name.removesuffix(" Ltda"),
        "relations": None,
        "incorporationDate": f"20{rng.randrange(10, 24)}-03-01T00:00:00.000Z",
        "parties": [counterparty],
        "businessOtherDocuments": None,
        "qualifications": None,
    }


def _phone(rng: Random) -> Json:
    value = f"+55 11 9{rng.randrange(10**7, 10**8):08d}"
    return {"type": "Personal", "value": value, "countryCallingCode": "55", "areaCode": "11"}


def _address(rng: Random) -> Json:
    street, number = rng.choice(NAMES["street"]), rng.randrange(10, 2000)
    city, state, postal_code = rng.choice(NAMES["city"])
    return {
        "fullAddress": f"{street}, {number}, {city}, {state}, Brasil",
        "primaryAddress": f"{street}, {number}",
        "city": city,
        "state": state,
        "postalCode": postal_code,
        "country": "Brasil",
        "countryCode": "BRA",
        "type": "Personal",
        "additionalInfo": None,
    }


def consent(item_id: str, products: list[str], *, given_at: str) -> Json:
    """Return the consent of an Open Finance item; it does not expire."""
    return {
        "id": stable_uuid(item_id, "consent"),
        "itemId": item_id,
        "products": products,
        "openFinancePermissionsGranted": [
            permission for product in products for permission in PERMISSIONS.get(product, [])
        ],
        "createdAt": given_at,
        "expiresAt": None,
        "revokedAt": None,
    }


def resource(record_id: str, resource_type: str) -> Json:
    """Return one resource that the consent covers; `resource_type` is the type in the API."""
    return {
        "id": stable_uuid(record_id, "resource"),
        "resourceId": record_id,
        "type": resource_type,
        "status": "AVAILABLE",
    }


def statements(account_id: str, today: dt.date) -> list[Json]:
    """Return the monthly statements of an account, newest first, without their links."""
    first, last = first_of_month(today, -STATEMENTS), first_of_month(today, -1)
    return [
        {"id": stable_uuid(account_id, f"statement/{month}"), "monthYear": f"{month:%m-%Y}"}
        for month in reversed(list(months(first, last)))
    ]
