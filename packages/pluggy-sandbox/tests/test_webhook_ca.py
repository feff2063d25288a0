"""--webhook-ca: deliveries over HTTPS to a receiver whose certificate no public authority has signed."""

import json
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sandbox_testing.program import ROOT, Client, Program, free_port, wait_until

Json = dict[str, Any]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a self-signed certificate of localhost; the key is beside it."""
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl on this machine")
    path = tmp_path / "localhost.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
        f" -addext subjectAltName=DNS:localhost -keyout {tmp_path}/key.pem -out {path}"
    )
    subprocess.run(command.split(), check=True, capture_output=True, timeout=30)
    return path


@pytest.fixture
def https_receiver(certificate: Path) -> Iterator[tuple[str, list[Json]]]:
    """Start a receiver over HTTPS; return its URL and the list of what it gets."""
    got: list[Json] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"https://localhost:{server.server_port}/hook", got
    server.shutdown()
    server.server_close()


def test_the_file_is_trusted(
    tmp_path: Path, certificate: Path, https_receiver: tuple[str, list[Json]]
) -> None:
    url, got = https_receiver
    program = Program(tmp_path / "state", flags=("--webhook-ca", str(certificate))).start()
    client = Client(program.url)
    assert client.post("/webhooks", url=url, event="item/created").status_code == 201
    item = client.connect(9001)["id"]
    assert wait_until(lambda: got)[0]["itemId"] == item
    assert program.stop() == 0


def test_without_the_file_the_delivery_fails(pluggy: Client, https_receiver: tuple[str, list[Json]]) -> None:
    url, got = https_receiver
    hook = pluggy.post("/webhooks", url=url, event="item/created").json()["id"]
    item = pluggy.connect(9001, clientUserId="untrusted")["id"]

    def attempts() -> list[Json]:
        events = pluggy.get("/_control/events", itemId=item, event="item/created").json()["results"]
        return [attempt for event in events for one in event["deliveries"] for attempt in one["attempts"]]

    assert wait_until(attempts)[0]["error"] == "SSLError" and not got
    pluggy.delete(f"/webhooks/{hook}")


@pytest.mark.parametrize("content", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nx\n"])
def test_a_file_that_cannot_be_used_ends_the_program_with_one_line(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    flags = ["--port", str(free_port()), "--state", str(tmp_path / "state"), "--webhook-ca", str(path)]
    command = [sys.executable, "-m", "pluggy_sandbox", *flags]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10)
    assert ended.returncode != 0 and "Traceback" not in ended.stderr
    assert ended.stderr.count("\n") == 1 and "--webhook-ca" in ended.stderr
