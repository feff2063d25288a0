"""The house: imports go down, one way in, one way out (docs/architecture.md)."""

import ast
from pathlib import Path

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

PRODUCT = ("pfm", "accounts", "banking", "webhooks")


def modules(root: Path, *folders: str) -> list[Path]:
    found = [path for folder in folders for path in (root / folder).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts]


def test_the_floors_hold() -> None:
    assert lint_imports(config_filename="pyproject.toml") == EXIT_STATUS_SUCCESS


def test_every_file_opens_by_saying_its_role(project_root: Path) -> None:
    silent = [
        str(path.relative_to(project_root))
        for path in modules(project_root, *PRODUCT, "dev")
        if path.read_text() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_only_doors_and_tasks_read_the_clock(project_root: Path) -> None:
    """Everything below is told what time it is."""
    inner = [
        *modules(
            project_root,
            "banking/sync",
            "banking/upsert",
            "banking/actions",
            "banking/models",
            "banking/pluggy",
        ),
        *(
            project_root / "banking" / name
            for name in ("classify.py", "documents.py", "rollups.py", "periods.py")
        ),
        *(project_root / "webhooks" / name for name in ("inbox.py", "models.py", "watch.py", "counts.py")),
    ]
    readers = [
        str(path.relative_to(project_root))
        for path in inner
        if any(
            word in path.read_text() for word in ("timezone.now", "datetime.now", "date.today", "localdate")
        )
    ]
    assert readers == []


def test_functions_and_files_stay_small(project_root: Path) -> None:
    too_long = []
    for path in modules(project_root, *PRODUCT, "dev"):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                too_long += [f"{path.name}:{node.name} has {lines} lines"] if lines > 60 else []
        too_long += [f"{path.name} has {len(text.splitlines())} lines"] if text.count("\n") > 400 else []
    assert too_long == []
