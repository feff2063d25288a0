"""Test two short chaos runs with real processes. `make chaos RUNS=200` is the long version."""

import subprocess
import sys
from pathlib import Path

RUNS = 2


def test_stored_data_equals_the_banks_after_chaos(project_root: Path) -> None:
    command = [sys.executable, "-m", "dev.chaos", "--runs", str(RUNS), "--seconds", "8"]
    completed = subprocess.run(command, cwd=project_root, capture_output=True, text=True, timeout=420)
    assert completed.returncode == 0, completed.stdout + completed.stderr
    assert f"runs={RUNS} " in completed.stdout and completed.stdout.endswith(
        "lost=0 doubled=0 stale=0 ghosts=0 edits_lost=0 edits_misplaced=0 violations=0\n"
    )
