"""The Connect page in a real browser, inside the real widget, on a page of another origin with a CSP."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from pluggy_sandbox.institutions.logins import MESSAGES
from sandbox_testing.browser import browser_context_args, browser_type_launch_args, page  # noqa: F401
from sandbox_testing.program import SOURCE, Client, wait_until

pytestmark = pytest.mark.browser
WIDGET = "iframe[name^='__zoid__pluggy_connect']"
SDK = SOURCE / "connect/static/vendor/pluggy-connect-2.14.2.js"
HOST = """<!doctype html><html lang="pt-BR"><head><title>Host</title><link rel="icon" href="data:,"></head>
<body><script src="/sdk.js"></script><script src="/open.js"></script></body></html>"""
OPEN = """
window.calls = [];
const record = name => given => window.calls.push([name, given]);
const callbacks = { onSuccess: record('success'), onError: record('error'), onEvent: record('event') };
new PluggyConnect({ ...PROPS, ...callbacks }).init();
"""
Open = Callable[..., FrameLocator]


@pytest.fixture
def host(pluggy: Client, page: Page) -> Iterator[Open]:  # noqa: F811
    """Open the widget on a page of another origin, with a CSP that allows the SDK's styles."""
    props: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script = OPEN.replace("PROPS", json.dumps(props)).encode()
            body = {"/sdk.js": SDK.read_bytes(), "/open.js": script}.get(self.path, HOST.encode())
            self.send_response(200)
            kind = "text/javascript" if self.path.endswith(".js") else "text/html"
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            policy = f"default-src 'none'; script-src 'self'; img-src data: {pluggy.url}"
            policy += f"; style-src 'self' 'unsafe-inline'; frame-src {pluggy.url}"
            self.send_header("Content-Security-Policy", policy)
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def open_widget(**more: Any) -> FrameLocator:
        token = pluggy.post("/connect_token", **more.pop("token", {})).json()["accessToken"]
        props.clear()
        props.update(
            {"connectToken": token, "url": pluggy.url, "includeSandbox": True, "language": "pt"} | more
        )
        page.goto(f"http://localhost:{server.server_port}/")
        return page.frame_locator(WIDGET)

    yield open_widget
    server.shutdown()
    server.server_close()


def choose(frame: FrameLocator, connector: int, **values: str) -> None:
    frame.get_by_test_id("connect-continue").press("Enter")
    frame.get_by_test_id(f"institution-{connector}").press("Enter")
    for name, value in values.items():
        frame.locator(f"[name={name}]").fill(value)
    frame.get_by_test_id("connect-submit").press("Enter")


def recorded_calls(page: Page, name: str) -> list[Any]:  # noqa: F811
    return [value for recorded_name, value in page.evaluate("window.calls") if recorded_name == name]


def test_open_finance_authorization_in_a_popup(host: Open, page: Page) -> None:  # noqa: F811
    frame = host()
    choose(frame, 600, cpf="761.092.776-73")
    with page.context.expect_page() as opened:
        frame.get_by_test_id("connect-bank").click()
    bank = opened.value
    expect(bank.locator(".banner")).to_contain_text("not a bank")
    bank.fill("[name=user]", "ralph.bragg@gmail.com")
    bank.fill("[name=password]", "P@ssword01")
    bank.get_by_test_id("bank-sign-in").press("Enter")
    bank.get_by_test_id("bank-approve").press("Enter")
    expect(frame.get_by_test_id("connect-success")).to_be_visible()
    wait_until(bank.is_closed)
    assert recorded_calls(page, "success")[0]["item"]["executionStatus"] == "SUCCESS"
    events = [event["event"] for event in recorded_calls(page, "event") if event["event"] != "ITEM_RESPONSE"]
    assert events[-2:] == ["LOGIN_SUCCESS", "LOGIN_STEP_COMPLETED"]


