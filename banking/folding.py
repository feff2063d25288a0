"""Text as people compare it: whatever the case and the accents; the same in Python and in PostgreSQL."""

from functools import lru_cache

from django.db.models import Func, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower

ACCENTED, BARE = "áàâãäéèêëíìîïóòôõöúùûüçñ", "aaaaaeeeeiiiiooooouuuucn"
_TABLE = str.maketrans(ACCENTED, BARE)


@lru_cache(maxsize=50_000)
def folded(text: str) -> str:
    return text.lower().translate(_TABLE)


def folded_column(column: str | Combinable) -> Func:
    """translate() needs no extension of PostgreSQL."""
    return Func(Lower(column), Value(ACCENTED), Value(BARE), function="translate", output_field=TextField())
