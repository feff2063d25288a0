"""Folders and servers of their own for the tests of the developer's tools."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.services import Services


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that other users can enter, as a clone usually is; pytest's own they cannot."""
    folder = Path(tempfile.mkdtemp(prefix="pfm-test-"))
    folder.chmod(0o755)
    yield folder
    for lock in folder.rglob("services.lock"):
        Services(lock.parent, durable=False).wipe()
    shutil.rmtree(folder)


@pytest.fixture
def services(place: Path) -> Services:
    return Services(place / "var", durable=False)
