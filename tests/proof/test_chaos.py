"""Short chaos with real processes; `make chaos RUNS=200` is the long one."""

import subprocess
import sys
from pathlib import Path

RUNS = 2


def test_after_the_chaos_every_row_is_the_banks(project_root: Path) -> None:
    command = [sys.executable, "-m", "dev.chaos", "--runs", str(RUNS), "--seconds", "8"]
    done = subprocess.run(command, cwd=project_root, capture_output=True, text=True, timeout=420)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"runs={RUNS} " in done.stdout and done.stdout.endswith(
        "lost=0 doubled=0 stale=0 ghosts=0 edits_lost=0\n"
    )
