"""Encryption of secrets that the database stores, so that a copy of the database is not enough to use them."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def encrypt(text: str, *, purpose: str) -> str:
    return _fernet(purpose).encrypt(text.encode()).decode()


def decrypt(encrypted: str, *, purpose: str) -> str:
    """Return the text. Raises InvalidToken if another key, or the key of another purpose, encrypted it."""
    return _fernet(purpose).decrypt(encrypted.encode()).decode()


def _fernet(purpose: str) -> MultiFernet:
    """Encrypt with the present SECRET_KEY; decrypt also with those before it."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived_key(key, purpose)) for key in keys])


def _derived_key(secret_key: str, purpose: str) -> bytes:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"lume {purpose}".encode())
    return urlsafe_b64encode(derive.derive(secret_key.encode()))
