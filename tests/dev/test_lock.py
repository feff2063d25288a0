"""The requirements name every package with the hashes of its files, and follow the files they are made from."""

import re
import tomllib
from pathlib import Path

import pytest

from dev import lock

ENTRY = re.compile(
    r"(?m)^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^ ;\\\n]+)[^\n]*\n((?:    --hash=sha256:[0-9a-f]{64}[ \\]*\n)*)"
)
DIRECT = re.compile(r"(?m)^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==(\S+)$")


def name_of(text: str) -> str:
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", text).lower()


def locked(root: Path, file: str) -> dict[str, tuple[str, int]]:
    """Return version and number of hashes of each package; every line of the file belongs to one or is a comment."""
    text = (root / file).read_text()
    rest = ENTRY.sub("", text)
    assert [line for line in rest.splitlines() if not line.lstrip().startswith("#")] == []
    return {name_of(name): (version, hashes.count("sha256")) for name, version, hashes in ENTRY.findall(text)}


def direct(root: Path, file: str) -> dict[str, str]:
    return {name_of(name): version for name, version in DIRECT.findall((root / file).read_text())}


@pytest.mark.parametrize("file", lock.INPUTS)
def test_every_package_has_hashes_and_comes_from_any_index(project_root: Path, file: str) -> None:
    packages = locked(project_root, file)
    assert len(packages) > 30
    assert [name for name, (_, hashes) in packages.items() if not hashes] == []
    assert "://" not in (project_root / file).read_text()  # no index: the reader's own is used


@pytest.mark.parametrize("file", lock.INPUTS)
def test_the_versions_are_those_that_are_asked_for(project_root: Path, file: str) -> None:
    packages, asked = locked(project_root, file), direct(project_root, lock.INPUTS[file][0])
    assert {name: packages[name][0] for name in asked} == asked


def test_the_developers_have_the_versions_of_the_product(project_root: Path) -> None:
    product, developers = (locked(project_root, file) for file in lock.INPUTS)
    assert {name: developers[name] for name in product} == product
    asked = (
        direct(project_root, "requirements.in").keys() | direct(project_root, "requirements-dev.in").keys()
    )
    assert asked <= developers.keys()


def test_what_the_local_pluggy_needs_is_locked(project_root: Path) -> None:
    (source,) = (
        project_root / path for path in lock.INPUTS["requirements-dev.txt"] if path.endswith(".toml")
    )
    needed = tomllib.loads(source.read_text())["project"]["dependencies"]
    assert {name_of(re.split("[<>=]", text)[0]) for text in needed} <= locked(
        project_root, "requirements-dev.txt"
    ).keys()
