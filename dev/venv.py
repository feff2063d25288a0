"""Create .venv and install the requirements. Uses the standard library only; any Python ≥ 3.11 runs it."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from dev.command_line import (
    DevToolError,
    print_error,
    require_disk_space,
    require_python,
    use_utf8_output,
)

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = "requirements-dev.txt"
# The local Pluggy has no hash, so pip takes it in a command of its own. What it depends on is in REQUIREMENTS.
SANDBOX = "packages/pluggy-sandbox"
# These files decide what is installed. The code of packages/ is used in place (pip install -e), so only a
# change of its dependencies or commands needs a new installation.
DECIDING = ("requirements*.txt", "packages/*/pyproject.toml")


def is_working() -> bool:
    """Tell whether .venv has a Python that runs, is new enough and has pip."""
    code = "import sys, importlib.util as u; sys.exit(sys.version_info < (3, 11) or not u.find_spec('pip'))"
    command = [str(PYTHON), "-I", "-c", code]
    return PYTHON.exists() and subprocess.run(command, capture_output=True).returncode == 0


def create() -> None:
    """Create .venv anew. Raise DevToolError with the package to install when Python has no venv module."""
    print(f"· creating .venv with Python {sys.version.split()[0]}", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    completed = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
    if completed.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        output = (completed.stderr or completed.stdout).strip()
        reason = output.splitlines()[-1:] or ["no reason given"]
        raise DevToolError(
            f"{sys.executable} cannot create .venv ({reason[0]}). Install its venv module, "
            f"on Debian and Ubuntu with `apt install python{version}-venv`"
        )


def installation_hash() -> str:
    """Return a hash of the requirements, the constraints and the Python of .venv."""
    total = hashlib.sha256((VENV / "pyvenv.cfg").read_bytes())
    for path in sorted([path for pattern in DECIDING for path in PROJECT.glob(pattern)]):
        total.update(path.read_bytes())
    return total.hexdigest()


def install() -> None:
    """Install the requirements, unless the hash of the last installation is the same."""
    hash_file = VENV / "installed"
    if hash_file.exists() and hash_file.read_text() == installation_hash():
        return
    require_disk_space(PROJECT, 1500)
    print(f"· installing {REQUIREMENTS} (a minute or two the first time)", flush=True)
    pip_install("--require-hashes", "-r", REQUIREMENTS)
    pip_install("--no-deps", "--no-build-isolation", "-e", SANDBOX)
    hash_file.write_text(installation_hash())


def pip_install(*arguments: str) -> None:
    """Install into .venv. Raise DevToolError with pip's last lines when that fails."""
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    completed = subprocess.run(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if completed.returncode:
        last_lines = "\n".join(completed.stdout.strip().splitlines()[-8:])
        raise DevToolError(f"pip could not install {arguments[-1]}. Its last lines:\n{last_lines}")


def main() -> int:
    try:
        require_python()
        require_disk_space(PROJECT)
        with (PROJECT / ".venv.lock").open("a") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            if not is_working():
                create()
            install()
    except (DevToolError, OSError) as error:
        return print_error(error)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    use_utf8_output()
    sys.exit(main())