def test_a_qr_code_refused_and_then_approved(host: Open, page: Page) -> None:  # noqa: F811
    frame = host(language="en")
    choose(frame, 9005)
    expect(frame.get_by_test_id("connect-qr")).to_be_visible()
    frame.get_by_test_id("connect-refuse").press("Enter")
    error = frame.get_by_test_id("connect-error")
    expect(error).to_have_attribute("data-code", "USER_AUTHORIZATION_NOT_GRANTED")
    expect(error).to_have_text("The access was not authorised.")
    frame.get_by_test_id("connect-retry").press("Enter")
    frame.get_by_test_id("connect-approve").press("Enter")
    expect(frame.get_by_test_id("connect-success")).to_be_visible()
    assert len(recorded_calls(page, "error")) == 1


@pytest.mark.parametrize("user", ["user-ok-img", "user-ok-select", "user-ok-phone"])
def test_every_kind_of_code(host: Open, user: str) -> None:
    frame = host()
    choose(frame, 2, user=user, password="password-ok")
    control = frame.locator("[name=token]")
    expect(control).to_be_visible()
    if user == "user-ok-select":
        control.select_option("123456")
    else:
        control.fill("123456")
    frame.get_by_test_id("connect-submit").press("Enter")
    expect(frame.get_by_test_id("connect-success")).to_be_visible()


def test_without_a_popup_the_user_returns_to_the_application(pluggy: Client, page: Page) -> None:  # noqa: F811
    body = {
        "connectorId": 600,
        "parameters": {"cpf": "76109277673"},
        "oauthRedirectUri": f"{pluggy.url}/back",
    }
    item = pluggy.settled(pluggy.post("/items", **body).json()["id"])
    page.goto(item["parameter"]["data"])  # no pop-up: there is nothing to close
    page.fill("[name=user]", "ralph.bragg@gmail.com")
    page.fill("[name=password]", "P@ssword01")
    page.get_by_test_id("bank-sign-in").click()
    page.get_by_test_id("bank-refuse").click()
    page.wait_for_url(f"{pluggy.url}/back")
    assert pluggy.settled(item["id"])["executionStatus"] == "USER_AUTHORIZATION_NOT_GRANTED"


def test_errors_are_shown_in_portuguese(host: Open, pluggy: Client) -> None:
    pluggy.connect(9001, clientUserId="rosa")
    frame = host(token={"options": {"clientUserId": "rosa", "avoidDuplicates": True}})
    choose(frame, 9001, user="user-ok", password="password-ok")
    expect(frame.get_by_test_id("connect-error")).to_have_text("Esta conta já está conectada.")


def test_every_error_code_has_a_text_in_both_languages() -> None:
    texts = (SOURCE / "connect/static/texts.js").read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in (SOURCE / "api").glob("item*.py")]
    refusals = {
        code for text in sources for code in re.findall(r'"((?:ITEM|CONNECTOR|TOO|LAST|MFA)_[A-Z_]+)"', text)
    }
    assert len(refusals) > 4
    for code in {*MESSAGES, *refusals}:
        assert len(re.findall(rf"^    {code}: ", texts, re.MULTILINE)) == 2, code


def test_an_invalid_cpf_is_shown_at_its_field(host: Open) -> None:
    frame = host()
    choose(frame, 600, cpf="761.092.776-74")
    expect(frame.locator("#field-cpf-help")).to_have_text("CPF deve ter 11 números e ser válido.")
    expect(frame.locator("[name=cpf]")).to_be_focused()


def test_a_revoked_consent_can_be_renewed_in_update_mode(host: Open, pluggy: Client) -> None:
    item = pluggy.connect(600, parameters={"cpf": "761.092.776-73"})["id"]
    pluggy.post(f"/_control/items/{item}/revoke")
    pluggy.settled(item)
    frame = host(token={"itemId": item}, updateItem=item)
    expect(frame.get_by_test_id("connect-bank")).to_be_visible()
    pluggy.post(f"/_control/items/{item}/approve")
    expect(frame.get_by_test_id("connect-success")).to_be_visible()
