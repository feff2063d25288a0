"""Fold texts for comparison: lower case, without accents; the same in Python and in PostgreSQL."""

import re
import unicodedata
from functools import lru_cache

from django.db.models import Func, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower

ACCENTED, UNACCENTED = "áàâãäéèêëíìîïóòôõöúùûüçñ", "aaaaaeeeeiiiiooooouuuucn"
WORD = re.compile(r"[a-z0-9]{2,}")
_TABLE = str.maketrans(ACCENTED, UNACCENTED)


@lru_cache(maxsize=50_000)
def folded(text: str) -> str:
    return text.lower().translate(_TABLE)


def folded_column(column: str | Combinable) -> Func:
    """Return the expression for a column; translate() needs no extension of PostgreSQL."""
    return Func(
        Lower(column), Value(ACCENTED), Value(UNACCENTED), function="translate", output_field=TextField()
    )


def have_similar_words(first: str, second: str) -> bool:
    """Compare descriptions: half of the words of the shorter one must be in the longer one.

    Banks add cities, dates and numbers.
    """
    first_words, second_words = _words(first), _words(second)
    if not first_words or not second_words:
        return first.strip() == second.strip()
    return len(first_words & second_words) * 2 >= min(len(first_words), len(second_words))


def share_words(first: str, second: str) -> bool:
    """Tell whether both texts have words, and similar ones: two texts without words prove nothing."""
    return bool(_words(first)) and have_similar_words(first, second)


def _words(text: str) -> set[str]:
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return set(WORD.findall(ascii_text))
