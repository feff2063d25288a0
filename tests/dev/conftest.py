"""Provide a temporary project folder and private servers to the tests of the developer tools."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.services import Services


@pytest.fixture
def project_folder() -> Iterator[Path]:
    """Create a folder that other users can enter, as a clone usually is. They cannot enter pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="pfm-test-"))
    folder.chmod(0o755)
    yield folder
    for lock in folder.rglob("services.lock"):
        Services(lock.parent, durable=False).wipe()
    shutil.rmtree(folder)


@pytest.fixture
def services(project_folder: Path) -> Services:
    return Services(project_folder / "var", durable=False)
