"""How the banks answer a login: the documented test users, and what each final code means for an item."""

import hashlib
import re
from typing import Any

from dev.sandbox.bank import connectors

Json = dict[str, Any]
PASSWORD, CODE = "password-ok", "123456"
GOOD_CPF = {"76109277673", "23824264030"}

ANSWERS = {
    "user-ok": "SUCCESS",
    "user-logged": "ALREADY_LOGGED_IN",
    "user-locked": "ACCOUNT_LOCKED",
    "user-error": "UNEXPECTED_ERROR",
    "user-unavailable": "SITE_NOT_AVAILABLE",
    "user-account-need-actions": "ACCOUNT_NEEDS_ACTION",
    "user-account-need-actions-provider-message": "ACCOUNT_NEEDS_ACTION+",
    "user-connection-error": "CONNECTION_ERROR",
    "user-account-credentials-reset": "ACCOUNT_CREDENTIALS_RESET",
    "user-not-supported": "USER_NOT_SUPPORTED",
    "user-ok-account-error": "PARTIAL_SUCCESS",
    "user-ok-account-warning": "SUCCESS+",
    "user-ok-auth-pending": "USER_AUTHORIZATION_PENDING",
    # documented with special data or steps, which the local Pluggy does not imitate yet: a plain success
    "user-ok-two-checking-accounts": "SUCCESS",
    "user-ok-multi-company": "SUCCESS",
    "user-ok-perf": "SUCCESS",
}

LOGIN_ERRORS = {
    "INVALID_CREDENTIALS",
    "INVALID_CREDENTIALS_MFA",
    "ACCOUNT_CREDENTIALS_RESET",
    "USER_AUTHORIZATION_NOT_GRANTED",
    "USER_AUTHORIZATION_REVOKED",
}
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
    "USER_AUTHORIZATION_PENDING": "The user has to authorize this device at the institution",
    "USER_AUTHORIZATION_NOT_GRANTED": "The user did not authorize the access",
    "USER_AUTHORIZATION_REVOKED": "The user revoked the consent at the institution",
}


def answer(parameters: Json) -> str:
    """The final code of a login; a trailing + adds a provider message or a warning."""
    if "cpf" in parameters:
        return "SUCCESS" if re.sub(r"\D", "", str(parameters["cpf"])) in GOOD_CPF else "INVALID_CREDENTIALS"
    if parameters.get("password") != PASSWORD:
        return "INVALID_CREDENTIALS"
    user = str(parameters.get("user"))
    if re.fullmatch(r"user-ok-perf-\d{1,4}x", user):
        return "SUCCESS"
    return ANSWERS.get(user, "INVALID_CREDENTIALS")


def fingerprint(connector_id: int, parameters: Json) -> str:
    """Tells the same login again without keeping it."""
    who = parameters.get("cpf") or parameters.get("user")
    return hashlib.sha256(f"{connector_id}/{who}".encode()).hexdigest()


def mistakes(connector_id: int, parameters: Json) -> list[Json]:
    """The `details` of a 400 for missing or malformed parameters."""
    found = []
    for field in connectors.credentials(connector_id):
        value = parameters.get(field["name"])
        if value in (None, ""):
            if not field["optional"]:
                found.append(_mistake(field["name"], f"{field['name']} parameter is required"))
        elif field["validation"] and not re.match(field["validation"], str(value)):
            found.append(_mistake(field["name"], field["validationMessage"]))
    return found


def _mistake(parameter: str, message: str) -> Json:
    return {"code": "001", "parameter": parameter, "message": message}


def failure(code: str, *, detailed: bool = False) -> Json:
    """The item's `error` for a failed run."""
    said = "Acesse o aplicativo do banco e aceite os novos termos." if detailed else None
    return {"code": code, "message": MESSAGES.get(code, code), "providerMessage": said, "attributes": None}


def status_of(code: str) -> str:
    """The broad item status of a final code."""
    if code in ("SUCCESS", "PARTIAL_SUCCESS"):
        return "UPDATED"
    return "LOGIN_ERROR" if code in LOGIN_ERRORS else "OUTDATED"
