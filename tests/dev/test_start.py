"""It refuses a start that cannot work with one line that says what to do, and ends only what it started."""

import os
import socket
import subprocess
import sys

import pytest

from dev import machine, plan, ports, processes, up

SETTINGS = {
    "PUBLIC_URL": "http://localhost:8000",
    "PLUGGY_API_URL": "http://localhost:9000",
    "PLUGGY_CONNECT_URL": "http://localhost:9000",
    "DATABASE_URL": "postgres://pfm@//here/var/postgres/pfm",
    "REDIS_URL": "unix:///here/var/redis/pfm.sock?db=0",
}


@pytest.fixture(autouse=True)
def no_chosen_ports(monkeypatch):
    monkeypatch.delenv("WEB_PORT", raising=False)
    monkeypatch.delenv("PLUGGY_PORT", raising=False)


def test_a_busy_port_is_one_line_that_says_what_to_do():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(machine.Trouble) as trouble:
            ports.need_free(port, what="web", name="WEB_PORT")
    assert f"Port {port} (web) is in use" in str(trouble.value)
    assert f"WEB_PORT={port + 10} make demo" in str(trouble.value)
    assert "\n" not in str(trouble.value)
    ports.need_free(port, what="web", name="WEB_PORT")


def test_a_port_that_is_none_is_named(monkeypatch):
    monkeypatch.setenv("WEB_PORT", "eighty")
    with pytest.raises(machine.Trouble, match="WEB_PORT=eighty is not a port"):
        ports.chosen("WEB_PORT", 8000)


def test_a_full_disk_is_one_line(tmp_path):
    with pytest.raises(machine.Trouble, match="MB are needed: make room"):
        machine.need_disk(tmp_path, 10**12)


def test_chosen_ports_override_the_local_addresses_for_this_run(monkeypatch):
    monkeypatch.setenv("WEB_PORT", "8010")
    monkeypatch.setenv("PLUGGY_PORT", "9010")
    environment = plan.Plan(SETTINGS).environment
    assert environment["PUBLIC_URL"] == "http://localhost:8010"
    assert environment["PLUGGY_API_URL"] == environment["PLUGGY_CONNECT_URL"] == "http://localhost:9010"


def test_pluggy_itself_is_neither_started_nor_readdressed(monkeypatch):
    monkeypatch.setenv("PLUGGY_PORT", "9010")
    outside = {"PLUGGY_API_URL": "https://api.pluggy.ai", "PLUGGY_CONNECT_URL": "https://connect.pluggy.ai"}
    chosen = plan.Plan({**SETTINGS, **outside, "PUBLIC_URL": "https://tunnel.example"})
    assert "pluggy" not in chosen.commands
    assert chosen.environment["PLUGGY_API_URL"] == "https://api.pluggy.ai"
    assert chosen.environment["PUBLIC_URL"] == "https://tunnel.example"


def test_it_ends_marked_processes_and_no_others(tmp_path):
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    mark = str(tmp_path)
    marked = subprocess.Popen(sleep, env={**os.environ, "PFM_TEST": mark})
    other = subprocess.Popen(sleep, env={**os.environ, "PFM_TEST": mark + "2"})
    try:
        assert processes.end_marked("PFM_TEST", mark) == 1
        assert marked.wait(timeout=5) < 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_only_one_demo_runs_in_a_folder(tmp_path):
    hold = "import sys, time; from pathlib import Path; from dev.processes import sole\n"
    hold += "with sole(Path(sys.argv[1]), wait=0, busy=''): print('held', flush=True); time.sleep(60)"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, tmp_path / "lock"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(machine.Trouble, match="already running"),
            processes.sole(tmp_path / "lock", wait=0, busy="already running"),
        ):
            pass
    finally:
        holder.kill()
        holder.communicate()
    with processes.sole(tmp_path / "lock", wait=1, busy="still held by the dead"):
        pass


def test_a_failing_management_command_shows_why(monkeypatch, tmp_path):
    (tmp_path / "manage.py").write_text("import sys; print('the reason'); sys.exit(1)")
    monkeypatch.setattr(plan, "PROJECT", tmp_path)
    with pytest.raises(machine.Trouble, match=r"migrate failed:\nthe reason"):
        up.manage(("migrate",), dict(os.environ))
