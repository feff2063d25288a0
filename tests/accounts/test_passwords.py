"""Which passwords are refused: those that are guessed first, in Portuguese too; no rule about characters."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User

GUESSABLE = [
    "Flamengo@2024!",
    "corinthians1910",
    "minhasenha123",
    "Senha@123456",
    "p4lm31r4s1914",
    "123456789012",
    "210987654321",
    "aaaaaaaaaaaa",
    "abcabcabcabc",
    "qwertyuiop12",
    "1q2w3e4r5t6y",
    "jesuscristo7",
    "São Paulo 1930",
    "mariajoao2010",
    "lumelumelume",
    "password1234",
    "            ",
]
GOOD = [
    "correct-horse-battery",
    "tamanco girafa nuvem sete",
    "kx7pq2mzt9wv",
    "çãõéíúàêôü-ñß",
    "🐍🦀🐘🦜🌵🍍🎷🚲🧩🪁🛶🧭",
    "739164820573",
    "a-long-enough-password",
    "o rato roeu a roupa",
]


@pytest.mark.parametrize("password", GUESSABLE)
def test_a_password_that_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.parametrize("password", GOOD)
def test_any_other_password_is_accepted(password: str) -> None:
    validate_password(password)


@pytest.mark.parametrize("password", ["", "short", "eleven-char", "x" * 11])
def test_a_short_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


def test_the_own_address_is_refused() -> None:
    with pytest.raises(ValidationError):
        validate_password("carla.menezes@x", User(email="carla.menezes@example.com"))


def test_a_very_long_password_is_checked_quickly() -> None:
    validate_password("tamanco girafa nuvem " * 50 + "fim")
