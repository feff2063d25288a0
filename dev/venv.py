"""Makes .venv and keeps it in step with the requirements; standard library only, run by any Python."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from dev.machine import Trouble, complain, need_disk, need_python, speak_utf8

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = "requirements-dev.txt"


def works() -> bool:
    """The folder holds a Python that runs, is new enough and has pip."""
    question = (
        "import sys, importlib.util as u; sys.exit(sys.version_info < (3, 11) or not u.find_spec('pip'))"
    )
    asked = [str(PYTHON), "-I", "-c", question]
    return PYTHON.exists() and subprocess.run(asked, capture_output=True).returncode == 0


def create() -> None:
    print(f"· creating .venv with Python {sys.version.split()[0]}", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        why = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no reason given"]
        raise Trouble(
            f"{sys.executable} cannot create .venv ({why[0]}): install its venv module, "
            f"on Debian and Ubuntu with `apt install python{version}-venv`"
        )


def digest() -> str:
    """Changes whenever a requirement, a constraint or the Python does."""
    total = hashlib.sha256((VENV / "pyvenv.cfg").read_bytes())
    for path in sorted([*PROJECT.glob("requirements*.txt"), *PROJECT.glob("constraints*.txt")]):
        total.update(path.read_bytes())
    return total.hexdigest()


def install() -> None:
    """Installs the requirements unless exactly these are in place."""
    stamp = VENV / "installed"
    if stamp.exists() and stamp.read_text() == digest():
        return
    need_disk(PROJECT, 1500)
    print(f"· installing {REQUIREMENTS} (a minute or two the first time)", flush=True)
    words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]
    done = subprocess.run(
        [PYTHON, *words], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        end = "\n".join(done.stdout.strip().splitlines()[-8:])
        raise Trouble(f"pip could not install {REQUIREMENTS}; its last lines:\n{end}")
    stamp.write_text(digest())


def main() -> int:
    try:
        need_python()
        need_disk(PROJECT)
        with (PROJECT / ".venv.lock").open("a") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            if not works():
                create()
            install()
    except (Trouble, OSError) as trouble:
        return complain(trouble)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    speak_utf8()
    sys.exit(main())
