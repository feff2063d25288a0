"""Use the PostgreSQL and Redis that DATABASE_URL and REDIS_URL name for the tests, instead of private servers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import environ
import psycopg
import redis

from dev.command_line import DevToolError

MIN_POSTGRES, MIN_REDIS = 14, (6, 2)
REDIS_DATABASES = 8  # two for each of at most four test workers (tests/workers.py)
SQL_ROLE = """
    SELECT current_setting('server_version_num')::int / 10000, rolname, rolcreatedb, rolsuper OR rolbypassrls
    FROM pg_roles WHERE rolname = current_user
"""


def given_urls(environment: Mapping[str, str]) -> dict[str, str]:
    """Return those of the two settings that are set."""
    return {name: environment[name] for name in ("DATABASE_URL", "REDIS_URL") if environment.get(name)}


def check(urls: Mapping[str, str]) -> list[str]:
    """Return a line for each server, to be printed. Raises DevToolError if the tests cannot use it."""
    checks = {"DATABASE_URL": _check_postgres, "REDIS_URL": _check_redis}
    return [f"· {name}: the tests use {checks[name](url)}" for name, url in urls.items()]


def _check_postgres(url: str) -> str:
    settings = environ.Env.db_url_config(url)
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    options: dict[str, Any] = {name: settings[key] for name, key in names.items() if settings.get(key)}
    try:
        with psycopg.connect(**options, connect_timeout=5) as connection:
            row = connection.execute(SQL_ROLE).fetchone()
    except psycopg.Error as error:
        raise DevToolError(f"DATABASE_URL: PostgreSQL does not answer: {error}") from error
    assert row is not None
    version, role, may_create, sees_everything = row
    if version < MIN_POSTGRES:
        raise DevToolError(f"DATABASE_URL: PostgreSQL {version} is older than {MIN_POSTGRES}.")
    if not may_create:
        raise DevToolError(
            f"DATABASE_URL: the tests create databases, which {role} may not: ALTER ROLE {role} CREATEDB"
        )
    if sees_everything:
        raise DevToolError(
            f"DATABASE_URL: {role} bypasses row-level security, so tests of it would fail. Use another role:"
            " CREATE ROLE lume LOGIN CREATEDB PASSWORD '…'"
        )
    return f"PostgreSQL {version} (databases test_{settings['NAME']}…, as {role})"


def _check_redis(url: str) -> str:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5) as client:
            info: Any = client.info("server")
            first = int(client.connection_pool.connection_kwargs.get("db", 0))
            client.select(first + REDIS_DATABASES - 1)
        version = str(info["redis_version"])
    except redis.ResponseError as error:
        raise DevToolError(f"REDIS_URL: the tests need {REDIS_DATABASES} databases: {error}") from error
    except (redis.RedisError, OSError, ValueError) as error:
        raise DevToolError(f"REDIS_URL: Redis does not answer: {error}") from error
    if tuple(int(part) for part in version.split(".")[:2]) < MIN_REDIS:
        raise DevToolError(f"REDIS_URL: Redis {version} is older than {'.'.join(map(str, MIN_REDIS))}.")
    return f"Redis {version} (databases {first} to {first + REDIS_DATABASES - 1})"
