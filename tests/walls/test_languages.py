"""Both languages are complete: every text that a person may read has its Portuguese."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

KEYWORDS = ("_", "_now", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """(msgid, where) of every translatable text of the product's templates and code."""
    for path in [*(root / "templates").rglob("*.html"), *(root / "templates").rglob("*.txt")]:
        code = templatize(path.read_text(), origin=str(path))
        yield from _extracted(code, path.relative_to(root))
    for folder in ("pfm", "accounts", "banking", "webhooks"):
        for path in (root / folder).rglob("*.py"):
            yield from _extracted(path.read_text(), path.relative_to(root))


def _extracted(code: str, where: Path) -> Iterator[tuple[str, str]]:
    for _, function, messages, _ in extract_python(
        BytesIO(code.encode()), KEYWORDS, [], {"encoding": "utf-8"}
    ):
        # pgettext names its context first, ngettext its plural last.
        first = messages[function.startswith("pgettext")] if isinstance(messages, tuple) else messages
        if first:
            yield first, str(where)


def catalogue(root: Path) -> Catalog:
    with (root / "locale/pt_BR/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale="pt_BR")


def test_every_text_has_its_portuguese(project_root: Path) -> None:
    portuguese = catalogue(project_root)
    found = dict(texts(project_root))
    assert len(found) > 100
    missing = {text: where for text, where in found.items() if not _translation(portuguese, text)}
    assert missing == {}


def test_nothing_is_translated_that_is_not_there(project_root: Path) -> None:
    found = {text for text, _ in texts(project_root)}
    ids = {
        message.id if isinstance(message.id, str) else message.id[0] for message in catalogue(project_root)
    }
    assert ids - found - {""} == set()


def test_placeholders_are_kept(project_root: Path) -> None:
    wrong = [
        message.id
        for message in catalogue(project_root)
        if isinstance(message.id, str)
        and message.id
        and set(PLACEHOLDER.findall(message.id)) != set(PLACEHOLDER.findall(str(message.string)))
    ]
    assert wrong == []


def test_the_compiled_catalogue_is_the_written_one(project_root: Path) -> None:
    """`python -m dev.messages` compiles; both files are in the repository."""
    with (project_root / "locale/pt_BR/LC_MESSAGES/django.mo").open("rb") as file:
        compiled = _pairs(read_mo(file))
    assert compiled == _pairs(catalogue(project_root))


def _pairs(messages: Catalog) -> set[tuple[str, ...]]:
    """Each text with its translation; plurals with all of their forms."""
    return {(*_forms(message.id), *_forms(message.string)) for message in messages if message.id}


def _forms(text: object) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)  # type: ignore[arg-type]


def _translation(portuguese: Catalog, text: str) -> object:
    return next((message.string for message in portuguese if text == _forms(message.id)[0]), None)
