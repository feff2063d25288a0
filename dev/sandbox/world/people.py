"""Invented people and firms with documents whose check digits are right."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random

NAMES = json.loads((Path(__file__).parents[1] / "data" / "names.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Person:
    """Somebody with a CPF."""

    name: str
    cpf: str

    @property
    def document(self) -> str:
        """What identifies the account's owner."""
        return self.cpf


@dataclass(frozen=True)
class Company:
    """A firm with a CNPJ."""

    name: str
    cnpj: str

    @property
    def document(self) -> str:
        """What identifies the account's owner."""
        return self.cnpj


@lru_cache(maxsize=10_000)
def person(seed: str) -> Person:
    """The person of a seed; the same seed is the same person everywhere."""
    dice = Random(f"person/{seed}")
    first, second = dice.sample(NAMES["family"], 2)
    given = dice.choice(NAMES["given"])
    return Person(f"{given} {first} {second}", cpf(dice))


@lru_cache(maxsize=10_000)
def company(seed: str) -> Company:
    """The firm of a seed."""
    dice = Random(f"company/{seed}")
    name = f"{dice.choice(NAMES['family'])} {dice.choice(NAMES['trade'])} Ltda"
    return Company(name, cnpj(dice))


def cpf(dice: Random) -> str:
    """A formatted CPF with valid check digits."""
    digits = [dice.randrange(10) for _ in range(9)]
    for first_weight in (10, 11):
        total = sum(digit * (first_weight - place) for place, digit in enumerate(digits))
        digits.append((total * 10 % 11) % 10)
    text = "".join(map(str, digits))
    return f"{text[:3]}.{text[3:6]}.{text[6:9]}-{text[9:]}"


def cnpj(dice: Random) -> str:
    """A formatted CNPJ of a head office with valid check digits."""
    digits = [dice.randrange(10) for _ in range(8)] + [0, 0, 0, 1]
    for _ in range(2):
        weights = [2 + place % 8 for place in range(len(digits))][::-1]
        rest = sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        digits.append(0 if rest < 2 else 11 - rest)
    text = "".join(map(str, digits))
    return f"{text[:2]}.{text[2:5]}.{text[5:8]}/{text[8:12]}-{text[12:]}"
