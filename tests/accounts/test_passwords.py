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
    # What Brazilians choose when twelve characters are asked for.
    *[
        "flamengo2024!",
        "senha123456789",
        "brasil2026brasil",
        "nossasenhora1",
        "deuseefiel123",
        "deusefiel2023",
        "jesusteamo123",
        "euteamo123456",
        "meuamorlindo1",
        "minhafamilia1",
        "familiafeliz1",
        "familiasilva2",
        "mariaeduarda1",
        "joaopedro2010",
        "anabeatriz123",
        "pedrohenrique1",
        "vaicorinthians",
        "palmeiras1914",
        "vascodagama10",
        "belohorizonte1",
        "portoalegre10",
        "brasilcampeao",
        "nubank2024!!",
        "caixaeconomica",
        "trocarsenha1",
        "mudar@123456",
        "felicidade123",
        "gratidao2024",
        "borboleta1234",
        "chocolate1234",
        "147258369147",
        "159357159357",
        "zaq12wsxcde3",
        "102030405060",
        "deusnocomando",
        "senhordosexercitos",
        "lindalinda12",
        "aniversario25",
        "25121985maria",
        "amordaminhavida",
    ],
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
    "pastel de feira com caldo",
    "janela azul no telhado",
    "o vizinho planta jabuticaba",
    "bicicleta-martelo-lua-peixe",
    "vovo faz bolo de fuba",
    "mandioca frita com limao",
    "o gato do vizinho ronca",
    "poesia de guardanapo",
    "viajar de trem para Minas",
    "hj9$Lw2#pQx7",
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
