"""Tests on servers that DATABASE_URL and REDIS_URL name: what they need is checked first, each worker has its own."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev import given_servers
from dev.command_line import DevToolError
from dev.postgres_server import SUPERUSER
from dev.services import Services
from tests.workers import with_database


@pytest.fixture
def running(services: Services) -> Iterator[Services]:
    with services:
        yield services


def urls(services: Services) -> dict[str, str]:
    return {"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url}


def test_only_settings_that_have_a_value_are_given() -> None:
    environment = {"DATABASE_URL": "postgres://me@db/x", "REDIS_URL": "", "PATH": "/bin"}
    assert given_servers.given_urls(environment) == {"DATABASE_URL": "postgres://me@db/x"}
    assert given_servers.check({}) == []


def test_servers_that_fit_are_named(running: Services) -> None:
    lines = given_servers.check(urls(running))
    assert "PostgreSQL 18" in lines[0] and "as lume" in lines[0] and "test_pfm" in lines[0]
    assert "Redis" in lines[1] and "0 to 7" in lines[1]


def test_an_old_server_is_refused(running: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(given_servers, "MIN_POSTGRES", 99)
    monkeypatch.setattr(given_servers, "MIN_REDIS", (99, 0))
    for name, url in urls(running).items():
        with pytest.raises(DevToolError, match=f"{name}: .* is older than 99"):
            given_servers.check({name: url})


def test_a_role_that_cannot_run_the_tests_is_refused(running: Services) -> None:
    url = running.database_url
    with pytest.raises(DevToolError, match="bypasses row-level security"):
        given_servers.check({"DATABASE_URL": url.replace("lume@", f"{SUPERUSER}@")})
    with running.postgres.connect() as superuser:
        superuser.execute("CREATE ROLE reader LOGIN")
    with pytest.raises(DevToolError, match="ALTER ROLE reader CREATEDB"):
        given_servers.check({"DATABASE_URL": url.replace("lume@", "reader@")})


def test_a_redis_with_too_few_databases_is_refused(running: Services) -> None:
    with pytest.raises(DevToolError, match="need 8 databases"):
        given_servers.check({"REDIS_URL": running.redis_url.replace("db=0", "db=12")})


def test_servers_that_do_not_answer_are_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for name, url in (
        ("DATABASE_URL", f"postgres://lume:secret@127.0.0.1:{port}/x"),
        ("REDIS_URL", f"redis://:secret@127.0.0.1:{port}/0"),
    ):
        with pytest.raises(DevToolError, match=f"{name}: .* does not answer") as caught:
            given_servers.check({name: url})
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///a/pfm.sock?db=0", "unix:///a/pfm.sock?db=3"),
        ("unix:///a/pfm.sock?db=4&timeout=5", "unix:///a/pfm.sock?db=7&timeout=5"),
        ("unix:///a/pfm.sock", "unix:///a/pfm.sock?db=3"),
        ("redis://localhost:6379/0", "redis://localhost:6379/3"),
        ("redis://localhost:6379/12", "redis://localhost:6379/15"),
        ("redis://localhost:6379", "redis://localhost:6379/3"),
        ("redis://localhost:6379/", "redis://localhost:6379/3"),
        (
            "rediss://:p%40ss@redis.example/2?ssl_cert_reqs=none",
            "rediss://:p%40ss@redis.example/5?ssl_cert_reqs=none",
        ),
        ("redis://localhost?db=1", "redis://localhost?db=4"),
    ],
)
def test_each_worker_has_its_own_redis_database(url: str, expected: str) -> None:
    assert with_database(url, 3) == expected
