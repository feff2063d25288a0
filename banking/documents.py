"""CPF and CNPJ: compare without keeping, show without telling."""

import hashlib
import hmac
import json
import re
from typing import Any

from django.conf import settings


def bare(document: str | None) -> str:
    """A CPF's digits or a CNPJ's digits and letters (it has had letters since 2026), unpunctuated."""
    return "".join(character for character in document or "" if character.isalnum()).upper()


def keyed_hash(document: str) -> str:
    """Compare documents of third parties without keeping them (HMAC-SHA256 under our key)."""
    if not bare(document):
        return ""
    return hmac.new(settings.SECRET_KEY.encode(), bare(document).encode(), hashlib.sha256).hexdigest()


def account_hash(branch: str | None, number: str | None) -> str:
    """Compare accounts without keeping a third party's; banks differ in leading zeros and dashes."""
    parts = [bare(part).lstrip("0") for part in (branch, number)]
    return keyed_hash("Z".join(parts)) if all(parts) else ""


def masked(document: str) -> str:
    """`***.456.789-**` of a CPF, as Brazilian receipts print it; `**.345.678/0001-**` of a CNPJ."""
    number = bare(document)
    if len(number) == 11:
        return f"***.{number[3:6]}.{number[6:9]}-**"
    if len(number) == 14:
        return f"**.{number[2:5]}.{number[5:8]}/{number[8:12]}-**"
    return ""


def is_of_person(shown: str) -> bool:
    """Whether a masked document is a CPF."""
    return shown.startswith("***.")


def punctuated(cnpj: str) -> str:
    """`12.345.678/0001-95`: a shop's number is on every receipt."""
    number = bare(cnpj)
    if len(number) != 14:
        return cnpj
    return f"{number[:2]}.{number[2:5]}.{number[5:8]}/{number[8:12]}-{number[12:]}"


SECRET_KEYS = frozenset({"document", "documentnumber", "taxnumber", "cpf", "cnpj"})
DOCUMENT = re.compile(
    r"(?<![\w-])(?:\d{3}\.?\d{3}\.?\d{3}-?\d{2}"  # CPF
    r"|\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2})(?![\w-])"  # CNPJ
)


def redacted(body: bytes) -> str:
    """JSON as text, without anybody's document; what cannot be parsed is not shown at all."""
    try:
        plain = json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return ""
    text = json.dumps(_without_documents(plain), ensure_ascii=False).replace("\x00", "")
    return DOCUMENT.sub("•••", text.encode("utf-8", "replace").decode())


def _without_documents(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: part for key, part in value.items() if key.lower() not in SECRET_KEYS}
        return {key: _without_documents(part) for key, part in kept.items()}
    return [_without_documents(part) for part in value] if isinstance(value, list) else value
