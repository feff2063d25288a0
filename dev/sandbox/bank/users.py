"""The documented test users and CPFs, and how a bank answers each of them."""

import re
from dataclasses import dataclass

PASSWORD, CODE = "password-ok", "123456"
BANK_USER, BANK_PASSWORD = "ralph.bragg@gmail.com", "P@ssword01"  # at the Open Finance bank's own page
BIGGEST = 5000
TERMS = "Acesse o aplicativo do banco e aceite os novos termos."


@dataclass(frozen=True)
class Answer:
    """What a login leads to: a final code, and on the way there whatever the user stands for."""

    code: str = "SUCCESS"
    said: str | None = None  # the bank's own words for an error
    special: str = ""  # a life beyond the ordinary: "two-checking-accounts", "multi-company", "perf-100x"
    challenge: str = ""  # what the login asks for: "image", "select", "phone", "authorize-access"
    failing: tuple[str, ...] = ()  # products that cannot be collected
    warned: tuple[str, ...] = ()  # products collected with a warning
    second_approval: str = ""  # what the other holders of the account decide: "granted", "refused"


REFUSED = Answer("INVALID_CREDENTIALS")
USERS = {
    "user-ok": Answer(),
    "user-logged": Answer("ALREADY_LOGGED_IN"),
    "user-locked": Answer("ACCOUNT_LOCKED"),
    "user-error": Answer("UNEXPECTED_ERROR"),
    "user-unavailable": Answer("SITE_NOT_AVAILABLE"),
    "user-account-need-actions": Answer("ACCOUNT_NEEDS_ACTION"),
    "user-account-need-actions-provider-message": Answer("ACCOUNT_NEEDS_ACTION", said=TERMS),
    "user-connection-error": Answer("CONNECTION_ERROR"),
    "user-account-credentials-reset": Answer("ACCOUNT_CREDENTIALS_RESET"),
    "user-not-supported": Answer("USER_NOT_SUPPORTED"),
    "user-ok-account-error": Answer(failing=("CREDIT_CARDS",)),
    "user-ok-account-warning": Answer(warned=("ACCOUNTS",)),
    "user-ok-auth-pending": Answer("USER_AUTHORIZATION_PENDING"),
    "user-ok-img": Answer(challenge="image"),
    "user-ok-select": Answer(challenge="select"),
    "user-ok-phone": Answer(challenge="phone"),
    "user-ok-two-checking-accounts": Answer(special="two-checking-accounts"),
    "user-ok-multi-company": Answer(special="multi-company"),
    "user-ok-perf": Answer(special="perf-1x"),
    "user-ok-authorize": Answer(challenge="authorize-access"),  # ours: Pluggy documents no user for it
}
CPFS = {
    "76109277673": Answer(),
    "23824264030": Answer(second_approval="granted"),
    "05117767055": Answer(second_approval="refused"),
}


def of_user(user: str, password: object) -> Answer:
    """How a bank with passwords answers."""
    if password != PASSWORD:
        return REFUSED
    many = re.fullmatch(r"user-ok-perf-(\d{1,4})x", user)
    if many and 1 <= int(many[1]) <= BIGGEST:
        return Answer(special=f"perf-{int(many[1])}x")
    return USERS.get(user, REFUSED)


def of_cpf(cpf: str) -> Answer:
    """How an Open Finance bank answers before it shows its page."""
    return CPFS.get(digits(cpf), REFUSED)


def digits(text: str) -> str:
    """Only the digits of a document number."""
    return re.sub(r"\D", "", text)


def is_cpf(text: str) -> bool:
    """Whether a CPF's two check digits are right (weights 10..2 and 11..2, modulo 11)."""
    numbers = [int(digit) for digit in digits(text)]
    return len(numbers) == 11 and len(set(numbers)) > 1 and all(_checks(numbers, n) for n in (9, 10))


def _checks(numbers: list[int], place: int) -> bool:
    total = sum(number * (place + 1 - position) for position, number in enumerate(numbers[:place]))
    return total * 10 % 11 % 10 == numbers[place]
