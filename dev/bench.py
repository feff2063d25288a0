"""Runs a benchmark of bench/ on private servers of its own: `make bench-sync` is this."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from dev.check import PROJECT, TESTING
from dev.machine import Trouble, complain, need_disk, need_python, speak_utf8
from dev.services import Services

FOUND = (*(PROJECT / "bench").glob("[!_]*.py"), *(one.parent for one in PROJECT.glob("bench/*/__main__.py")))
NAMES = sorted(path.stem for path in FOUND)


def run(name: str, words: list[str], *, keep: bool = False) -> int:
    """Makes an empty database, or keeps the last one, and hands over; durable, as production is."""
    var = PROJECT / "var" / "bench"
    var.mkdir(parents=True, exist_ok=True)
    need_disk(var)
    if not keep:
        Services(var).wipe()
    with Services(var) as services:
        urls = {"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url}
        environment = {**os.environ, **TESTING, "DEBUG": "False", **urls, "PYTHONUTF8": "1"}
        python = [sys.executable, "-W", "ignore"]
        subprocess.run([*python, "manage.py", "migrate", "-v0"], cwd=PROJECT, env=environment, check=True)
        return subprocess.run(
            [*python, "-m", f"bench.{name}", *words], cwd=PROJECT, env=environment
        ).returncode


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.bench", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--keep", action="store_true", help="go on with the database of the last run")
    chosen, more = parser.parse_known_args(words)
    try:
        need_python()
        return run(chosen.name, more, keep=chosen.keep)
    except (Trouble, OSError) as trouble:
        return complain(trouble)
    except KeyboardInterrupt:
        return complain("interrupted")


if __name__ == "__main__":
    speak_utf8()
    sys.exit(main(sys.argv[1:]))
