"""CPF and CNPJ: compare without keeping, show without telling."""

import hashlib
import hmac

from django.conf import settings


def bare(document: str | None) -> str:
    """A CPF's digits or a CNPJ's digits and letters (it has had letters since 2026), unpunctuated."""
    return "".join(character for character in document or "" if character.isalnum()).upper()


def keyed_hash(document: str) -> str:
    """Compare documents of third parties without keeping them (HMAC-SHA256 under our key)."""
    if not bare(document):
        return ""
    return hmac.new(settings.SECRET_KEY.encode(), bare(document).encode(), hashlib.sha256).hexdigest()


def masked(document: str) -> str:
    """`***.456.789-**` of a CPF, as Brazilian receipts print it; `**.345.678/0001-**` of a CNPJ."""
    number = bare(document)
    if len(number) == 11:
        return f"***.{number[3:6]}.{number[6:9]}-**"
    if len(number) == 14:
        return f"**.{number[2:5]}.{number[5:8]}/{number[8:12]}-**"
    return ""


def punctuated(cnpj: str) -> str:
    """`12.345.678/0001-95`: a shop's number is on every receipt."""
    number = bare(cnpj)
    if len(number) != 14:
        return cnpj
    return f"{number[:2]}.{number[2:5]}.{number[5:8]}/{number[8:12]}-{number[12:]}"
