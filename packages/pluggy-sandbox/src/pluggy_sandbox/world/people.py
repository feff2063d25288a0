"""Invented people and companies with valid check digits in their documents."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random

NAMES = json.loads((Path(__file__).parents[1] / "data" / "names.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Person:
    """A person with a CPF."""

    name: str
    cpf: str

    @property
    def document(self) -> str:
        """Return the document that identifies the account's owner."""
        return self.cpf


@dataclass(frozen=True)
class Company:
    """A company with a CNPJ."""

    name: str
    cnpj: str

    @property
    def document(self) -> str:
        """Return the document that identifies the account's owner."""
        return self.cnpj


@lru_cache(maxsize=10_000)
def person(seed: str) -> Person:
    """Return the person of a seed; the same seed always gives the same person."""
    rng = Random(f"person/{seed}")
    first, second = rng.sample(NAMES["family"], 2)
    given = rng.choice(NAMES["given"])
    return Person(f"{given} {first} {second}", cpf(rng))


@lru_cache(maxsize=10_000)
def company(seed: str) -> Company:
    """Return the company of a seed."""
    rng = Random(f"company/{seed}")
    name = f"{rng.choice(NAMES['family'])} {rng.choice(NAMES['trade'])} Ltda"
    return Company(name, cnpj(rng))


def cpf(rng: Random) -> str:
    """Return a formatted CPF with valid check digits."""
    digits = [rng.randrange(10) for _ in range(9)]
    for first_weight in (10, 11):
        total = sum(digit * (first_weight - place) for place, digit in enumerate(digits))
        digits.append((total * 10 % 11) % 10)
    text = "".join(map(str, digits))
    return f"{text[:3]}.{text[3:6]}.{text[6:9]}-{text[9:]}"


def cnpj(rng: Random) -> str:
    """Return a formatted CNPJ of a head office with valid check digits."""
    digits = [rng.randrange(10) for _ in range(8)] + [0, 0, 0, 1]
    for _ in range(2):
        weights = [2 + place % 8 for place in range(len(digits))][::-1]
        rest = sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        digits.append(0 if rest < 2 else 11 - rest)
    text = "".join(map(str, digits))
    return f"{text[:2]}.{text[2:5]}.{text[5:8]}/{text[8:12]}-{text[12:]}"
