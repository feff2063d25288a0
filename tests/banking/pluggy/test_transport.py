"""HTTP transport: limits of time and size, no redirects or proxies, and no sockets shared after a fork."""

import gzip
import multiprocessing
import shutil
import socket
import ssl
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from banking.pluggy import (
    Client,
    PluggyError,
    Unauthorized,
    Unavailable,
    transport,
)
from tests.raw_servers import http_response, raw_server, send_slowly

CATEGORIES = b'{"results":[{"id":"1","description":"Food"}],"page":1,"total":1,"totalPages":1}'


def client_of(url: str) -> Client:
    return Client(base_url=url, client_id="c", client_secret="s", version="9.9")


@pytest.fixture
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 1.0)


@pytest.mark.usefixtures("short_deadline")
@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    ids=["status line", "headers", "body", "chunks"],
)
def test_the_deadline_ends_an_answer_that_comes_byte_by_byte(before: bytes) -> None:
    """F-30, F-52: no single byte is late, but the whole answer would take minutes."""
    rest = b"HTTP/1.1 200 OK\r\n" + b"X-Slow: slow\r\n" * 100 if not before else b"X-Slow: slow\r\n" * 100

    def answer_slowly(peer: socket.socket, _: bytes) -> None:
        peer.sendall(before)
        send_slowly(peer, rest)

    with raw_server(answer_slowly) as (url, _):
        started = time.monotonic()
        with pytest.raises(Unavailable):
            client_of(url).categories()
        assert 0.8 < time.monotonic() - started < 3


@pytest.mark.usefixtures("short_deadline")
def test_the_deadline_ends_an_answer_that_never_comes() -> None:
    """F-30, F-52."""
    with raw_server(lambda *_: time.sleep(30)) as (url, _):
        started = time.monotonic()
        with pytest.raises(Unavailable):
            client_of(url).categories()
        assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + CATEGORIES,
        b"nonsense\r\n\r\n",
        http_response(CATEGORIES[:-9]),
        http_response(b""),
        http_response(b"<html>sign in</html>"),
        http_response(CATEGORIES, "500 Oh"),
        http_response(CATEGORIES, "502 Oh"),
        http_response(CATEGORIES, "503 Oh"),
        http_response(CATEGORIES, "504 Oh"),
    ],
)
def test_a_broken_answer_raises_unavailable(answer: bytes) -> None:
    """F-29, F-30, F-31: cut before, in and after the headers, cut JSON, empty, HTML, and 5xx."""
    with raw_server(lambda peer, _: peer.sendall(answer)) as (url, _), pytest.raises(Unavailable):
        client_of(url).categories()


def test_a_refused_connection_raises_unavailable() -> None:
    """F-30."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable):
        client_of(f"http://127.0.0.1:{port}").categories()


@pytest.mark.parametrize("is_compressed", [False, True])
def test_an_answer_that_is_too_large_raises_unavailable(
    monkeypatch: pytest.MonkeyPatch, is_compressed: bool
) -> None:
    """The limit is for the decompressed size."""
    monkeypatch.setattr(transport, "MAX_BODY", 1_000_000)
    body = b" " * 8_000_000
    answer = (
        http_response(gzip.compress(body), Content_Encoding="gzip") if is_compressed else http_response(body)
    )
    with (
        raw_server(lambda peer, _: peer.sendall(answer)) as (url, _),
        pytest.raises(Unavailable, match="more than 1000000 bytes"),
    ):
        client_of(url).categories()


def test_a_compressed_answer_is_decompressed() -> None:
    answer = http_response(gzip.compress(CATEGORIES), Content_Encoding="gzip")

    def in_two_parts(peer: socket.socket, _: bytes) -> None:
        peer.sendall(answer[:-40])
        time.sleep(0.05)
        peer.sendall(answer[-40:])

    with raw_server(in_two_parts) as (url, _):
        assert client_of(url).categories()[0].description == "Food"


@pytest.mark.parametrize("status", ["301 Go", "302 Go", "307 Go", "308 Go"])
def test_redirects_are_not_followed(status: str) -> None:
    """A-12: a redirect from Pluggy itself would send the API key to another host."""
    with raw_server(lambda peer, _: peer.sendall(http_response(CATEGORIES))) as (elsewhere, visits):
        answer = http_response(b"", status, Location=f"{elsewhere}/steal")
        with raw_server(lambda peer, _: peer.sendall(answer)) as (url, _), pytest.raises(Unavailable):
            client_of(url).categories()
    assert visits == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A-65."""
    with raw_server(lambda peer, _: peer.sendall(http_response(CATEGORIES))) as (proxy, visits):
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        monkeypatch.setenv("no_proxy", "")
        with raw_server(lambda peer, _: peer.sendall(http_response(CATEGORIES))) as (url, _):
            assert client_of(url).categories()
    assert visits == []


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(file), "-out", str(file.with_suffix(".crt"))]
    subprocess.run([*command.split(), *name, *files], check=True, capture_output=True)
    file.write_text(file.read_text() + file.with_suffix(".crt").read_text())
    return file


