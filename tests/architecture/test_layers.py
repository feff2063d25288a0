"""The architecture: the layers of imports, the size of modules, and who reads the clock (docs/architecture.md)."""

import ast
from pathlib import Path

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

PRODUCT = ("pfm", "accounts", "banking", "webhooks")
SANDBOX = "packages/pluggy-sandbox/src"


def modules(root: Path, *folders: str) -> list[Path]:
    paths = [path for folder in folders for path in (root / folder).rglob("*.py")]
    return [path for path in paths if "migrations" not in path.parts]


def test_the_import_contracts_hold() -> None:
    assert lint_imports(config_filename="pyproject.toml") == EXIT_STATUS_SUCCESS


def test_every_module_has_a_docstring(project_root: Path) -> None:
    without_docstring = [
        str(path.relative_to(project_root))
        for path in modules(project_root, *PRODUCT, "dev", SANDBOX)
        if path.read_text() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert without_docstring == []


def test_only_the_outer_layers_read_the_clock(project_root: Path) -> None:
    """All layers below the views, commands and tasks get the time as an argument."""
    paths = [
        *modules(
            project_root,
            "banking/money",
            "banking/pluggy",
            "banking/connections",
            "banking/ledger",
            "banking/ingest",
        ),
        *(
            project_root / "webhooks" / name
            for name in ("inbox.py", "models.py", "monitoring.py", "delivery_counts.py")
        ),
    ]
    readers = [
        str(path.relative_to(project_root))
        for path in paths
        if any(
            name in path.read_text() for name in ("timezone.now", "datetime.now", "date.today", "localdate")
        )
    ]
    assert readers == []


def test_functions_and_modules_stay_small(project_root: Path) -> None:
    too_long = []
    for path in modules(project_root, *PRODUCT, "dev", SANDBOX):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                too_long += [f"{path.name}:{node.name} has {lines} lines"] if lines > 60 else []
        too_long += [f"{path.name} has {len(text.splitlines())} lines"] if text.count("\n") > 400 else []
    assert too_long == []
