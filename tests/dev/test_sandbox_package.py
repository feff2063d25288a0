"""The wheel of packages/pluggy-sandbox holds every file that the installed program needs."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.local_pluggy import free_port, wait_until

SOURCE = Path(__file__).parents[2] / "packages" / "pluggy-sandbox"
KEYS = {"clientId": "of-the-wheel-test", "clientSecret": "only-for-tests"}


def pip(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel offline and install it, without its dependencies, into an empty folder."""
    folder = tmp_path_factory.mktemp("wheel")
    # Build from a copy: setuptools writes beside the sources, and an old build folder could hide a mistake.
    ignored = shutil.ignore_patterns("build", "*.egg-info", "var", "tests", "__pycache__")
    shutil.copytree(SOURCE, folder / "source", ignore=ignored)
    offline = ("--quiet", "--disable-pip-version-check", "--no-index", "--no-deps")
    pip("wheel", *offline, "--no-build-isolation", "--wheel-dir", str(folder), str(folder / "source"))
    (wheel,) = folder.glob("pluggy_sandbox-*.whl")
    pip("install", *offline, "--target", str(folder / "target"), str(wheel))
    return folder / "target"


@pytest.fixture
def environment(target: Path) -> dict[str, str]:
    """PYTHONPATH comes before site-packages, where the project has the package installed in place."""
    return {**os.environ, "PYTHONPATH": str(target), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def url(target: Path, environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """Start the installed command in an empty folder."""
    port = free_port()
    flags = ["--port", str(port), "--state", str(tmp_path / "state")]
    keys = ["--client-id", KEYS["clientId"], "--client-secret", KEYS["clientSecret"]]
    command = [str(target / "bin" / "pluggy-sandbox"), *flags, *keys]
    log = (tmp_path / "log").open("w")
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        url = f"http://localhost:{port}"
        wait_until(lambda: answers(url), seconds=20, what=f"{command[0]} answers")
        yield url
    finally:
        process.terminate()
        process.wait(10)
        log.close()


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/_control/state", timeout=2).ok
    except requests.ConnectionError:
        return False


def test_every_file_of_the_source_is_installed(target: Path) -> None:
    source, installed = SOURCE / "src" / "pluggy_sandbox", target / "pluggy_sandbox"
    files = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
    wanted = [path for path in files if "__pycache__" not in path.parts]
    assert len(wanted) > 100
    assert [str(path) for path in wanted if not (installed / path).exists()] == []


def test_the_installed_program_answers(
    url: str, target: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    words = [sys.executable, "-c", "import pluggy_sandbox; print(pluggy_sandbox.__file__)"]
    imported = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert imported.stdout.startswith(str(target)), "the command did not run the installed wheel"
    answer = requests.post(f"{url}/auth", json=KEYS, timeout=10)
    assert answer.status_code == 200 and answer.json()["apiKey"]
    headers = {"X-API-KEY": answer.json()["apiKey"]}
    assert requests.get(f"{url}/categories", headers=headers, timeout=10).json()["total"] > 100
    for path in ("/", "/connect/connect.js", "/_control/"):
        assert requests.get(f"{url}{path}", timeout=10).status_code == 200, path
