"""Write requirements*.txt from requirements*.in: every package with its version and its hashes. `make lock` runs this.

Versions stay as they are unless an .in file asks for another. `make lock ARGS=--upgrade` takes the newest that the .in
files allow.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from dev.command_line import print_error, use_utf8_output

PROJECT = Path(__file__).resolve().parent.parent
# The files in the order in which they are written, because the second one takes the versions of the first.
INPUTS = {
    "requirements.txt": ("requirements.in",),
    "requirements-dev.txt": ("requirements-dev.in", "packages/pluggy-sandbox/pyproject.toml"),
}
# One file for all platforms and every Python from 3.11 on: packages that only some need carry a condition.
OPTIONS = ("--universal", "--python-version", "3.11", "--generate-hashes", "--quiet")


def command(output: str, *options: str) -> list[str]:
    """Return the command that writes one file."""
    words = [sys.executable, "-m", "uv", "pip", "compile", *INPUTS[output], *OPTIONS, *options]
    return [*words, "--custom-compile-command", "make lock", "--output-file", output]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.lock", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    options = ["--upgrade"] if parser.parse_args(arguments).upgrade else []
    for output in INPUTS:
        if subprocess.run(command(output, *options), cwd=PROJECT).returncode:
            return print_error(f"{output} was not written")
    return 0


if __name__ == "__main__":
    use_utf8_output()
    sys.exit(main(sys.argv[1:]))
