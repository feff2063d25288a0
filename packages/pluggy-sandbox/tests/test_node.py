"""The published npm client reads every endpoint. Skipped without Node."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pluggy_sandbox.store.database import Database
from sandbox_testing import sample_records
from sandbox_testing.program import KEYS, ROOT, Client, Program

HERE = Path(__file__).with_name("node")


@pytest.fixture(scope="module")
def client_folder() -> Path:
    """Return a folder with the locked packages, which is made once for each lockfile."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("there is no Node on this machine: the npm client was not run")
    lock = (HERE / "package-lock.json").read_bytes()
    folder = ROOT / "var" / "node" / hashlib.sha256(lock).hexdigest()[:12]
    if not (folder / "node_modules" / "pluggy-sdk").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        done = run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], folder)
        if done.returncode:
            shutil.rmtree(folder / "node_modules", ignore_errors=True)
            pytest.skip(f"npm could not fetch the client: {done.stderr[-300:]}")
    shutil.copy(HERE / "read_everything.mjs", folder)
    return folder


def run(command: list[str], folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **more}, capture_output=True, text=True, timeout=120
    )


def test_the_npm_client_reads_everything(program: Program, pluggy: Client, client_folder: Path) -> None:
    item = pluggy.connect(9001, clientUserId="node-reads")
    bank = pluggy.get("/accounts", itemId=item["id"], type="BANK").json()["results"][0]
    sample_records.write(Database(program.state), item["id"], bank["id"])
    keys = {"CLIENT_ID": KEYS["clientId"], "CLIENT_SECRET": KEYS["clientSecret"]}
    done = run(
        ["node", "read_everything.mjs"], client_folder, PLUGGY_API_URL=program.url, ITEM_ID=item["id"], **keys
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.endswith(" methods\n")
