"""CPF and CNPJ: compare them without storing them, show them masked."""

import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.conf import settings

CPF_LENGTH, CNPJ_LENGTH = 11, 14
MIN_IPOC = 22  # bank 8, kind of loan 4, kind of client 1, client 8 to 14, contract 1 to 40
_NOT_IN_DOCUMENT = re.compile(r"[^0-9A-Z*]")
_MASKS = dict.fromkeys(map(ord, "•●∙·#_×"), "*")


def bare(document: str | None) -> str:
    """Return the document without punctuation: digits, and letters too since CNPJs have them (2026)."""
    return _NOT_IN_DOCUMENT.sub("", _normalized(document)).replace("*", "")


def _normalized(text: str | None) -> str:
    return unicodedata.normalize("NFKC", text or "").upper()


def _characters(document: str | None) -> str:
    """Return the ASCII letters and digits in upper case, with an asterisk for each hidden one.

    Banks hide them by asterisks, dots, and also by X: an X is a letter only in a valid CNPJ.
    """
    characters = _NOT_IN_DOCUMENT.sub("", _normalized(document).translate(_MASKS))
    return characters if "X" not in characters or is_cnpj(characters) else characters.replace("X", "*")


def is_cpf(number: str) -> bool:
    """Tell whether these are 11 digits that end with their check digits."""
    if len(number) != CPF_LENGTH or not number.isdecimal() or len(set(number)) == 1:
        return False
    return number[9:] == _check_digits(number[:9], largest_weight=11)


def is_cnpj(number: str) -> bool:
    """Tell whether these are 12 digits or letters and their two check digits.

    A letter has the value of its ASCII code minus 48, so that a CNPJ of digits keeps its check digits.
    """
    if not re.fullmatch(r"[0-9A-Z]{12}[0-9]{2}", number) or len(set(number)) == 1:
        return False
    return number[12:] == _check_digits(number[:12], largest_weight=9)


def _check_digits(number: str, *, largest_weight: int) -> str:
    """Return the two check digits (modulo 11; weights 2, 3 … from the right, again from 2 after the largest)."""
    checked = number
    for _ in range(2):
        total = sum(
            (ord(character) - 48) * (2 + position % (largest_weight - 1))
            for position, character in enumerate(reversed(checked))
        )
        checked += str(0 if total % 11 < 2 else 11 - total % 11)
    return checked[-2:]


def complete(document: str | None) -> str:
    """Return a whole CPF or CNPJ without punctuation; an empty text if it is masked or too short.

    Banks that send documents as numbers lose leading zeros, and some fill a CPF up to the length of a CNPJ:
    the check digits tell which it is.
    """
    number = _characters(document)
    if "*" in number:
        return ""
    if len(number) == CNPJ_LENGTH and not is_cnpj(number) and number[:3] == "000" and is_cpf(number[3:]):
        return number[3:]
    if re.fullmatch(r"[0-9]{11}|[0-9A-Z]{12}[0-9]{2}", number):
        return number
    is_short = 7 < len(number) < CNPJ_LENGTH and number.isdecimal()
    candidates = (number.zfill(CPF_LENGTH), number.zfill(CNPJ_LENGTH)) if is_short else ()
    return next((candidate for candidate in candidates if is_cpf(candidate) or is_cnpj(candidate)), "")


def could_be(shown: str | None, document: str) -> bool:
    """Tell whether what is visible of a masked document fits the whole one; a missing document fits any."""
    visible, number = _characters(shown), complete(document)
    if not visible:
        return True
    return len(visible) == len(number) and all(map(lambda a, b: a in ("*", b), visible, number))


def visible_part(document: str | None) -> str:
    """Return what may be kept of a document to compare it: `***456789**` of a whole CPF.

    Of a masked one it is what the bank shows, such as `******12322`; an empty text if it shows nothing.
    """
    characters = _characters(masked(whole) if (whole := complete(document)) else document)
    if len(characters) == CPF_LENGTH:
        characters = re.sub("[A-Z]", "*", characters)  # a CPF has no letters: this bank masks with them
    is_useful = len(characters) in (CPF_LENGTH, CNPJ_LENGTH) and characters.strip("*")
    return characters if is_useful else ""


def agree(first: str, second: str) -> bool | None:
    """Compare two visible parts of documents; None if they have no character in common to compare."""
    if not first or not second:
        return None
    if len(first) != len(second):
        return False
    pairs = [pair for pair in zip(first, second, strict=True) if "*" not in pair]
    return all(a == b for a, b in pairs) if pairs else None


