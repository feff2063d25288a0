"""Read settings from the environment and name every missing or malformed one at once."""

import re
from collections.abc import Callable
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")
Network = IPv4Network | IPv6Network
HEADER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


class Environment:
    """Typed reads that collect complaints; `check()` raises once, naming all of them."""

    def __init__(self, dotenv: Path) -> None:
        self._env = environ.Env()
        self._complaints: list[str] = []
        if dotenv.exists():
            environ.Env.read_env(dotenv)

    def text(self, name: str, *, min_length: int = 1, default: str | None = None) -> str:
        if default is not None and name not in self._env.ENVIRON:
            return default
        return self._read(name, lambda: _long_enough(self._env.str(name), min_length), "")

    def header(self, name: str, *, min_length: int, default: str | None = None) -> str:
        """Read a text that can stand in an HTTP header; an empty one is the default, if there is one."""
        if default is not None and not self._env.ENVIRON.get(name):
            return default
        return self._read(name, lambda: _header(_long_enough(self._env.str(name), min_length)), "")

    def number(self, name: str, *, default: int, least: int = 0) -> int:
        return self._read(name, lambda: _at_least(int(self._env.int(name, default=default)), least), default)

    def header_name(self, name: str, *, default: str) -> str:
        """Read the name of an HTTP header; an empty one is the default."""
        if not self._env.ENVIRON.get(name):
            return default
        return self._read(name, lambda: _header_name(self._env.str(name)), default)

    def choice(self, name: str, choices: tuple[str, ...], *, default: str) -> str:
        """Read one of the choices; an empty one is the default."""
        if not self._env.ENVIRON.get(name):
            return default
        return self._read(name, lambda: _one_of(self._env.str(name), choices), default)

    def networks(self, name: str) -> list[Network]:
        """Read addresses and networks separated by commas, e.g. 52.67.145.81,10.0.0.0/8; none if not set."""
        if not self._env.ENVIRON.get(name, "").strip():
            return []
        return self._read(name, lambda: [ip_network(word) for word in _nonempty(self._env.list(name))], [])

    def boolean(self, name: str, *, default: bool | None = None) -> bool:
        if default is not None and not self._env.ENVIRON.get(name):
            return default
        return self._read(name, lambda: _boolean(self._env.str(name)), False)

    def instant(self, name: str) -> datetime | None:
        """Read a moment with its time zone, e.g. 2026-11-21T18:00:00-03:00; None if it is not set or empty."""
        if not self._env.ENVIRON.get(name):
            return None
        return self._read(name, lambda: _instant(self._env.str(name)), None)

    def words(self, name: str, *, default: tuple[str, ...] | None = None) -> list[str]:
        if default is not None and not self._env.ENVIRON.get(name):
            return list(default)
        return self._read(name, lambda: _nonempty(self._env.list(name)), [])

    def keys(self, name: str, *, min_length: int) -> list[str]:
        """Read keys separated by commas."""
        return self._read(
            name, lambda: [_long_enough(key, min_length) for key in _nonempty(self._env.list(name))], []
        )

    def url(self, name: str, *, schemes: tuple[str, ...] = ("http", "https")) -> str:
        return self._read(name, lambda: _url(self._env.str(name), schemes), "http://invalid.invalid")

    def database(self, name: str) -> dict[str, object]:
        return self._read(name, lambda: _postgresql(self._env.db(name)), {})

    def email(self, name: str, *, default: str) -> dict[str, Any]:
        """Read the URL of the mail server, e.g. `smtp+tls://user:password@host:587`, as Django's EMAIL_… settings."""
        url = self._env.ENVIRON.get(name) or default
        return self._read(name, lambda: dict(self._env.email_url_config(url)), {})

    def check(self) -> None:
        if self._complaints:
            raise ImproperlyConfigured(
                "Settings to correct in the environment or in .env (see .env.example):\n  "
                + "\n  ".join(self._complaints)
            )

    def _read(self, name: str, read: Callable[[], T], fallback: T) -> T:
        try:
            return read()
        except ImproperlyConfigured as error:
            missing = name not in self._env.ENVIRON
            self._complaints.append(f"{name}: {'is not set' if missing else error}")
        except (ValueError, KeyError, TypeError) as error:
            self._complaints.append(f"{name}: {error}")
        return fallback


def _long_enough(value: str, min_length: int) -> str:
    if len(value.strip()) < min_length:
        raise ValueError(f"must have at least {min_length} characters")
    return value


def _at_least(value: int, least: int) -> int:
    if value < least:
        raise ValueError(f"must be {least} or more")
    return value


def _header(value: str) -> str:
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise ValueError("must be plain ASCII without spaces around it")
    return value


def _header_name(value: str) -> str:
    if not HEADER_NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not the name of a header")
    return value


def _one_of(value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError(f"{value!r} is none of {', '.join(choices)}")
    return value


def _boolean(value: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False}
    words["off"] = False
    if value.strip().lower() not in words:
        raise ValueError(f"{value!r} is neither true nor false")
    return words[value.strip().lower()]


def _instant(value: str) -> datetime:
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError(f"{value!r} does not say its time zone, e.g. 2026-11-21T18:00:00-03:00")
    return instant


def _nonempty(values: list[str]) -> list[str]:
    kept = [value.strip() for value in values if value.strip()]
    if not kept:
        raise ValueError("must name at least one, separated by commas")
    return kept


def _url(value: str, schemes: tuple[str, ...]) -> str:
    parts = urlsplit(value)
    if parts.scheme not in schemes or not (parts.netloc or parts.path):
        raise ValueError(f"{value!r} is not a URL with one of the schemes {', '.join(schemes)}")
    return value.rstrip("/")


def _postgresql(config: dict[str, object]) -> dict[str, object]:
    if config.get("ENGINE") != "django.db.backends.postgresql" or not config.get("NAME"):
        raise ValueError("must be a postgres:// URL with a database name")
    return config
