"""The program: restarts, refusals at start, and flags."""

import subprocess
import sys
from pathlib import Path

from sandbox_testing.program import GOOD, ROOT, Client, Program, Receiver, free_port, wait_until


def test_a_restart_loses_nothing(tmp_path: Path, receiver: Receiver) -> None:
    program = Program(tmp_path).start()
    first = Client(program.url)
    first.post("/webhooks", url=receiver.url, event="all")
    done = first.connect(9001)["id"]
    transactions = first.truth(done)["transactions"]
    first.post("/_control/webhooks/hold")
    first.post(f"/_control/items/{done}/status", executionStatus="SITE_NOT_AVAILABLE")
    half = first.post("/items", connectorId=2, parameters=GOOD).json()["id"]
    assert program.stop() == 0
    assert receiver.events("item/error", done) == []
    program.start()
    second = Client(program.url)
    second.http.headers["X-API-KEY"] = str(first.http.headers["X-API-KEY"])  # keys outlive the restart too
    assert second.truth(done)["transactions"] == transactions
    assert second.settled(half)["executionStatus"] == "SUCCESS"
    wait_until(lambda: receiver.events("item/error", done) and receiver.events("item/created", half))
    second.post("/_control/reset")
    assert second.get("/_control/state").json()["items"] == []
    assert program.stop() == 0


def test_a_busy_port_and_a_remote_host_are_refused(program: Program, tmp_path: Path) -> None:
    def says(*flags: str) -> str:
        command = [sys.executable, "-m", "pluggy_sandbox", "--state", str(tmp_path), *flags]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10)
        assert ended.returncode != 0 and "Traceback" not in ended.stderr
        return ended.stderr

    assert f"cannot listen on 127.0.0.1:{program.port}" in says("--port", str(program.port))
    assert "--allow-remote" in says("--host", "0.0.0.0")


def test_strict_webhook_urls_and_today(tmp_path: Path) -> None:
    program = Program(tmp_path, flags=("--strict-webhook-urls", "--today", "2026-03-12", "--pace", "0.05"))
    strict = Client(program.start().url)
    answer = strict.post("/webhooks", url="http://localhost:8000/hook", event="all")
    assert (answer.status_code, answer.json()["message"]) == (400, "Webhook url must be a https secured url")
    answer = strict.post("/webhooks", url="https://localhost/hook", event="all")
    assert "localhost or a reserved" in answer.json()["message"]
    item = strict.connect(9001)
    assert item["createdAt"].startswith("2026-03-1")
    newest = max(
        transaction["date"]
        for transactions in strict.truth(item["id"])["transactions"].values()
        for transaction in transactions
    )
    assert newest < "2026-03-14"
    assert program.stop() == 0


def test_without_flags_the_state_is_in_the_current_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pluggy_sandbox", "--port", str(free_port())]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "not Pluggy" in process.stdout.readline()
    process.terminate()
    process.communicate(timeout=10)
    assert [path.name for path in tmp_path.iterdir()] == ["pluggy-sandbox-state"]
