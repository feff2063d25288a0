"""Templates stay readable: short lines, and a description of what each included one shows."""

from pathlib import Path

MAX_LINE_LENGTH = 160


def test_no_line_is_too_long(project_root: Path) -> None:
    too_long = [
        f"{path.relative_to(project_root)}:{number}"
        for path in (project_root / "templates").rglob("*.html")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > MAX_LINE_LENGTH
    ]
    assert too_long == []


def test_every_partial_template_begins_with_a_description(project_root: Path) -> None:
    partials = (project_root / "templates").rglob("_*.html")
    missing = [
        path.name for path in partials if "{% comment %}" not in path.read_text(encoding="utf-8")[:300]
    ]
    assert missing == []