def contradict(first: str, second: str) -> bool:
    """Tell whether what is visible of two masked documents is different; a missing document shows nothing.

    Example: `***.123.456-**` and `***.533.447-**` are of two persons, `***.***.447-**` may be of the second one. A CPF
    and a CNPJ are different whatever they show.
    """
    return agree(_characters(first), _characters(second)) is False


def keyed_hash(document: str) -> str:
    """Return a keyed hash, to compare documents without storing them."""
    return chained_hash(number, settings.DOCUMENT_HASH_KEYS) if (number := bare(document)) else ""


def chained_hash(value: str, keys: Sequence[str]) -> str:
    """Return HMAC-SHA256 of the value with the first key, then of that with the second one, and so on.

    So a stored hash can be brought to a new key without the document (banking/ledger/document_keys.py).
    """
    for key in keys:
        value = hmac.new(key.encode(), value.encode(), hashlib.sha256).hexdigest()
    return value


def document_hash(document: str | None) -> str:
    """Return the keyed hash of a whole document; an empty text for a masked one, which names nobody."""
    return keyed_hash(complete(document))


@lru_cache(maxsize=50_000)
def pix_key_document(text: str) -> str:
    """Return the CPF or CNPJ that a description contains as a PIX key, if it contains exactly one."""
    found = {complete(match[0]) for match in DOCUMENT.finditer(text.upper())}
    valid = {number for number in found if is_cpf(number) or is_cnpj(number)}
    return valid.pop() if len(valid) == 1 else ""


def ipoc_hash(code: str | None) -> str:
    """Return a keyed hash of the IPOC code of a loan, by which any two banks name the same contract.

    The code contains the borrower's document. An empty text for one that is too short, or only fills the field.
    """
    number = bare(code)
    return keyed_hash(number) if len(number) >= MIN_IPOC and len(set(number)) > 2 else ""


def account_hash(branch: str | None, number: str | None) -> str:
    """Return a keyed hash of branch and number without leading zeros and dashes, which banks write differently."""
    parts = [bare(part).lstrip("0") for part in (branch, number)]
    return keyed_hash("Z".join(parts)) if all(parts) else ""


def masked(document: str) -> str:
    """Return `***.456.789-**` for a CPF, as receipts show it, or `**.345.678/0001-**` for a CNPJ.

    What the bank has masked stays masked.
    """
    number = complete(document) or _characters(document)
    if len(number) == CPF_LENGTH:
        return f"***.{number[3:6]}.{number[6:9]}-**"
    if len(number) == CNPJ_LENGTH:
        return f"**.{number[2:5]}.{number[5:8]}/{number[8:12]}-**"
    return ""


def is_of_person(shown: str) -> bool:
    """Tell whether a masked document is a CPF."""
    return shown.startswith("***.")


def punctuated(cnpj: str) -> str:
    """Format a CNPJ as `12.345.678/0001-95`; it is public, as every receipt shows it."""
    number = bare(cnpj)
    if len(number) != CNPJ_LENGTH:
        return cnpj
    return f"{number[:2]}.{number[2:5]}.{number[5:8]}/{number[8:12]}-{number[12:]}"


SECRET_KEYS = frozenset({"document", "documentnumber", "taxnumber", "cpf", "cnpj"})
DOCUMENT = re.compile(
    r"(?<![\w-])(?:\d{3}\.?\d{3}\.?\d{3}-?\d{2}"  # CPF
    r"|[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/?[0-9A-Z]{4}-?\d{2})(?![\w-])",  # CNPJ
    re.IGNORECASE,
)


def redacted(body: bytes) -> str:
    """Return JSON without documents, for operators; an empty text if it cannot be parsed."""
    try:
        parsed = json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return ""
    text = json.dumps(_without_documents(parsed), ensure_ascii=False).replace("\x00", "")
    return redacted_text(text.encode("utf-8", "replace").decode())


def redacted_text(text: str) -> str:
    """Return a text without documents, for operators."""
    return DOCUMENT.sub(_redacted_match, text)


def _redacted_match(match: re.Match[str]) -> str:
    """Keep a word of 14 letters that only looks like a CNPJ: an alphanumeric one has punctuation or is valid."""
    shown = match[0]
    is_document = shown != bare(shown) or shown.isdecimal() or is_cnpj(shown.upper())
    return "•••" if is_document else shown


def _without_documents(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: part for key, part in value.items() if key.lower() not in SECRET_KEYS}
        return {key: _without_documents(part) for key, part in kept.items()}
    return [_without_documents(part) for part in value] if isinstance(value, list) else value
