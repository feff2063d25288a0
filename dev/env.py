"""Writes .env from .env.example at the first start and keeps only what it wrote itself up to date."""

from __future__ import annotations

import os
import re
import secrets
import stat
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from dev import postgres, redisd

SETTING = re.compile(r"^(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=[ \t]*(.*?)[ \t]*$", re.MULTILINE)
GENERATED: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "PLUGGY_CLIENT_ID": lambda: str(uuid.uuid4()),
    "PLUGGY_CLIENT_SECRET": lambda: "pluggy_sk_" + secrets.token_urlsafe(32),
    "PLUGGY_WEBHOOK_SECRET": lambda: secrets.token_urlsafe(32),
}
IS_PRIVATE = {"DATABASE_URL": postgres.is_private, "REDIS_URL": redisd.is_private}


def parse(text: str) -> dict[str, str]:
    """Names and values as django-environ reads them: quotes do not count."""
    return {name: unquoted(value) for name, value in SETTING.findall(text)}


def unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def is_local(url: str) -> bool:
    """The URL leads to this machine."""
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def completed(text: str, template: str, private: Mapping[str, str]) -> tuple[str, list[str]]:
    """`text` with every setting of the template, and what was done to it, in words.

    A value that a person wrote stays; an empty or missing one is filled in; the address of a private
    server follows it when the project folder was moved.
    """
    done: list[str] = []
    for name, default in parse(template).items():
        have = parse(text)
        value = private.get(name) or default or GENERATED.get(name, str)()
        if not have.get(name):
            text = with_value(text, name, value)
            done.append(f"added {name}")
        elif name in private and have[name] != private[name] and IS_PRIVATE[name](have[name]):
            text = with_value(text, name, value)
            done.append(f"corrected {name}: the private server has another address now")
    return text, done


def with_value(text: str, name: str, value: str) -> str:
    """Replaces the setting's line, or appends one that says where it came from."""
    line = re.compile(rf"^(?:export\s+)?{name}\s*=.*$", re.MULTILINE)
    if line.search(text):
        return line.sub(lambda _: f"{name}={value}", text)
    gap = "" if text.endswith("\n") or not text else "\n"
    return f"{text}{gap}\n# Added by `make demo`, because it was missing.\n{name}={value}\n"


def write_privately(path: Path, text: str) -> None:
    """Replaces the file in one step; a new one is for its owner alone, an old one keeps its mode."""
    path = path.resolve()
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.chmod(mode)
    draft.replace(path)


def ensure(project: Path, private: Mapping[str, str]) -> list[str]:
    """Makes or completes `project`/.env; `private` holds the URLs of the private servers."""
    path, template = project / ".env", (project / ".env.example").read_text(encoding="utf-8")
    before = path.read_text(encoding="utf-8") if path.exists() else None
    text, done = completed(template if before is None else before, template, private)
    if text != before:
        write_privately(path, text)
    return ["written from .env.example"] if before is None else done


def effective(project: Path) -> dict[str, str]:
    """The settings as the product will see them: the process environment wins over .env."""
    settings = parse((project / ".env").read_text(encoding="utf-8"))
    return {name: os.environ.get(name, value) for name, value in settings.items()}
