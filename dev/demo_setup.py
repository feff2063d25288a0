"""Set up the running demo (webhook, users, one bank), print how to sign in, then watch the servers."""

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

from dev import demo_config, env_file, processes
from dev.command_line import DevToolError, print_error, use_utf8_output

STATE_FILE = demo_config.VAR / "demo.json"  # passwords by e-mail, and the item of the demo user
DEMO_EMAIL, ADMIN_EMAIL = "demo@lume.local", "admin@lume.local"
SANDBOX_ITEM = {"connectorId": 9001, "parameters": {"user": "user-ok", "password": "password-ok"}}
UNKNOWN_PASSWORD = "the one that was set earlier"


def load_state() -> dict[str, Any]:
    saved: dict[str, Any] = json.loads(STATE_FILE.read_text()) if STATE_FILE.exists() else {}
    return {"passwords": {}, **saved}


def save_state(**changes: Any) -> None:
    env_file.write_private_file(STATE_FILE, json.dumps({**load_state(), **changes}, indent=2) + "\n")


def request_json(url: str, body: dict[str, Any] | None = None, key: str = "") -> dict[str, Any]:
    """Send a JSON request and return the JSON of the response. With a body it is a POST."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    if key:
        request.add_header("X-API-KEY", key)
    with urllib.request.urlopen(request, timeout=30) as response:
        parsed: dict[str, Any] = json.load(response)
    return parsed


def is_answering(url: str) -> bool:
    """Tell whether an HTTP server answers at the URL, with any status."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def wait_for(name: str, url: str) -> None:
    if not processes.wait_until(lambda: is_answering(url), seconds=60, every=0.2):
        raise DevToolError(f"{name} does not answer at {url} after a minute. See its lines above.")


def manage(*arguments: str) -> str:
    """Run a management command and return its output."""
    completed = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=demo_config.PROJECT, capture_output=True, text=True
    )
    if completed.returncode:
        output = (completed.stdout + completed.stderr).strip()
        raise DevToolError(f"manage.py {arguments[0]} failed:\n{output}")
    return completed.stdout


def get_or_create_user(email: str, *flags: str) -> dict[str, Any]:
    """Return the user as `create_user` prints it, with the password.

    The password is the saved one or, for a new user, a random one. It is None for a user who exists without
    a saved password.
    """
    saved = load_state()["passwords"].get(email)
    password = saved or secrets.token_urlsafe(12)
    lines = manage("create_user", email, f"--password={password}", *flags).splitlines()
    user: dict[str, Any] = json.loads(next(line for line in lines if line.startswith("{")))
    return {**user, "password": password if user["created"] or saved else None}


def create_users() -> list[dict[str, Any]]:
    """Create the demo user and the admin, register the webhook meanwhile, and save the passwords."""
    with ThreadPoolExecutor() as pool:
        webhook = pool.submit(register_webhook)
        futures = [
            pool.submit(get_or_create_user, DEMO_EMAIL, "--name", "Demo Lume"),
            pool.submit(get_or_create_user, ADMIN_EMAIL, "--staff", "--second-factor"),
        ]
        users = [future.result() for future in futures]
        webhook.result()
    save_state(passwords={user["email"]: user["password"] for user in users if user["password"]})
    return users


def register_webhook() -> None:
    """Register the webhook, unless Pluggy itself is used and PUBLIC_URL is an address of this machine."""
    has_local_pluggy = env_file.is_local(os.environ["PLUGGY_API_URL"])
    if env_file.is_local(os.environ["PUBLIC_URL"]) and not has_local_pluggy:
        print(
            "The webhook is not registered, because Pluggy cannot reach this machine. "
            "Set PUBLIC_URL to a public https address."
        )
    else:
        manage("register_webhook")


def connect_bank(reference: str) -> None:
    """Connect the sandbox bank for the demo user at the first start. The product learns of it by webhook."""
    if load_state().get("item"):
        return
    api_url = os.environ["PLUGGY_API_URL"]
    credentials = {
        "clientId": os.environ["PLUGGY_CLIENT_ID"],
        "clientSecret": os.environ["PLUGGY_CLIENT_SECRET"],
    }
    key = request_json(f"{api_url}/auth", credentials)["apiKey"]
    item = request_json(f"{api_url}/items", {**SANDBOX_ITEM, "clientUserId": reference}, key)
    save_state(item=item["id"])


def draw_box(lines: list[str]) -> str:
    width = max(map(len, lines))
    body = [f"│ {line.ljust(width)} │" for line in lines]
    return "\n".join(["┌" + "─" * (width + 2) + "┐", *body, "└" + "─" * (width + 2) + "┘"])


def set_up_demo() -> list[str]:
    """Wait for the processes, create users and connect the bank; return the lines of the box to print."""
    site_url, api_url = os.environ["PUBLIC_URL"], os.environ["PLUGGY_API_URL"]
    wait_for("web", site_url)
    wait_for("Pluggy", api_url)
    demo, admin = create_users()
    lines = [
        f"Lume           {site_url}",
        f"  demo user    {demo['email']}   password {demo['password'] or UNKNOWN_PASSWORD}",
        f"Admin          {site_url}/admin/",
        f"  admin        {admin['email']}  password {admin['password'] or UNKNOWN_PASSWORD}",
        f"               then the code {demo_config.SECOND_FACTOR_CODE}",
    ]
    if env_file.is_local(api_url):
        connect_bank(demo["reference"])
        lines += [
            f"Local Pluggy   {api_url}/_control/",
            "  bank login   user-ok   password password-ok   MFA code 123456",
        ]
    return [*lines, "", "Ctrl-C stops everything. Your data are kept for the next start."]


def watch_servers() -> None:
    """Check the private servers every 2 seconds; raise DevToolError when one has ended."""
    services = demo_config.DemoConfig(dict(os.environ)).services
    while True:
        time.sleep(2)
        if name := services.first_stopped():
            raise DevToolError(f"{name} has stopped unexpectedly. See {services.root / 'log'}")


def main() -> int:
    try:
        print(draw_box(set_up_demo()))
        watch_servers()
    except (DevToolError, OSError, urllib.error.URLError) as error:
        return print_error(error)
    return 0


if __name__ == "__main__":
    use_utf8_output()
    Path(demo_config.VAR).mkdir(exist_ok=True)
    sys.exit(main())
