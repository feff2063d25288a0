"""Write .env from .env.example at the first start, and update only the values that these tools wrote."""

from __future__ import annotations

import os
import re
import secrets
import stat
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from dev import postgres_server, redis_server

SETTING = re.compile(r"^(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=[ \t]*(.*?)[ \t]*$", re.MULTILINE)
GENERATED: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "DOCUMENT_HASH_KEYS": lambda: secrets.token_urlsafe(50),
    "PLUGGY_CLIENT_ID": lambda: str(uuid.uuid4()),
    "PLUGGY_CLIENT_SECRET": lambda: "pluggy_sk_" + secrets.token_urlsafe(32),
    "PLUGGY_WEBHOOK_SECRET": lambda: secrets.token_urlsafe(32),
}
IS_PRIVATE = {"DATABASE_URL": postgres_server.is_private, "REDIS_URL": redis_server.is_private}


def parse(text: str) -> dict[str, str]:
    """Return the settings of a .env text by name, without quotes, as django-environ reads them."""
    return {name: unquote(value) for name, value in SETTING.findall(text)}


def unquote(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def is_local(url: str) -> bool:
    """Tell whether the URL's host is this machine."""
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def fill_in(text: str, template: str, private_urls: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the .env text with every setting of the template, and a list of the changes for printing.

    Values that the developer wrote are kept. Empty and missing ones are filled in. The URL of a private
    server is corrected when the project folder was moved. `private_urls` has the right ones.
    """
    changes: list[str] = []
    for name, default in parse(template).items():
        current = parse(text)
        value = private_urls.get(name) or default or GENERATED.get(name, str)()
        if not current.get(name):
            text = set_value(text, name, value)
            changes.append(f"added {name}")
        elif name in private_urls and current[name] != private_urls[name] and IS_PRIVATE[name](current[name]):
            text = set_value(text, name, value)
            changes.append(f"corrected {name}: the address of the private server has changed")
    return text, changes


def set_value(text: str, name: str, value: str) -> str:
    """Replace the setting's line, or append one with a comment that says who added it."""
    line = re.compile(rf"^(?:export\s+)?{name}\s*=.*$", re.MULTILINE)
    if line.search(text):
        return line.sub(lambda _: f"{name}={value}", text)
    line_break = "" if text.endswith("\n") or not text else "\n"
    return f"{text}{line_break}\n# Added by `make demo`, because it was missing.\n{name}={value}\n"


def write_private_file(path: Path, text: str) -> None:
    """Replace the file atomically. A new file is readable by its owner only; an old one keeps its mode."""
    path = path.resolve()
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.chmod(mode)
    draft.replace(path)


def update(project: Path, private_urls: Mapping[str, str]) -> list[str]:
    """Create or complete `project`/.env and return the changes for printing.

    `private_urls` has the URLs of the private servers by setting.
    """
    path, template = project / ".env", (project / ".env.example").read_text(encoding="utf-8")
    before = path.read_text(encoding="utf-8") if path.exists() else None
    text, changes = fill_in(template if before is None else before, template, private_urls)
    if text != before:
        write_private_file(path, text)
    return ["written from .env.example"] if before is None else changes


def effective_settings(project: Path) -> dict[str, str]:
    """Return the settings that the product will use: the process environment overrides .env."""
    settings = parse((project / ".env").read_text(encoding="utf-8"))
    return {name: os.environ.get(name, value) for name, value in settings.items()}
