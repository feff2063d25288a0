"""What a bank knows of its client besides money: identity, consent, resources and monthly statements."""

import datetime as dt
from random import Random
from typing import Any

from dev.sandbox.world.calendar import first_of_month, months
from dev.sandbox.world.life import Life
from dev.sandbox.world.people import NAMES, Person, company, cpf, person
from dev.sandbox.world.voice import identity, money
from dev.sandbox.world.wages import monthly_wage

Json = dict[str, Any]
PERMISSIONS = {
    "IDENTITY": ["REGISTRATION_ALL"],
    "ACCOUNTS": ["ACCOUNTS_ALL"],
    "CREDIT_CARDS": ["CREDIT_CARDS_ALL"],
    "LOANS": ["CREDIT_OPERATIONS_ALL"],
    "INVESTMENTS": ["INVESTMENTS_ALL"],
}
STATEMENTS = 3  # months that can be had as a document


def who_is(life: Life, item_id: str, *, stamp: str, firms: list[str]) -> Json:
    """The identity of an item's owner; `firms` are the CNPJs of its accounts."""
    owner = life.owner
    dice = Random(f"identity/{life.who}")
    known: Json = {"id": identity(item_id, "identity"), "itemId": item_id}
    known |= _person(owner, dice, life) if isinstance(owner, Person) else _firm(life, dice)
    known |= {
        "phoneNumbers": [_phone(dice)],
        "emails": [{"type": "Personal", "value": f"cliente{dice.randrange(10**6)}@correio.example"}],
        "addresses": [_address(dice)],
        "companiesCnpj": firms or None,
        "financialRelationships": None,
        "createdAt": stamp,
        "updatedAt": stamp,
    }
    return known


def _person(owner: Person, dice: Random, life: Life) -> Json:
    born = dt.date(dice.randrange(1958, 2004), dice.randrange(1, 13), dice.randrange(1, 29))
    return {
        "fullName": owner.name,
        "socialName": None,
        "companyName": None,
        "document": owner.cpf,
        "documentType": "CPF",
        "taxNumber": owner.cpf,
        "birthDate": f"{born}T00:00:00.000Z",
        "jobTitle": dice.choice(NAMES["job"]),
        "investorProfile": dice.choice(("Conservative", "Moderate", "Aggressive")),
        "establishmentCode": None,
        "establishmentName": None,
        "relations": [{"type": "Mother", "name": person(f"{life.who}/mother").name, "document": cpf(dice)}],
        "sex": dice.choice(("FEMALE", "MALE", "OTHER")),
        "maritalStatus": {"code": dice.choice(("SINGLE", "MARRIED", "STABLE_UNION")), "additionalInfo": None},
        "nationality": {"hasBrazilianNationality": True, "otherNationalities": None},
        "otherDocuments": None,
        "passport": None,
        "incorporationDate": None,
        "parties": None,
        "businessOtherDocuments": None,
        "qualifications": _income(life) if life.tells("wage") else None,
    }


def _income(life: Life) -> Json:
    amount, date = money(monthly_wage(life)), "2026-01-05T00:00:00.000Z"
    return {
        "companyCnpj": company(life.story).cnpj,
        "occupationCode": "CBO",
        "occupationDescription": None,
        "informedIncome": {"frequency": "MENSAL", "amount": amount, "date": date},
        "informedPatrimony": None,
        "economicActivities": None,
        "informedRevenue": None,
    }


def _firm(life: Life, dice: Random) -> Json:
    partner = person(life.who)
    party: Json = {"type": "PARTNER", "personType": "NATURAL_PERSON", "documentType": "CPF"}
    party |= {"documentNumber": partner.cpf, "civilName": partner.name, "shareholding": 1}
    return {
        "fullName": None,
        "companyName": life.owner.name,
        "document": life.owner.document,
        "documentType": "CNPJ",
        "taxNumber": life.owner.document,
        "birthDate": None,
        "jobTitle": None,
        "investorProfile": None,
        "establishmentCode": None,
        "establishmentName": life.owner.name.removesuffix(" Ltda"),
        "relations": None,
        "incorporationDate": f"20{dice.randrange(10, 24)}-03-01T00:00:00.000Z",
        "parties": [party],
        "businessOtherDocuments": None,
        "qualifications": None,
    }


def _phone(dice: Random) -> Json:
    value = f"+55 11 9{dice.randrange(10**7, 10**8):08d}"
    return {"type": "Personal", "value": value, "countryCallingCode": "55", "areaCode": "11"}


def _address(dice: Random) -> Json:
    street, number = dice.choice(NAMES["street"]), dice.randrange(10, 2000)
    city, state, postal_code = dice.choice(NAMES["city"])
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


def consent(item_id: str, products: list[str], *, given: str) -> Json:
    """The consent of an Open Finance item; it does not expire."""
    return {
        "id": identity(item_id, "consent"),
        "itemId": item_id,
        "products": products,
        "openFinancePermissionsGranted": [
            granted for product in products for granted in PERMISSIONS.get(product, [])
        ],
        "createdAt": given,
        "expiresAt": None,
        "revokedAt": None,
    }


def resource(record_id: str, sort: str) -> Json:
    """One thing the consent reaches; `sort` as the API names kinds of resources."""
    return {
        "id": identity(record_id, "resource"),
        "resourceId": record_id,
        "type": sort,
        "status": "AVAILABLE",
    }


def statements(account_id: str, today: dt.date) -> list[Json]:
    """The monthly statements of an account that can be had, newest first; the API adds the address."""
    first, last = first_of_month(today, -STATEMENTS), first_of_month(today, -1)
    return [
        {"id": identity(account_id, f"statement/{month}"), "monthYear": f"{month:%m-%Y}"}
        for month in reversed(list(months(first, last)))
    ]
