"""Logins: what is wrong with one, what is kept of it (never a password), and what each final code means."""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from dev.sandbox.bank import connectors, users
from dev.sandbox.bank.users import CODE, PASSWORD, Answer
from dev.sandbox.store.items import Item

__all__ = ["CODE", "PASSWORD", "end_consent", "failure", "fingerprint", "mistakes", "status_of", "take"]
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


def take(item: Item, parameters: Json) -> None:
    """Keep who logs in and how the bank will answer; with new parameters a consent is asked for again."""
    field = connectors.code_field(item.connector_id)
    if field in parameters:
        item.mfa_accepted = str(parameters[field]) == CODE
    if set(parameters) <= {field} and item.user:
        return  # a 1-step update that renews only the code
    answer = _answer(parameters)
    item.user = str(parameters.get("user") or parameters.get("cpf") or "")
    item.fingerprint = fingerprint(item.connector_id, parameters)
    item.outcome, item.said, item.special = answer.code, answer.said, answer.special
    item.challenge, item.second_approval = answer.challenge, answer.second_approval
    item.failing, item.warned, item.authorization_asked_at = list(answer.failing), list(answer.warned), None
    item.consent = "renewing" if item.consent_ended else ""


def end_consent(item: Item) -> None:
    """The person took the consent back: every login is refused until they connect again."""
    item.consent, item.consent_expires_at = "ended", None
    if connectors.authorization(item.connector_id) is None:
        item.outcome = "USER_AUTHORIZATION_REVOKED"


def _answer(parameters: Json) -> Answer:
    if "cpf" in parameters:
        return users.of_cpf(str(parameters["cpf"]))
    if not parameters:
        return Answer()  # nothing to type: the person authorises at the bank
    return users.of_user(str(parameters.get("user")), parameters.get("password"))


def fingerprint(connector_id: int, parameters: Json) -> str:
    """Tells the same login again without keeping it."""
    who = users.digits(str(parameters["cpf"])) if parameters.get("cpf") else parameters.get("user")
    return hashlib.sha256(f"{connector_id}/{who}".encode()).hexdigest()


def mistakes(connector_id: int, parameters: Json, *, kept: Iterable[str] = ()) -> list[Json]:
    """The `details` of a 400 for missing or malformed parameters; `kept` names those already stored."""
    found = []
    for field in connectors.credentials(connector_id):
        value = parameters.get(field["name"])
        if value in (None, ""):
            if not field["optional"] and field["name"] not in kept:
                found.append(_mistake(field["name"], f"{field['name']} parameter is required"))
        elif not _is_well_formed(field, str(value)):
            found.append(_mistake(field["name"], field["validationMessage"]))
    return found


def _is_well_formed(field: Json, value: str) -> bool:
    if field["validation"] and not re.match(field["validation"], value):
        return False
    return field["name"] != "cpf" or users.is_cpf(value)


def _mistake(parameter: str, message: str) -> Json:
    return {"code": "001", "parameter": parameter, "message": message}


def failure(code: str, *, said: str | None = None) -> Json:
    """The item's `error` for a failed run; `said` are the institution's own words."""
    return {"code": code, "message": MESSAGES.get(code, code), "providerMessage": said, "attributes": None}


def status_of(code: str) -> str:
    """The broad item status of a final code."""
    if code in ("SUCCESS", "PARTIAL_SUCCESS"):
        return "UPDATED"
    return "LOGIN_ERROR" if code in LOGIN_ERRORS else "OUTDATED"
