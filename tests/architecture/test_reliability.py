"""docs/reliability.md names tests that exist, and every fault and attack of webhooks and ownership."""

import re
from pathlib import Path


def test_every_test_named_on_the_page_exists(project_root: Path) -> None:
    page = (project_root / "docs" / "reliability.md").read_text(encoding="utf-8")
    references = re.findall(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`", page)
    assert len(references) > 60
    for path, name in references:
        text = (project_root / path).read_text(encoding="utf-8")
        assert not name or f"def {name}(" in text, f"{path}::{name}"


def test_every_fault_and_attack_is_listed(project_root: Path) -> None:
    page = (project_root / "docs" / "reliability.md").read_text(encoding="utf-8")
    first_column = " ".join(re.findall(r"^\| ([^|]+) \|", page, re.M))
    listed = set(re.findall(r"[AF]-\d+", first_column))
    assert {f"F-{n}" for n in range(1, 63)} | {f"A-{n}" for n in range(1, 36)} <= listed
