"""Refuse passwords that are guessed first: known words, runs of keys, repetitions and years, and little else.

Django's CommonPasswordValidator has the passwords that leaked most often worldwide. Brazilians also choose clubs,
names, saints and words of love: KNOWN_WORDS has those. There is no rule about which characters to use.

Example: "Flamengo@2024!" is the word "flamengo", the year 2024 and two signs. Two characters are left to guess.
"""

import re
import unicodedata
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

KNOWN_WORDS = frozenset(Path(__file__).with_name("common_words.txt").read_text(encoding="utf-8").split())
LONGEST_FIRST = re.compile("|".join(sorted(KNOWN_WORDS, key=len, reverse=True)))
YEAR = re.compile(r"(19|20)\d\d")
# p4l4vr4 is as easy to guess as palavra; 1 stands for i or for l.
LOOKALIKES = tuple(str.maketrans("0345@$!71", f"oeasasit{letter}") for letter in "il")
SEQUENCES = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
)
MIN_RUN = 3  # characters that follow each other in a sequence
MIN_REST = 6  # characters that must be left beside what is known


class GuessablePasswordValidator:
    """Refuse a password of which fewer than six characters are left without what is guessed first."""

    def validate(self, password: str, _user: object = None) -> None:
        if characters_to_guess(password) < MIN_REST:
            raise ValidationError(
                _(
                    "This password is easy to guess. Four random words are easier to remember and harder to guess."
                ),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        return _("Avoid names, clubs, dates and keys in a row. Four random words are a good password.")


def characters_to_guess(password: str) -> int:
    """Return how many characters are left without known words, runs, repetitions and years."""
    folded = unicodedata.normalize("NFKD", password.lower())
    text = "".join(letter for letter in folded if not unicodedata.combining(letter))
    without_years = YEAR.sub(" ", text)
    variants = (text, *(without_years.translate(lookalikes) for lookalikes in LOOKALIKES))
    return min(_rest(_unrepeated(variant)) for variant in variants)


def _rest(text: str) -> int:
    without = YEAR.sub(" ", LONGEST_FIRST.sub(" ", text))
    for sequence in (*SEQUENCES, *(sequence[::-1] for sequence in SEQUENCES)):
        without = _without_runs(without, sequence)
    letters = without.replace(" ", "")
    return min(len(letters), 2 * len(set(letters)))


def _without_runs(text: str, sequence: str) -> str:
    """Remove the parts of a text that are at least MIN_RUN characters of the sequence."""
    kept, start = [], 0
    while start < len(text):
        end = start + 1
        while end < len(text) and text[start : end + 1] in sequence:
            end += 1
        kept.append(" " if end - start >= MIN_RUN else text[start:end])
        start = end
    return "".join(kept)


def _unrepeated(text: str) -> str:
    """Return the part that is repeated if the text is only a repetition, else the text."""
    match = re.fullmatch(r"(.+?)\1+", text, re.DOTALL)
    return match[1] if match else text
