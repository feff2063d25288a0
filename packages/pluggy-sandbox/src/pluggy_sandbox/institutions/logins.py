"""Check logins, store what is needed of them (never a password), and interpret final codes."""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from pluggy_sandbox.institutions import connectors, test_users
from pluggy_sandbox.institutions.test_users import CODE, LoginOutcome
from pluggy_sandbox.store.items import Item

Json = dict[str, Any]

LOGIN_ERRORS = {
    "INVALID_CREDENTIALS",
    "INVALID_CREDENTIALS_MFA",
    "ACCOUNT_CREDENTIALS_RESET",
    "USER_AUTHORIZATION_NOT_GRANTED",
    "USER_AUTHORIZATION_REVOKED",
}
WRONG_LOGIN = {"INVALID_CREDENTIALS", "INVALID_CREDENTIALS_MFA"}
NEEDS_PARAMETERS = {"INVALID_CREDENTIALS", "ACCOUNT_CREDENTIALS_RESET"}

# Details of an error; Pluggy does not say which there are.
ATTRIBUTES: dict[str, Json] = {"ACCOUNT_NEEDS_ACTION": {"action": "ACCEPT_TERMS"}}

MESSAGES = {
    "INVALID_CREDENTIALS": "The credentials were refused by the institution",
    "INVALID_CREDENTIALS_MFA": "The MFA value is wrong or has expired",
    "ALREADY_LOGGED_IN": "The user has another session open at the institution",
    "ACCOUNT_LOCKED": "The account is locked at the institution",
    "ACCOUNT_NEEDS_ACTION": "The institution asks the user for an action before going on",
    "ACCOUNT_CREDENTIALS_RESET": "The institution asks the user for a new password",
    "UNEXPECTED_ERROR": "An unexpected error happened while collecting",
    "SITE_NOT_AVAILABLE": "The institution is not available",
    "CONNECTION_ERROR": "The connection with the institution failed",
    "USER_NOT_SUPPORTED": "This kind of user is not supported",
    "USER_INPUT_TIMEOUT": "The user did not answer in time",
    "USER_AUTHORIZATION_PENDING": "The user has to authorize this access at the institution",
    "USER_AUTHORIZATION_NOT_GRANTED": "The user did not authorize the access",
    "USER_AUTHORIZATION_REVOKED": "The user revoked the consent at the institution",
}


def store(item: Item, parameters: Json) -> None:
    """Store who logs in and how the bank will answer. New parameters ask for an ended consent again."""
    field = connectors.code_field(item.connector_id)
    if field in parameters:
        item.mfa_accepted = str(parameters[field]) == CODE
    if set(parameters) <= {field} and item.user:
        return  # an update with 1-step MFA that renews only the code
    outcome = _outcome(parameters)
    item.user = str(parameters.get("user") or parameters.get("cpf") or "")
    item.fingerprint = fingerprint(item.connector_id, parameters)
    item.outcome, item.provider_message = outcome.code, outcome.provider_message
    item.variant, item.challenge = outcome.variant, outcome.challenge
    item.second_approval, item.authorization_asked_at = outcome.second_approval, None
    item.failing_products = list(outcome.failing_products)
    item.products_with_warnings = list(outcome.products_with_warnings)
    item.consent = "renewing" if item.consent_ended else ""


def end_consent(item: Item) -> None:
    """Withdraw the consent: every login is refused until the user connects again."""
    item.consent, item.consent_expires_at = "ended", None
    if connectors.authorization(item.connector_id) is None:
        item.outcome = "USER_AUTHORIZATION_REVOKED"


def _outcome(parameters: Json) -> LoginOutcome:
    if "cpf" in parameters:
        return test_users.outcome_of_cpf(str(parameters["cpf"]))
    if not parameters:
        return LoginOutcome()  # there are no fields: the user authorizes at the bank
    return test_users.outcome_of_user(str(parameters.get("user")), parameters.get("password"))


def fingerprint(connector_id: int, parameters: Json) -> str:
    """Return a hash that identifies the same login again without storing it."""
    cpf = parameters.get("cpf")
    login_name = test_users.digits(str(cpf)) if cpf else parameters.get("user")
    return hashlib.sha256(f"{connector_id}/{login_name}".encode()).hexdigest()


def parameter_errors(connector_id: int, parameters: Json, *, stored_fields: Iterable[str] = ()) -> list[Json]:
    """Return the `details` of a 400 for missing or malformed parameters.

    `stored_fields` are not required, because they are already stored.
    """
    errors = []
    for field in connectors.credentials(connector_id):
        value = parameters.get(field["name"])
        if value in (None, ""):
            if not field["optional"] and field["name"] not in stored_fields:
                errors.append(_parameter_error(field["name"], f"{field['name']} parameter is required"))
        elif not _is_well_formed(field, str(value)):
            errors.append(_parameter_error(field["name"], field["validationMessage"]))
    return errors


def _is_well_formed(field: Json, value: str) -> bool:
    if field["validation"] and not re.match(field["validation"], value):
        return False
    return field["name"] != "cpf" or test_users.is_cpf(value)


def _parameter_error(parameter: str, message: str) -> Json:
    return {"code": "001", "parameter": parameter, "message": message}


def failure(code: str, *, provider_message: str | None = None) -> Json:
    """Return the item's `error` for a failed run."""
    return {
        "code": code,
        "message": MESSAGES.get(code, code),
        "providerMessage": provider_message,
        "attributes": ATTRIBUTES.get(code),
    }


def status_of(code: str) -> str:
    """Return the item status that belongs to a final code."""
    if code in ("SUCCESS", "PARTIAL_SUCCESS"):
        return "UPDATED"
    return "LOGIN_ERROR" if code in LOGIN_ERRORS else "OUTDATED"
