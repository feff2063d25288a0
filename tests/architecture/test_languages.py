"""The translations are complete: every text that a user may read has a Portuguese translation."""

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

FUNCTIONS = ("_", "_now", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy")
KEYWORDS = dict.fromkeys(FUNCTIONS)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the msgid and the path of every translatable text of the product's templates and code."""
    for path in [*(root / "templates").rglob("*.html"), *(root / "templates").rglob("*.txt")]:
        code = templatize(path.read_text(), origin=str(path))
        # The indentation of HTML is none of Python.
        unindented = "\n".join(line.lstrip() for line in code.splitlines())
        yield from _extracted(unindented, path.relative_to(root))
    for folder in ("pfm", "accounts", "banking", "webhooks"):
        for path in (root / folder).rglob("*.py"):
            yield from _extracted(path.read_text(), path.relative_to(root))


def _extracted(code: str, path: Path) -> Iterator[tuple[str, str]]:
    # Babel declares other types than it returns.
    extracted: Iterable[Any] = extract_python(BytesIO(code.encode()), KEYWORDS, [], {"encoding": "utf-8"})
    for _, function, messages, _ in extracted:
        # pgettext names its context first, ngettext its plural last.
        first = messages if isinstance(messages, str) else messages[function.startswith("pgettext")]
        if first:
            yield first, str(path)


def catalog(root: Path) -> Catalog:
    with (root / "locale/pt_BR/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale="pt_BR")


def test_every_text_is_translated(project_root: Path) -> None:
    portuguese = catalog(project_root)
    used = dict(texts(project_root))
    assert len(used) > 100
    missing = {text: path for text, path in used.items() if not _translation(portuguese, text)}
    assert missing == {}


def test_every_translation_is_used(project_root: Path) -> None:
    used = {text for text, _ in texts(project_root)}
    ids = {message.id if isinstance(message.id, str) else message.id[0] for message in catalog(project_root)}
    assert ids - used - {""} == set()


def test_translations_keep_the_placeholders(project_root: Path) -> None:
    wrong = [
        message.id
        for message in catalog(project_root)
        if isinstance(message.id, str)
        and message.id
        and set(PLACEHOLDER.findall(message.id)) != set(PLACEHOLDER.findall(str(message.string)))
    ]
    assert wrong == []


def test_the_compiled_catalog_is_up_to_date(project_root: Path) -> None:
    """`python -m dev.messages` compiles the catalog; both files are in the repository."""
    with (project_root / "locale/pt_BR/LC_MESSAGES/django.mo").open("rb") as file:
        compiled = _pairs(read_mo(file))
    assert compiled == _pairs(catalog(project_root))


def _pairs(messages: Catalog) -> set[tuple[str, ...]]:
    """Return each text with its translation; plurals with all of their forms."""
    return {(*_forms(message.id), *_forms(message.string)) for message in messages if message.id}


def _forms(text: object) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)  # type: ignore[arg-type]


def _translation(portuguese: Catalog, text: str) -> object:
    return next((message.string for message in portuguese if text == _forms(message.id)[0]), None)
