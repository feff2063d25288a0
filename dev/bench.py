"""Run a benchmark of bench/ on its own private servers, e.g. `make bench-sync`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from dev.check import PROJECT, TEST_SETTINGS
from dev.command_line import (
    DevToolError,
    print_error,
    require_disk_space,
    require_python,
    use_utf8_output,
)
from dev.services import Services

MODULES = (*PROJECT.glob("bench/[!_]*.py"), *(path.parent for path in PROJECT.glob("bench/*/__main__.py")))
NAMES = sorted(path.stem for path in MODULES)


def run(name: str, arguments: list[str], *, keep: bool = False) -> int:
    """Run one benchmark on an empty database, or with `keep` on the database of the last run.

    The server is durable, as in production: without fsync, the times would be too good.
    """
    var = PROJECT / "var" / "bench"
    var.mkdir(parents=True, exist_ok=True)
    require_disk_space(var)
    if not keep:
        Services(var).wipe()
    with Services(var) as services:
        urls = {"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url}
        environment = {**os.environ, **TEST_SETTINGS, "DEBUG": "False", **urls, "PYTHONUTF8": "1"}
        python = [sys.executable, "-W", "ignore"]
        subprocess.run([*python, "manage.py", "migrate", "-v0"], cwd=PROJECT, env=environment, check=True)
        return subprocess.run(
            [*python, "-m", f"bench.{name}", *arguments], cwd=PROJECT, env=environment
        ).returncode


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.bench", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--keep", action="store_true", help="use the database of the last run")
    options, benchmark_arguments = parser.parse_known_args(arguments)
    try:
        require_python()
        return run(options.name, benchmark_arguments, keep=options.keep)
    except (DevToolError, OSError) as error:
        return print_error(error)
    except KeyboardInterrupt:
        return print_error("interrupted")


if __name__ == "__main__":
    use_utf8_output()
    sys.exit(main(sys.argv[1:]))
