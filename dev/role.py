"""The product's role in a private PostgreSQL: the owner of everything, and no superuser, as in production."""

from __future__ import annotations

import psycopg
from psycopg import sql

ROLE = "lume"  # a superuser would see every row, whatever the policies say
# What an earlier version made as the superuser, in any of its databases.
DATABASES = """
    SELECT datname FROM pg_database
    WHERE NOT datistemplate AND datname <> 'postgres' AND pg_get_userbyid(datdba) <> %s
"""
TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_get_userbyid(relowner) <> %s
"""


def exists(connection: psycopg.Connection) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone() is not None


def create(connection: psycopg.Connection) -> None:
    """It makes databases of its own for tests."""
    connection.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")


def give_databases(connection: psycopg.Connection) -> None:
    _give(connection, "DATABASE", DATABASES)


def give_tables(connection: psycopg.Connection) -> None:
    """Of the connection's database; sequences go with their tables."""
    _give(connection, "TABLE", TABLES)


def _give(connection: psycopg.Connection, kind: str, foreign: str) -> None:
    for (name,) in connection.execute(foreign, [ROLE]).fetchall():
        words = sql.SQL(f"ALTER {kind} {{}} OWNER TO {ROLE}")
        connection.execute(words.format(sql.Identifier(name)))
