"""Choose the folders of the private servers' data and sockets, and set who can enter them.

PostgreSQL refuses to run as root. When these tools run as root, it runs as another user, who must be able to
reach its data and its programs. If that user cannot enter the project folder, both are kept outside of it.
"""

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

from dev.command_line import DevToolError

SOCKET_PATH_LIMIT = 103  # bytes; macOS allows 103, Linux 107
LOCATION_FILE = "postgres.place"  # in a server folder: the path of its folder outside the project
OWNER_FILE = "root"  # in a folder outside the project: the path of the server folder that it belongs to


def package_folder(package: str, distribution: str) -> Path:
    """Return the folder of an installed package without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise DevToolError(f"{distribution} is not installed in this Python. Run `make demo` or `make test`.")
    return Path(spec.submodule_search_locations[0])


def path_hash(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]


def private_folder(path: Path, owner: pwd.struct_passwd | None = None) -> Path:
    """Create a folder that only its owner can enter, or check that the existing one is such a folder.

    Raise DevToolError if the path is a link, a file or another user's folder: someone else may have put it
    there to read the data.
    """
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    status = path.lstat()
    owner_id = owner.pw_uid if owner else os.geteuid()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (owner_id, os.geteuid()):
        raise DevToolError(
            f"{path} is not a folder of this user (its owner has the id {status.st_uid}): "
            "remove it, or run as its owner."
        )
    if status.st_uid != owner_id and owner:
        os.chown(path, owner.pw_uid, owner.pw_gid)
    if stat.S_IMODE(status.st_mode) != 0o700:
        path.chmod(0o700)
    return path


def socket_folder(
    home: Path, root: Path, name: str, file: str, owner: pwd.struct_passwd | None = None
) -> Path:
    """Return `home`, or a private temporary folder if the path of the socket would be too long in `home`."""
    for parent in ("", tempfile.gettempdir(), "/tmp"):
        folder = Path(parent, f"pfm-{path_hash(root)}-{name}") if parent else home
        if len(os.fsencode(folder / file)) <= SOCKET_PATH_LIMIT:
            return private_folder(folder, owner) if parent else home
    raise DevToolError(
        f"The path of the temporary folder {tempfile.gettempdir()} is too long for a socket. "
        "Set TMPDIR to a shorter one."
    )


def server_user(folder: Path) -> pwd.struct_passwd | None:
    """Return the user that PostgreSQL runs as, or None when it can run as the current user.

    As root, this is the owner of the existing folder, or the user `nobody` for a new one.
    """
    if os.geteuid() != 0:
        return None
    owner_id = folder.stat().st_uid if folder.is_dir() else 0
    return pwd.getpwuid(owner_id) if owner_id else pwd.getpwnam("nobody")


def run_as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return the arguments of `subprocess` that run the child as `user`; None means the current user."""
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def can_enter(user: pwd.struct_passwd, folder: Path) -> bool:
    """Tell whether `user` can enter the folder. Try it, because modes alone do not show access lists."""
    command = ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]
    completed = subprocess.run(command, cwd="/", stderr=subprocess.DEVNULL, **run_as(user))
    return completed.returncode == 0


def create_outside_folder(root: Path, user: pwd.struct_passwd) -> Path:
    """Create a root-owned folder outside the project that `user` can enter."""
    for parent in (Path("/var/lib"), Path("/var/tmp")):
        if parent.is_dir() and can_enter(user, parent):
            folder = private_folder(parent / f"pfm-{path_hash(root)}")
            folder.chmod(0o755)
            return folder
    raise DevToolError(
        f"User {user.pw_name} can enter neither {root} nor /var/lib nor /var/tmp. "
        "Clone the project into another folder."
    )


def outside_folder(root: Path, user: pwd.struct_passwd) -> Path:
    """Return the folder outside the project that belongs to `root`; create it at the first start.

    Its path is saved in `root`, so that it is found again after the project was moved.
    """
    location_file = root / LOCATION_FILE
    folder = Path(location_file.read_text().strip()) if location_file.exists() else None
    if folder is None or not folder.is_dir() or not belongs_to(folder, root):
        folder = create_outside_folder(root, user)
        print(
            f"  User {user.pw_name} cannot enter {root}: PostgreSQL keeps its data in {folder}",
            file=sys.stderr,
        )
    (folder / OWNER_FILE).write_text(str(root))
    location_file.write_text(str(folder))
    return folder


def belongs_to(folder: Path, root: Path) -> bool:
    """Tell whether an outside folder belongs to `root`.

    It does if it names `root`, or a folder that no longer exists because the project was moved. If the
    named folder still exists, the project was copied, and the copy needs a folder of its own.
    """
    owner_file = folder / OWNER_FILE
    owner = Path(owner_file.read_text().strip()) if owner_file.exists() else root
    was_moved = not (owner / LOCATION_FILE).exists()
    return folder.lstat().st_uid == os.geteuid() and (owner == root or was_moved)


def accessible_copy(folder: Path, target: Path, user: pwd.struct_passwd) -> Path:
    """Return `folder` if `user` can enter it; otherwise copy it and its libraries into `target`.

    `folder` is part of an installed wheel. The copy is replaced when the wheel was updated.
    """
    if can_enter(user, folder):
        return folder
    package = folder.parent
    copy = target / f"server-{path_hash(folder)}-{int(folder.stat().st_mtime)}"
    if not copy.exists():
        for old_copy in target.glob("server-*"):
            shutil.rmtree(old_copy)
        draft = Path(tempfile.mkdtemp(prefix="server-", dir=target))
        for source in (folder, package / ".dylibs", package.with_name(package.name + ".libs")):
            if source.is_dir():
                shutil.copytree(source, draft / source.relative_to(package.parent), symlinks=True)
        make_readable(draft)
        draft.rename(copy)
    return copy / folder.relative_to(package.parent)


def make_readable(folder: Path) -> None:
    """Let every user read the folder, whatever the umask is."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
