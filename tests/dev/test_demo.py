"""Test that the demo reports a start that cannot work in one line, and ends only its own processes."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dev import command_line, demo, demo_config, env_file, ports, processes
from dev.product_stack import free_port
from dev.services import Services

EXAMPLE = Path(__file__).parents[2] / ".env.example"
SETTINGS = {
    "PUBLIC_URL": "http://localhost:8000",
    "PLUGGY_API_URL": "http://localhost:9000",
    "PLUGGY_CONNECT_URL": "http://localhost:9000",
    "DATABASE_URL": "postgres://pfm@//here/var/postgres/pfm",
    "REDIS_URL": "unix:///here/var/redis/pfm.sock?db=0",
}


@pytest.fixture(autouse=True)
def no_port_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEB_PORT", raising=False)
    monkeypatch.delenv("PLUGGY_PORT", raising=False)


def test_a_used_port_is_reported_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(command_line.DevToolError) as error:
            ports.require_free_port(port, what="web", variable="WEB_PORT")
    assert f"Port {port} (web) is in use" in str(error.value)
    assert f"WEB_PORT={port + 10} make demo" in str(error.value)
    assert "\n" not in str(error.value)
    ports.require_free_port(port, what="web", variable="WEB_PORT")


def test_an_invalid_port_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_PORT", "eighty")
    with pytest.raises(command_line.DevToolError, match="WEB_PORT=eighty is not a port"):
        ports.port_from_environment("WEB_PORT", 8000)


def test_a_full_disk_is_reported(tmp_path: Path) -> None:
    with pytest.raises(command_line.DevToolError, match="MB are needed"):
        command_line.require_disk_space(tmp_path, 10**12)


def test_port_variables_override_the_ports_of_local_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_PORT", "8010")
    monkeypatch.setenv("PLUGGY_PORT", "9010")
    environment = demo_config.DemoConfig(SETTINGS).environment
    assert environment["PUBLIC_URL"] == "http://localhost:8010"
    assert environment["PLUGGY_API_URL"] == environment["PLUGGY_CONNECT_URL"] == "http://localhost:9010"


def test_the_urls_of_pluggy_itself_are_kept_and_no_local_pluggy_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLUGGY_PORT", "9010")
    pluggy_urls = {
        "PLUGGY_API_URL": "https://api.pluggy.ai",
        "PLUGGY_CONNECT_URL": "https://connect.pluggy.ai",
    }
    config = demo_config.DemoConfig({**SETTINGS, **pluggy_urls, "PUBLIC_URL": "https://tunnel.example"})
    assert "pluggy" not in config.commands
    assert config.environment["PLUGGY_API_URL"] == "https://api.pluggy.ai"
    assert config.environment["PUBLIC_URL"] == "https://tunnel.example"


def test_it_ends_only_the_processes_with_its_environment_variable(tmp_path: Path) -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    value = str(tmp_path)
    matching = subprocess.Popen(sleep, env={**os.environ, "PFM_TEST": value})
    other = subprocess.Popen(sleep, env={**os.environ, "PFM_TEST": value + "2"})
    try:
        assert processes.end_by_environment("PFM_TEST", value) == 1
        assert matching.wait(timeout=5) < 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_only_one_demo_runs_in_a_folder(tmp_path: Path) -> None:
    code = "import sys, time; from pathlib import Path; from dev.processes import exclusive_lock\n"
    code += (
        "with exclusive_lock(Path(sys.argv[1]), wait=0, busy=''): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "lock"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(command_line.DevToolError, match="already running"),
            processes.exclusive_lock(tmp_path / "lock", wait=0, busy="already running"),
        ):
            pass
    finally:
        holder.kill()
        holder.communicate()
    with processes.exclusive_lock(tmp_path / "lock", wait=1, busy="still locked"):
        pass


def test_a_failing_management_command_shows_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text("import sys; print('the reason'); sys.exit(1)")
    monkeypatch.setattr(demo_config, "PROJECT", tmp_path)
    with pytest.raises(command_line.DevToolError, match=r"migrate failed:\nthe reason"):
        demo.manage(("migrate",), dict(os.environ))


RUN_DEMO_IN = """
import sys
from pathlib import Path
from dev import demo, demo_config
demo_config.PROJECT = Path(sys.argv[1])
demo_config.VAR = demo_config.PROJECT / "var"
sys.exit(demo.main())
"""


def test_a_database_of_an_earlier_version_is_reported_before_migrate_runs(
    project_folder: Path, services: Services
) -> None:
    """There is no manage.py in the folder, so `migrate` would fail with another message."""
    with services, services.postgres.connect() as connection:
        connection.execute("CREATE TABLE django_migrations (app text, name text)")
        connection.execute("INSERT INTO django_migrations VALUES ('banking', '0001_initial')")
    shutil.copy(EXAMPLE, project_folder)
    port_variables = {"WEB_PORT": str(free_port()), "PLUGGY_PORT": str(free_port())}
    environment = {
        name: value for name, value in os.environ.items() if name not in env_file.parse(EXAMPLE.read_text())
    }
    completed = subprocess.run(
        [sys.executable, "-c", RUN_DEMO_IN, project_folder],
        cwd=EXAMPLE.parent,
        env=environment | port_variables,
        capture_output=True,
        text=True,
    )
    assert completed.returncode == 1
    assert completed.stderr == (
        "✗ The demo database was made by an earlier version. "
        "Run `make wipe` and start again (this deletes the demo data and .env).\n"
    )
    assert set(services.status().values()) == {None}


@pytest.mark.parametrize("rows", [[], [("ledger", "0001_initial")]])
def test_a_current_or_empty_database_is_accepted(services: Services, rows: list[tuple[str, str]]) -> None:
    config = demo_config.DemoConfig({"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url})
    vars(config)["services"] = services  # instead of those of the project
    with services:
        demo.require_current_database(config)  # without django_migrations
        with services.postgres.connect() as connection:
            connection.execute("CREATE TABLE django_migrations (app text, name text)")
            connection.cursor().executemany("INSERT INTO django_migrations VALUES (%s, %s)", rows)
        demo.require_current_database(config)
