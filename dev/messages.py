"""Compile the translation catalogues (.po to .mo). Unlike Django's compilemessages, it needs no gettext."""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def catalogue_paths() -> list[Path]:
    return sorted(LOCALE.glob("*/LC_MESSAGES/*.po"))


def compile_catalogue(path: Path) -> Path:
    """Write the .mo file beside the .po file. Both are committed."""
    with path.open("rb") as source:
        catalogue = read_po(source)
    with path.with_suffix(".mo").open("wb") as target:
        write_mo(target, catalogue)
    return path.with_suffix(".mo")


def main() -> int:
    for path in catalogue_paths():
        print(compile_catalogue(path).relative_to(LOCALE.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
