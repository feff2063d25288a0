"""Prepares the running demo (webhook, people, a bank), prints how to enter, then watches the servers."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from dev import env, plan, processes
from dev.machine import Trouble, complain, speak_utf8

NOTES = plan.VAR / "demo.json"
DEMO, ADMIN = "demo@lume.local", "admin@lume.local"
SANDBOX_BANK = {"connectorId": 9001, "parameters": {"user": "user-ok", "password": "password-ok"}}
KEYS = {"clientId": "CLIENT_ID", "clientSecret": "CLIENT_SECRET"}
UNKNOWN = "the one that was set earlier"


def notes() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(NOTES.read_text()) if NOTES.exists() else {}
    return {"passwords": {}, **found}


def call(url: str, body: dict[str, Any] | None = None, key: str = "") -> dict[str, Any]:
    """One JSON request; a body makes it a POST."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    if key:
        request.add_header("X-API-KEY", key)
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def answers(url: str) -> bool:
    """Something speaks HTTP there; any status will do."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def wait_for(name: str, url: str) -> None:
    if not processes.wait_until(lambda: answers(url), seconds=60, every=0.2):
        raise Trouble(f"{name} does not answer at {url} after a minute: its lines above may say why")


def manage(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *words], cwd=plan.PROJECT, capture_output=True, text=True
    )
    if done.returncode:
        raise Trouble(f"manage.py {words[0]} failed:\n{(done.stdout + done.stderr).strip()}")
    return done.stdout


def person(email: str, *flags: str) -> dict[str, Any]:
    """Finds or creates the person; the password is the noted one or a new one, if that is still to be set."""
    known = notes()["passwords"].get(email)
    password = known or secrets.token_urlsafe(12)
    lines = manage("create_person", email, f"--password={password}", *flags).splitlines()
    found: dict[str, Any] = json.loads(next(line for line in lines if line.startswith("{")))
    return {**found, "password": password if found["created"] or known else None}


def remember(**more: Any) -> None:
    env.write_privately(NOTES, json.dumps({**notes(), **more}, indent=2) + "\n")


def people() -> list[dict[str, Any]]:
    """The demo person and the admin, made side by side with the webhook; their passwords are noted."""
    with ThreadPoolExecutor() as pool:
        webhook = pool.submit(register_webhook)
        both = [pool.submit(person, DEMO, "--name", "Demo Lume"), pool.submit(person, ADMIN, "--staff")]
        found = [one.result() for one in both]
        webhook.result()
    remember(passwords={one["email"]: one["password"] for one in found if one["password"]})
    return found


def register_webhook() -> None:
    """Pluggy itself cannot reach this machine, so there only a public address is registered."""
    local_pluggy, local_site = (
        env.is_local(os.environ["PLUGGY_API_URL"]),
        env.is_local(os.environ["PUBLIC_URL"]),
    )
    if local_site and not local_pluggy:
        print(
            "webhook not registered: Pluggy cannot reach this machine; give PUBLIC_URL a public https address"
        )
    else:
        manage("register_webhook")


def connect_bank(reference: str) -> None:
    """Connects the sandbox bank for the demo person once; the product learns of it by webhook alone."""
    if notes().get("item"):
        return
    api = os.environ["PLUGGY_API_URL"]
    credentials = {name: os.environ[f"PLUGGY_{key}"] for name, key in KEYS.items()}
    key = call(f"{api}/auth", credentials)["apiKey"]
    remember(item=call(f"{api}/items", {**SANDBOX_BANK, "clientUserId": reference}, key)["id"])


def box(lines: list[str]) -> str:
    width = max(map(len, lines))
    body = [f"│ {line.ljust(width)} │" for line in lines]
    return "\n".join(["┌" + "─" * (width + 2) + "┐", *body, "└" + "─" * (width + 2) + "┘"])


def prepare() -> list[str]:
    """Everything after the start; returns the lines of the box."""
    site, api = os.environ["PUBLIC_URL"], os.environ["PLUGGY_API_URL"]
    wait_for("web", site)
    wait_for("Pluggy", api)
    demo, admin = people()
    lines = [
        f"Lume           {site}",
        f"  demo person  {demo['email']}   password {demo['password'] or UNKNOWN}",
        f"Admin          {site}/admin/",
        f"  admin        {admin['email']}  password {admin['password'] or UNKNOWN}",
    ]
    if env.is_local(api):
        connect_bank(demo["reference"])
        lines += [
            f"Local Pluggy   {api}/_control/",
            "  bank login   user-ok   password password-ok   MFA code 123456",
        ]
    return [*lines, "", "Ctrl-C stops everything; the data stay for the next start."]


def watch() -> None:
    """Returns never, unless a private server dies."""
    services = plan.Plan(dict(os.environ)).services
    while True:
        time.sleep(2)
        if down := services.down():
            raise Trouble(f"{down} has stopped by itself: see {services.root / 'log'}")


def main() -> int:
    try:
        print(box(prepare()))
        watch()
    except (Trouble, OSError, urllib.error.URLError) as trouble:
        return complain(trouble)
    return 0


if __name__ == "__main__":
    speak_utf8()
    Path(plan.VAR).mkdir(exist_ok=True)
    sys.exit(main())
