"""Create the product's role in a private PostgreSQL and make it the owner of databases and tables.

As in production, the role is no superuser: a superuser would see every row despite row-level security.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

ROLE = "lume"
# Earlier versions created databases and tables as the superuser.
SQL_OTHER_DATABASES = """
    SELECT datname FROM pg_database
    WHERE NOT datistemplate AND datname <> 'postgres' AND pg_get_userbyid(datdba) <> %s
"""
SQL_OTHER_TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_get_userbyid(relowner) <> %s
"""


def exists(connection: psycopg.Connection) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone() is not None


def create(connection: psycopg.Connection) -> None:
    """Create the role. It may create databases, because the tests do."""
    connection.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")


def take_databases(connection: psycopg.Connection) -> None:
    """Make the role the owner of every database of the server."""
    _change_owner(connection, "DATABASE", SQL_OTHER_DATABASES)


def take_tables(connection: psycopg.Connection) -> None:
    """Make the role the owner of every table of the connection's database. Sequences follow their tables."""
    _change_owner(connection, "TABLE", SQL_OTHER_TABLES)


def _change_owner(connection: psycopg.Connection, kind: str, sql_names: str) -> None:
    for (name,) in connection.execute(sql_names, [ROLE]).fetchall():
        statement = sql.SQL(f"ALTER {kind} {{}} OWNER TO {ROLE}")
        connection.execute(statement.format(sql.Identifier(name)))
