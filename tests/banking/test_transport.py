"""The transport: every answer ends in time and size, nothing takes a detour, a child shares no socket."""

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

from banking.pluggy import Client, PluggyError, Unauthorized, Unavailable, transport
from tests.servers import drip, http, serving

CATEGORIES = b'{"results":[{"id":"1","description":"Food"}],"page":1,"total":1,"totalPages":1}'


def client_of(url: str) -> Client:
    return Client(base_url=url, client_id="c", client_secret="s", version="9.9")


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 1.0)


@pytest.mark.usefixtures("hurry")
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
def test_an_answer_that_drips_meets_its_deadline_wherever_it_drips(before: bytes) -> None:
    """F-30, F-52: each byte comes in time, the whole would take minutes."""
    rest = b"HTTP/1.1 200 OK\r\n" + b"X-Slow: slow\r\n" * 100 if not before else b"X-Slow: slow\r\n" * 100

    def slowly(peer: socket.socket, _: bytes) -> None:
        peer.sendall(before)
        drip(peer, rest)

    with serving(slowly) as (url, _):
        started = time.monotonic()
        with pytest.raises(Unavailable):
            client_of(url).categories()
        assert 0.8 < time.monotonic() - started < 3


@pytest.mark.usefixtures("hurry")
def test_an_answer_that_never_comes_meets_its_deadline() -> None:
    """F-30, F-52."""
    with serving(lambda *_: time.sleep(30)) as (url, _):
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
        http(CATEGORIES[:-9]),
        http(b""),
        http(b"<html>sign in</html>"),
        http(CATEGORIES, "500 Oh"),
        http(CATEGORIES, "502 Oh"),
        http(CATEGORIES, "503 Oh"),
        http(CATEGORIES, "504 Oh"),
    ],
)
def test_a_broken_answer_is_never_no_data(answer: bytes) -> None:
    """F-29, F-30, F-31: cut before, in and after the headers, cut JSON, nothing, a page, 5xx."""
    with serving(lambda peer, _: peer.sendall(answer)) as (url, _), pytest.raises(Unavailable):
        client_of(url).categories()


def test_nobody_there_is_unavailable() -> None:
    """F-30: a refused connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable):
        client_of(f"http://127.0.0.1:{port}").categories()


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    """Also a small one that unpacks to a large one."""
    monkeypatch.setattr(transport, "LARGEST_BODY", 1_000_000)
    body = b" " * 8_000_000
    answer = http(gzip.compress(body), Content_Encoding="gzip") if packed else http(body)
    with (
        serving(lambda peer, _: peer.sendall(answer)) as (url, _),
        pytest.raises(Unavailable, match="more than 1000000 bytes"),
    ):
        client_of(url).categories()


def test_a_packed_answer_is_unpacked() -> None:
    answer = http(gzip.compress(CATEGORIES), Content_Encoding="gzip")

    def in_two_parts(peer: socket.socket, _: bytes) -> None:
        peer.sendall(answer[:-40])
        time.sleep(0.05)
        peer.sendall(answer[-40:])

    with serving(in_two_parts) as (url, _):
        assert client_of(url).categories()[0].description == "Food"


@pytest.mark.parametrize("status", ["301 Go", "302 Go", "307 Go", "308 Go"])
def test_a_redirect_takes_the_key_nowhere(status: str) -> None:
    """A-12: not even one that Pluggy's own address asks for."""
    with serving(lambda peer, _: peer.sendall(http(CATEGORIES))) as (elsewhere, visits):
        answer = http(b"", status, Location=f"{elsewhere}/steal")
        with serving(lambda peer, _: peer.sendall(answer)) as (url, _), pytest.raises(Unavailable):
            client_of(url).categories()
    assert visits == []


def test_a_proxy_of_the_environment_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A-65."""
    with serving(lambda peer, _: peer.sendall(http(CATEGORIES))) as (proxy, visits):
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        monkeypatch.setenv("no_proxy", "")
        with serving(lambda peer, _: peer.sendall(http(CATEGORIES))) as (url, _):
            assert client_of(url).categories()
    assert visits == []


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = [*words.split(), *name, "-keyout", file, "-out", file.with_suffix(".crt")]
    subprocess.run(made, check=True, capture_output=True)
    file.write_text(file.read_text() + file.with_suffix(".crt").read_text())
    return file


def test_a_certificate_that_nobody_vouches_for_is_refused(
    self_signed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A-65: not even when the environment would vouch for it."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(self_signed))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)
    with (
        serving(lambda peer, _: peer.sendall(http(CATEGORIES)), tls=context) as (url, visits),
        pytest.raises(Unavailable, match="SSLError"),
    ):
        client_of(url).categories()
    assert visits == []


@pytest.mark.usefixtures("hurry")
def test_the_deadline_holds_over_tls(self_signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F-52, the way that Pluggy itself is reached."""
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(self_signed))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)

    def answer(peer: socket.socket, request: bytes) -> None:
        if b"connectors" in request:
            peer.sendall(b"HTTP/1.1 200 OK\r\n")
            drip(peer, b"X-Slow: slow\r\n" * 100)
        peer.sendall(http(CATEGORIES))

    with serving(answer, tls=context) as (url, _):
        client = client_of(url)
        assert client.categories()
        started = time.monotonic()
        with pytest.raises(Unavailable):
            client.connector(1)
        assert 0.8 < time.monotonic() - started < 3


def test_it_says_who_it_is_and_in_which_version() -> None:
    with serving(lambda peer, _: peer.sendall(http(CATEGORIES))) as (url, seen):
        client_of(url).categories()
    assert all(b"User-Agent: lume-pfm/9.9\r\n" in request for request in seen)


@pytest.mark.parametrize("status", ["200 OK", "401 No", "503 Oh"])
def test_many_threads_renew_a_key_once(status: str) -> None:
    """F-32: one of them asks, and the others take what came of it, be it a failure."""
    asked: list[float] = []
    together = threading.Barrier(8)

    class Slow(Client):
        def _new_key(self) -> str:
            asked.append(time.monotonic())
            time.sleep(0.3)
            if status != "200 OK":
                raise Unauthorized("no") if status == "401 No" else Unavailable("no")
            return super()._new_key()

    with serving(lambda peer, _: peer.sendall(http(CATEGORIES))) as (url, _):
        client = Slow(base_url=url, client_id="c", client_secret="s")

        def one(_: int) -> bool:
            together.wait()
            try:
                return bool(client.categories())
            except PluggyError:
                return False

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(one, range(8))) == {status == "200 OK"}
    assert len(asked) == 1


def test_a_child_process_shares_neither_socket_nor_lock() -> None:
    """Workers fork: a lock that another thread held, and half an answer on a socket, stay behind."""
    # An answer without `Connection: close`, so that the connection stays in the pool.
    kept = http(CATEGORIES).replace(b"Connection: close\r\n", b"")
    with serving(lambda peer, _: [peer.sendall(kept), time.sleep(5)]) as (url, _):  # type: ignore[arg-type,return-value,func-returns-value]
        client = client_of(url)
        assert client.categories()
        session, lock = client._transport._session, client._key_lock
        with lock:
            context = multiprocessing.get_context("fork")
            results = context.Queue()

            def child() -> None:
                fresh = client._transport._session is not session and client._key_lock is not lock
                client._key_until = 0.0  # it must renew, with a lock of its own
                results.put(fresh and bool(client.categories()))

            process = context.Process(target=child)
            process.start()
            assert results.get(timeout=10) is True
            process.join(10)
