"""docs/reliability.md names tests that exist, and every fault and attack of webhooks and ownership."""

import re
from pathlib import Path


def test_every_test_that_the_page_names_exists(project_root: Path) -> None:
    page = (project_root / "docs" / "reliability.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`", page)
    assert len(named) > 60
    for path, name in named:
        text = (project_root / path).read_text(encoding="utf-8")
        assert not name or f"def {name}(" in text, f"{path}::{name}"


def test_no_fault_is_forgotten(project_root: Path) -> None:
    page = (project_root / "docs" / "reliability.md").read_text(encoding="utf-8")
    rows = " ".join(re.findall(r"^\| ([^|]+) \|", page, re.M))
    told = set(re.findall(r"[AF]-\d+", rows))
    assert {f"F-{n}" for n in range(1, 63)} | {f"A-{n}" for n in range(1, 36)} <= told
