"""Test the private PostgreSQL and Redis with the real programs: start, reuse, repair and stop."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import environ
import psycopg
import pytest
import redis

from dev.command_line import DevToolError
from dev.services import Services


def query(services: Services, sql: str) -> list[tuple[Any, ...]]:
    """Connect as the product does: with DATABASE_URL, read by django-environ."""
    settings = environ.Env.db_url_config(services.database_url)
    options = {"host": settings["HOST"], "user": settings["USER"], "dbname": settings["NAME"]}
    with psycopg.connect(**options, autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def pids(services: Services) -> dict[str, int]:
    return {name: pid for name, pid in services.status().items() if pid}


def test_it_starts_a_utf8_database_and_a_redis_that_listen_on_no_port(services: Services) -> None:
    with services:
        (encoding, upper, listens) = query(
            services, "SELECT getdatabaseencoding(), upper('ação'), current_setting('listen_addresses')"
        )[0]
        assert (encoding, upper, listens) == ("UTF8", "AÇÃO", "")
        with redis.Redis.from_url(services.redis_url) as client:
            assert client.ping()
            assert client.config_get("port") == {"port": "0"}
    assert pids(services) == {}


def test_it_keeps_the_data_in_private_folders_and_reuses_running_servers(services: Services) -> None:
    with services:
        query(services, "CREATE TABLE kept AS SELECT 42 AS answer")
        for folder in (services.postgres.socket_folder, services.redis.socket.parent):
            assert folder.stat().st_mode & 0o777 == 0o700
    with services:
        assert query(services, "SELECT answer FROM kept") == [(42,)]
        before = pids(services)
        other = Services(services.root, durable=False)
        other.start()
        assert pids(other) == before
        other.stop()
        assert pids(services) == {}


def test_it_starts_again_after_a_kill_with_all_data(services: Services) -> None:
    services.start()
    query(services, "SET synchronous_commit = on; CREATE TABLE kept AS SELECT 42 AS answer")
    for pid in pids(services).values():
        os.kill(pid, signal.SIGKILL)
    with Services(services.root, durable=False) as again:
        assert query(again, "SELECT answer FROM kept") == [(42,)]


def test_it_ignores_a_pid_file_whose_pid_is_another_program(services: Services) -> None:
    services.start()
    services.stop()
    pid_file = services.postgres.data / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{services.postgres.data}\n")
    (services.redis.home / "redis.pid").write_text(str(os.getpid()))
    with services:
        assert os.getpid() not in pids(services).values()


def test_it_puts_the_sockets_in_a_short_private_folder_when_the_path_is_long(project_folder: Path) -> None:
    deep = project_folder / ("x" * 90) / "with space"
    with Services(deep, durable=False) as services:
        assert len(str(services.postgres.socket_folder)) < 80
        assert query(services, "SELECT 1") == [(1,)]
        with redis.Redis.from_url(services.redis_url) as client:
            assert client.ping()


def test_it_refuses_a_socket_folder_that_is_a_link(project_folder: Path) -> None:
    deep = project_folder / ("x" * 90)
    folder = Services(deep, durable=False).postgres.socket_folder
    folder.rmdir()
    folder.symlink_to(project_folder)
    try:
        with pytest.raises(DevToolError, match="remove it"):
            Services(deep, durable=False).start()
    finally:
        folder.unlink()


def test_several_starts_at_once_succeed(services: Services) -> None:
    command = [sys.executable, "-m", "dev.services", "start", "--dir", str(services.root)]
    starts = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [start.wait(timeout=60) for start in starts] == [0, 0, 0]
    assert len(pids(services)) == 2


def test_a_moved_folder_keeps_its_data_and_a_copied_one_has_its_own(services: Services) -> None:
    services.start()
    query(services, "CREATE TABLE kept AS SELECT 42 AS answer")
    services.stop()
    moved, copied = services.root.with_name("moved"), services.root.with_name("copied")
    services.root.rename(moved)
    with Services(moved, durable=False) as first:
        subprocess.run(["cp", "-a", moved, copied], check=True)
        with Services(copied, durable=False) as second:
            assert set(pids(first).values()).isdisjoint(pids(second).values())
            assert query(second, "SELECT answer FROM kept") == query(first, "SELECT answer FROM kept")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")
def test_as_root_it_keeps_the_data_where_the_server_user_can_enter(project_folder: Path) -> None:
    private = project_folder / "closed"
    private.mkdir(mode=0o700)
    services = Services(private / "var", durable=False)
    with services:
        home = services.postgres.home
        assert home.stat().st_uid != 0
        assert not home.is_relative_to(project_folder)
        query(services, "CREATE TABLE kept AS SELECT 42 AS answer")
    with Services(private / "var", durable=False) as again:
        assert query(again, "SELECT answer FROM kept") == [(42,)]
    assert private.stat().st_mode & 0o777 == 0o700
    services.wipe()
    assert not home.exists()
    shutil.rmtree(private)


def test_an_error_is_printed_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "dev.services", "start", "--dir", str(tmp_path / "file" / "var")]
    completed = subprocess.run(command, capture_output=True, text=True)
    assert completed.returncode == 1
    assert completed.stderr.startswith("✗ ")
    assert "Traceback" not in completed.stderr


def test_the_product_role_becomes_the_owner_of_earlier_tables(services: Services) -> None:
    with services, services.postgres.connect() as superuser:
        superuser.execute("CREATE TABLE kept (id serial PRIMARY KEY)")
        superuser.execute("ALTER DATABASE pfm OWNER TO pfm")
    with services:
        query(services, "INSERT INTO kept DEFAULT VALUES")
        sql_owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'kept'"
        (is_superuser,) = query(
            services, "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )[0]
        assert (query(services, sql_owner), is_superuser) == ([("lume",)], False)
