"""It starts, adopts, repairs and stops the private PostgreSQL and Redis, with the real programs."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import environ
import psycopg
import pytest
import redis

from dev.machine import Trouble
from dev.services import Services


def query(services: Services, sql: str) -> list[tuple]:
    """Connects the way the product does: through the URL and django-environ."""
    parts = environ.Env.db_url_config(services.database_url)
    words = {"host": parts["HOST"], "user": parts["USER"], "dbname": parts["NAME"]}
    with psycopg.connect(**words, autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def pids(services: Services) -> dict[str, int]:
    return {name: pid for name, pid in services.status().items() if pid}


def test_it_gives_a_utf8_database_and_a_redis_that_answer_and_listen_on_no_port(services):
    with services:
        (encoding, upper, listens) = query(
            services, "SELECT getdatabaseencoding(), upper('ação'), current_setting('listen_addresses')"
        )[0]
        assert (encoding, upper, listens) == ("UTF8", "AÇÃO", "")
        with redis.Redis.from_url(services.redis_url) as client:
            assert client.ping()
            assert client.config_get("port") == {"port": "0"}
    assert pids(services) == {}


def test_it_keeps_the_data_lets_only_us_in_and_adopts_servers_that_are_up(services):
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


def test_it_starts_again_after_a_kill_and_has_lost_nothing(services):
    services.start()
    query(services, "SET synchronous_commit = on; CREATE TABLE kept AS SELECT 42 AS answer")
    for pid in pids(services).values():
        os.kill(pid, signal.SIGKILL)
    with Services(services.root, durable=False) as again:
        assert query(again, "SELECT answer FROM kept") == [(42,)]


def test_it_ignores_a_pid_note_whose_number_is_another_program_now(services):
    services.start()
    services.stop()
    note = services.postgres.data / "postmaster.pid"
    note.write_text(f"{os.getpid()}\n{services.postgres.data}\n")
    (services.redis.home / "redis.pid").write_text(str(os.getpid()))
    with services:
        assert os.getpid() not in pids(services).values()


def test_it_puts_the_sockets_in_a_short_private_folder_when_the_path_is_long(place):
    deep = place / ("x" * 90) / "with space"
    with Services(deep, durable=False) as services:
        assert len(str(services.postgres.socket_folder)) < 80
        assert query(services, "SELECT 1") == [(1,)]
        with redis.Redis.from_url(services.redis_url) as client:
            assert client.ping()


def test_it_never_uses_a_socket_folder_that_is_not_a_private_folder_of_ours(place):
    deep = place / ("x" * 90)
    folder = Services(deep, durable=False).postgres.socket_folder
    folder.rmdir()
    folder.symlink_to(place)
    try:
        with pytest.raises(Trouble, match="remove it"):
            Services(deep, durable=False).start()
    finally:
        folder.unlink()


def test_it_survives_several_starts_at_once(services):
    command = [sys.executable, "-m", "dev.services", "start", "--dir", str(services.root)]
    starts = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [start.wait(timeout=60) for start in starts] == [0, 0, 0]
    assert len(pids(services)) == 2


def test_it_follows_a_folder_that_moved_and_separates_one_that_was_copied(services):
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


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_as_root_it_keeps_the_data_where_the_unprivileged_user_can_enter(place):
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    services = Services(closed / "var", durable=False)
    with services:
        home = services.postgres.home
        assert home.stat().st_uid != 0
        assert not home.is_relative_to(place)
        query(services, "CREATE TABLE kept AS SELECT 42 AS answer")
    with Services(closed / "var", durable=False) as again:
        assert query(again, "SELECT answer FROM kept") == [(42,)]
    assert closed.stat().st_mode & 0o777 == 0o700
    services.wipe()
    assert not home.exists()
    shutil.rmtree(closed)


def test_it_says_in_one_line_what_is_wrong(tmp_path: Path):
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "dev.services", "start", "--dir", str(tmp_path / "file" / "var")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("✗ ")
    assert "Traceback" not in done.stderr


def test_what_the_superuser_made_before_becomes_the_products(services):
    with services, services.postgres._connect("pfm") as above:
        above.execute("CREATE TABLE kept (id serial PRIMARY KEY)")
        above.execute("ALTER DATABASE pfm OWNER TO pfm")
    with services:
        query(services, "INSERT INTO kept DEFAULT VALUES")
        owners = "SELECT tableowner FROM pg_tables WHERE tablename = 'kept'"
        (is_superuser,) = query(
            services, "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )[0]
        assert (query(services, owners), is_superuser) == ([("lume",)], False)
