"""The documented test users and CPFs, and how a bank answers each of them."""

import re
from dataclasses import dataclass

PASSWORD, CODE = "password-ok", "123456"
BANK_USER, BANK_PASSWORD = "ralph.bragg@gmail.com", "P@ssword01"  # for the page of the Open Finance bank
MAX_PERFORMANCE_FACTOR = 5000
TERMS = "Acesse o aplicativo do banco e aceite os novos termos."


@dataclass(frozen=True)
class LoginOutcome:
    """The outcome of a login: a final code, and special behaviour before it."""

    code: str = "SUCCESS"
    provider_message: str | None = None  # the institution's message for an error
    variant: str = ""  # "two-checking-accounts", "multi-company", "perf-100x"; empty: an ordinary customer
    challenge: str = ""  # what the login asks for: "image", "select", "phone", "authorize-access"
    failing_products: tuple[str, ...] = ()  # products that cannot be collected
    products_with_warnings: tuple[str, ...] = ()  # collected with a warning
    second_approval: str = ""  # what the other holders of the account decide: "granted", "refused"


INVALID_LOGIN = LoginOutcome("INVALID_CREDENTIALS")
USERS = {
    "user-ok": LoginOutcome(),
    "user-logged": LoginOutcome("ALREADY_LOGGED_IN"),
    "user-locked": LoginOutcome("ACCOUNT_LOCKED"),
    "user-error": LoginOutcome("UNEXPECTED_ERROR"),
    "user-unavailable": LoginOutcome("SITE_NOT_AVAILABLE"),
    "user-account-need-actions": LoginOutcome("ACCOUNT_NEEDS_ACTION"),
    "user-account-need-actions-provider-message": LoginOutcome(
        "ACCOUNT_NEEDS_ACTION", provider_message=TERMS
    ),
    "user-connection-error": LoginOutcome("CONNECTION_ERROR"),
    "user-account-credentials-reset": LoginOutcome("ACCOUNT_CREDENTIALS_RESET"),
    "user-not-supported": LoginOutcome("USER_NOT_SUPPORTED"),
    "user-ok-account-error": LoginOutcome(failing_products=("CREDIT_CARDS",)),
    "user-ok-account-warning": LoginOutcome(products_with_warnings=("ACCOUNTS",)),
    "user-ok-auth-pending": LoginOutcome("USER_AUTHORIZATION_PENDING"),
    "user-ok-img": LoginOutcome(challenge="image"),
    "user-ok-select": LoginOutcome(challenge="select"),
    "user-ok-phone": LoginOutcome(challenge="phone"),
    "user-ok-two-checking-accounts": LoginOutcome(variant="two-checking-accounts"),
    "user-ok-multi-company": LoginOutcome(variant="multi-company"),
    "user-ok-perf": LoginOutcome(variant="perf-1x"),
    "user-ok-authorize": LoginOutcome(challenge="authorize-access"),  # not documented by Pluggy
}
CPFS = {
    "76109277673": LoginOutcome(),
    "23824264030": LoginOutcome(second_approval="granted"),
    "05117767055": LoginOutcome(second_approval="refused"),
}


def outcome_of_user(user: str, password: object) -> LoginOutcome:
    """Return how a bank with passwords answers."""
    if password != PASSWORD:
        return INVALID_LOGIN
    performance = re.fullmatch(r"user-ok-perf-(\d{1,4})x", user)
    if performance and 1 <= int(performance[1]) <= MAX_PERFORMANCE_FACTOR:
        return LoginOutcome(variant=f"perf-{int(performance[1])}x")
    return USERS.get(user, INVALID_LOGIN)


def outcome_of_cpf(cpf: str) -> LoginOutcome:
    """Return how an Open Finance bank answers before it shows its page."""
    return CPFS.get(digits(cpf), INVALID_LOGIN)


def digits(text: str) -> str:
    """Return only the digits of a document number."""
    return re.sub(r"\D", "", text)


def is_cpf(text: str) -> bool:
    """Return whether the two check digits of a CPF are right (weights 10..2 and 11..2, modulo 11)."""
    numbers = [int(digit) for digit in digits(text)]
    if len(numbers) != 11 or len(set(numbers)) == 1:
        return False
    return all(_has_valid_check_digit(numbers, length) for length in (9, 10))


def _has_valid_check_digit(numbers: list[int], length: int) -> bool:
    total = sum(number * (length + 1 - position) for position, number in enumerate(numbers[:length]))
    return total * 10 % 11 % 10 == numbers[length]