def test_an_untrusted_certificate_is_refused(self_signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A-65: environment variables that name it as trusted are ignored."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(self_signed))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)
    with (
        raw_server(lambda peer, _: peer.sendall(http_response(CATEGORIES)), tls=context) as (url, visits),
        pytest.raises(Unavailable, match="SSLError"),
    ):
        client_of(url).categories()
    assert visits == []


@pytest.mark.usefixtures("short_deadline")
def test_the_deadline_holds_over_tls(self_signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F-52: Pluggy itself is reached over TLS."""
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(self_signed))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)

    def answer(peer: socket.socket, request: bytes) -> None:
        if b"connectors" in request:
            peer.sendall(b"HTTP/1.1 200 OK\r\n")
            send_slowly(peer, b"X-Slow: slow\r\n" * 100)
        peer.sendall(http_response(CATEGORIES))

    with raw_server(answer, tls=context) as (url, _):
        client = client_of(url)
        assert client.categories()
        started = time.monotonic()
        with pytest.raises(Unavailable):
            client.connector(1)
        assert 0.8 < time.monotonic() - started < 3


def test_the_user_agent_contains_the_version() -> None:
    with raw_server(lambda peer, _: peer.sendall(http_response(CATEGORIES))) as (url, seen):
        client_of(url).categories()
    assert all(b"User-Agent: lume-pfm/9.9\r\n" in request for request in seen)


@pytest.mark.parametrize("status", ["200 OK", "401 No", "503 Oh"])
def test_concurrent_threads_renew_a_key_once(status: str) -> None:
    """F-32: one thread renews the key, and the others use its result, even if it is a failure."""
    renewals: list[float] = []
    barrier = threading.Barrier(8)

    class SlowClient(Client):
        def _new_key(self) -> str:
            renewals.append(time.monotonic())
            time.sleep(0.3)
            if status != "200 OK":
                raise Unauthorized("no") if status == "401 No" else Unavailable("no")
            return super()._new_key()

    with raw_server(lambda peer, _: peer.sendall(http_response(CATEGORIES))) as (url, _):
        client = SlowClient(base_url=url, client_id="c", client_secret="s")

        def succeeds(_: int) -> bool:
            barrier.wait()
            try:
                return bool(client.categories())
            except PluggyError:
                return False

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(succeeds, range(8))) == {status == "200 OK"}
    assert len(renewals) == 1


def test_a_forked_process_has_its_own_socket_and_lock() -> None:
    """A worker may fork while another thread holds the lock or reads an answer."""
    # An answer without `Connection: close`, so that the connection stays in the pool.
    keep_alive = http_response(CATEGORIES).replace(b"Connection: close\r\n", b"")

    def answer(peer: socket.socket, _: bytes) -> None:
        peer.sendall(keep_alive)
        time.sleep(5)

    with raw_server(answer) as (url, _):
        client = client_of(url)
        assert client.categories()
        session, lock = client._transport._session, client._key_lock
        with lock:
            context = multiprocessing.get_context("fork")
            results = context.Queue()

            def child() -> None:
                is_separate = client._transport._session is not session and client._key_lock is not lock
                client._key_until = 0.0  # it must renew the key, with its own lock
                results.put(is_separate and bool(client.categories()))

            process = context.Process(target=child)
            process.start()
            assert results.get(timeout=10) is True
            process.join(10)
