"""The format of the log: one JSON object a line; in DEBUG a readable line.

Each line has the time in UTC, level, logger and event, and in requests and tasks what `structlog.contextvars` holds:
the ids of request, task and run, and a hash of the user. No line holds personal data, and none can be forged:

- Messages of libraries lose their further lines, which quote statements and bodies, and the paths of URLs, which may
  be keys. E-mail addresses, documents, amounts and query strings in any text are replaced.
- Of an exception only its type and its places in our code are kept, because its message may quote data.
- Control characters and line separators are escaped.
"""

import logging
import re
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog
from django.utils.crypto import salted_hmac

Event = MutableMapping[str, Any]
MAX_LENGTH = 2_000  # of a text
MAX_FRAMES = 20
REPLACED = (
    (re.compile(r"[^\s@<>\"'(),;:=]+@[^\s@<>\"'(),;:=]+\.[^\s@<>\"'(),;:=]+"), "<e-mail>"),
    (re.compile(r"\?[^\s\"'<>]*=[^\s\"'<>]*"), "?…"),  # a query string
    (re.compile(r"\b\d{3}\.?\d{3}\.?\d{3}-?\d{2}\b|\b\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}\b"), "<document>"),
    (re.compile(r"(R\$|US\$|BRL|USD|EUR|€)\s?-?[\d.,]+"), "<amount>"),
)


def formatter(*, is_readable: bool) -> logging.Formatter:
    """Return the formatter of all handlers (settings.LOGGING)."""
    return structlog.stdlib.ProcessorFormatter(
        pass_foreign_args=True,
        processors=[
            structlog.contextvars.merge_contextvars,
            _add_origin,
            _shorten_message_of_library,
            _format_exception if is_readable else _describe_exception,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _without_personal_data,
            _render_line if is_readable else structlog.processors.JSONRenderer(),
        ],
    )


def configure() -> None:
    """Let structlog write through the standard library, so that all lines have one format."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def user_hash(user_id: int) -> str:
    """Return the name of a user in the log. Whoever reads the log alone cannot tell who it is."""
    return salted_hmac("lume.logs.user", str(user_id), algorithm="sha256").hexdigest()[:16]


def _add_origin(_logger: Any, _method: str, event: Event) -> Event:
    record: logging.LogRecord = event["_record"]
    origin = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
    }
    return {**origin, **event}


def _shorten_message_of_library(_logger: Any, _method: str, event: Event) -> Event:
    """Take from messages of the standard library's loggers what may be personal."""
    record, arguments = event["_record"], event.pop("positional_args", ())
    if event["_from_structlog"]:
        return event
    request = getattr(record, "request", None)
    if record.name.startswith("django") and request is not None:  # "Not Found: <path>"
        words, has_path, _path = str(record.msg).rpartition(": ")
        event["event"] = words % arguments[:-1] if has_path and arguments else words or record.msg
        match = request.resolver_match
        event["route"] = f"/{match.route}" if match else "(no route)"
        event["status"] = getattr(record, "status_code", None)
    elif record.name == "celery.app.trace" and isinstance(arguments, Mapping):
        event["event"] = f"task {arguments.get('description', 'failed')}"
        event["task"] = arguments.get("name")
    else:
        event["event"] = event["event"].partition("\n")[0]
    return event


def _describe_exception(_logger: Any, _method: str, event: Event) -> Event:
    """Replace an exception by its type, its causes and the places in the code, without its message."""
    error = _exception(event.pop("exc_info", None))
    if error is not None:
        frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
        event["exception"] = _types(error)
        event["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def _format_exception(_logger: Any, _method: str, event: Event) -> Event:
    error = _exception(event.pop("exc_info", None))
    if error is not None:
        event["traceback"] = "".join(traceback.format_exception(error))
    return event


def _exception(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    return exc_info[1] if isinstance(exc_info, tuple) else None


def _types(error: BaseException) -> str:
    """Return the types of an exception and of its causes, e.g. "django.db.utils.DataError < psycopg.DataError"."""
    names: list[str] = []
    current: BaseException | None = error
    while current is not None and len(names) < MAX_FRAMES:
        code = getattr(current, "sqlstate", None)
        names.append(
            f"{type(current).__module__}.{type(current).__qualname__}" + (f" {code}" if code else "")
        )
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return " < ".join(names)


def _without_personal_data(_logger: Any, _method: str, event: Event) -> Event:
    return {name: _clean(value) for name, value in event.items()}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        for pattern, replacement in REPLACED:
            value = pattern.sub(replacement, value)
        return value[:MAX_LENGTH]
    if isinstance(value, (list, tuple)):
        return [_clean(part) for part in value]
    return value if isinstance(value, (int, float, bool, type(None))) else _clean(str(value))


def _render_line(_logger: Any, _method: str, event: Event) -> str:
    """Return "12:00:00 info banking.web.tasks: event key=value …", and a traceback in indented lines."""
    lines = str(event.pop("traceback", "")).splitlines()
    time, level, name, text = (_escape(event.pop(key)) for key in ("time", "level", "logger", "event"))
    values = "".join(f" {key}={_escape(value)}" for key, value in event.items())
    return "\n".join(
        [f"{time[11:19]} {level} {name}: {text}{values}", *(f"    {_escape(line)}" for line in lines)]
    )


def _escape(value: Any) -> str:
    """Escape what is no printable character: new lines, terminal codes, line separators."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in str(value)
    )
