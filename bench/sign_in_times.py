"""Measure whether answers tell by their time that somebody has an e-mail address.

    make bench-sign_in_times              python -m dev.bench sign_in_times --times 50

The web server is the one of production. Signing in with a wrong password, signing up, asking for a new password
and asking for a code are each measured with addresses that have an account and with others, in turns. No mail
leaves the machine (EMAIL_URL is dummymail), but everything before that is done.
"""

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import requests
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.core.management import call_command

from accounts.models import User
from dev import demo_config

TARGET_MS = 10.0
TOKEN = "x" * 32  # of the CSRF cookie and form
PASSWORD = "cavalo correto bateria grampo"
WEB = demo_config.process_commands(web_port=0, pluggy_port=0, folder="var")["web"]
Form = Callable[[str], dict[str, str]]
FORMS: dict[str, tuple[str, Form]] = {
    "sign-in": ("/accounts/login/", lambda email: {"login": email, "password": "a wrong password"}),
    "sign-up": ("/accounts/signup/", lambda email: {"email": email, "password1": PASSWORD}),
    "new password": ("/accounts/password/reset/", lambda email: {"email": email}),
    "code": ("/accounts/login/code/", lambda email: {"email": email}),
}


@contextmanager
def running_server() -> Iterator[str]:
    """Run the web server during the block and yield its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    words = [str(port) if word == "0" else word for word in WEB[:-1]]
    command = [sys.executable, "-W", "ignore", "-m", *words, "bench._sign_in_server:application"]
    environment = {**os.environ, "EMAIL_URL": "dummymail://"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    try:
        _wait_for(port)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
    sys.exit("the server does not answer")


def create_users(count: int) -> list[str]:
    """Create users with verified addresses, and return these."""
    password = make_password("another long password")
    emails = [f"known{number:04}@example.com" for number in range(count)]
    users = User.objects.bulk_create(User(email=email, password=password) for email in emails)
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
    )
    return emails


def duration(session: requests.Session, url: str, form: dict[str, str]) -> float:
    """Return the milliseconds until the answer to a form that a new browser sends."""
    session.cookies.clear()
    session.cookies.set("csrftoken", TOKEN)
    started = time.perf_counter()
    response = session.post(url, form | {"csrfmiddlewaretoken": TOKEN}, allow_redirects=False, timeout=30)
    milliseconds = (time.perf_counter() - started) * 1000
    if response.status_code not in (200, 302):
        sys.exit(f"{url}: {response.status_code}")
    return milliseconds


def measure(server: str, name: str, known: list[str]) -> float:
    """Print the medians of one form, and return how far apart they are."""
    path, form = FORMS[name]
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    slug = name.replace(" ", "-")
    with requests.Session() as session:
        for number, email in enumerate(known):
            pair = [("known", email), ("unknown", f"{slug}{number:04}@example.com")]
            for group, address in pair if number % 2 else pair[::-1]:
                times[group].append(duration(session, server + path, form(address)))
    medians = {group: median(durations) for group, durations in times.items()}
    difference = abs(medians["known"] - medians["unknown"])
    print(
        f"{name:13} known={medians['known']:.1f} ms unknown={medians['unknown']:.1f} ms"
        f" difference={difference:.1f} ms",
        flush=True,
    )
    return difference


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.bench sign_in_times", description=__doc__)
    parser.add_argument("--times", type=int, default=200, help="requests of each kind")
    options = parser.parse_args()
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    known = create_users(options.times)
    with running_server() as server:
        differences = [measure(server, name, known) for name in FORMS]
    print(f"worst={max(differences):.1f} ms target={TARGET_MS:.0f} ms")
    return 0 if max(differences) < TARGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())
