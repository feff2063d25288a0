"""Decides where the private services keep their data and sockets, and who may enter."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dev.machine import Trouble

SOCKET_LIMIT = 103  # bytes of a socket's path; macOS allows 103, Linux 107


def wheel(package: str, distribution: str) -> Path:
    """The folder of an installed package, found without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise Trouble(f"{distribution} is not installed in this Python: run `make demo` or `make test`")
    return Path(spec.submodule_search_locations[0])


def digest(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]


def private_folder(path: Path, owner: pwd.struct_passwd | None = None) -> Path:
    """Makes a folder that only its owner enters, or proves that an existing one is exactly that."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    wanted = owner.pw_uid if owner else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (wanted, os.geteuid()):
        raise Trouble(f"{path} belongs to user id {found.st_uid}, not to us: remove it, or run as that user")
    if found.st_uid != wanted and owner:
        os.chown(path, owner.pw_uid, owner.pw_gid)
    if stat.S_IMODE(found.st_mode) != 0o700:
        path.chmod(0o700)
    return path


def socket_folder(
    home: Path, root: Path, name: str, file: str, owner: pwd.struct_passwd | None = None
) -> Path:
    """`home` itself, or a private folder under the temp folder when the socket's path would be too long."""
    for parent in ("", tempfile.gettempdir(), "/tmp"):
        folder = Path(parent, f"pfm-{digest(root)}-{name}") if parent else home
        if len(os.fsencode(folder / file)) <= SOCKET_LIMIT:
            return private_folder(folder, owner) if parent else home
    raise Trouble(f"no place short enough for a socket: set TMPDIR to less than {tempfile.gettempdir()}")


def unprivileged(folder: Path) -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as when we are root: the owner of its folder if there is one, else nobody."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat().st_uid if folder.is_dir() else 0
    return pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")


def identity(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """The words that make a subprocess run as `user`; none for ourselves."""
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def can_enter(user: pwd.struct_passwd, folder: Path) -> bool:
    """Asks the system, as that user: modes alone do not tell of access lists."""
    command = ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]
    done = subprocess.run(command, cwd="/", stderr=subprocess.DEVNULL, **identity(user))
    return done.returncode == 0


def outside_place(root: Path, user: pwd.struct_passwd) -> Path:
    """A root-owned folder that `user` can reach, for a project whose own folder it cannot."""
    for parent in (Path("/var/lib"), Path("/var/tmp")):
        if parent.is_dir() and can_enter(user, parent):
            place = private_folder(parent / f"pfm-{digest(root)}")
            place.chmod(0o755)
            return place
    raise Trouble(f"user {user.pw_name} enters neither {root} nor /var/lib nor /var/tmp: clone elsewhere")


def remembered_place(root: Path, user: pwd.struct_passwd) -> Path:
    """The outside place of this root: the one noted at the first start, even after the project moved."""
    note = root / "postgres.place"
    place = Path(note.read_text().strip()) if note.exists() else None
    if place is None or not place.is_dir() or not is_ours(place, root):
        place = outside_place(root, user)
        print(
            f"  user {user.pw_name} cannot enter {root}: PostgreSQL keeps its data in {place}",
            file=sys.stderr,
        )
    (place / "root").write_text(str(root))
    note.write_text(str(place))
    return place


def is_ours(place: Path, root: Path) -> bool:
    """Noted by us, or by a folder that is no longer there (we were moved, not copied)."""
    label = place / "root"
    holder = Path(label.read_text().strip()) if label.exists() else root
    moved = not (holder / "postgres.place").exists()
    return place.lstat().st_uid == os.geteuid() and (holder == root or moved)


def reachable_copy(folder: Path, place: Path, user: pwd.struct_passwd) -> Path:
    """`folder` of a wheel and the libraries beside it, copied into `place` if `user` cannot reach it."""
    if can_enter(user, folder):
        return folder
    package = folder.parent
    copy = place / f"server-{digest(folder)}-{int(folder.stat().st_mtime)}"
    if not copy.exists():
        for older in place.glob("server-*"):
            shutil.rmtree(older)
        draft = Path(tempfile.mkdtemp(prefix="server-", dir=place))
        for part in (folder, package / ".dylibs", package.with_name(package.name + ".libs")):
            if part.is_dir():
                shutil.copytree(part, draft / part.relative_to(package.parent), symlinks=True)
        open_to_all(draft)
        draft.rename(copy)
    return copy / folder.relative_to(package.parent)


def open_to_all(folder: Path) -> None:
    """Lets everybody read our own copy of a public program, whatever the umask was."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
