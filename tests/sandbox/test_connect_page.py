"""The Connect page in a real browser, inside the real widget, on a page as strict as the product's."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from dev.sandbox.bank.logins import MESSAGES
from tests.browsing import browser_context_args, browser_type_launch_args, page  # noqa: F401
from tests.sandbox.conftest import ROOT, Client, until

pytestmark = pytest.mark.browser
WIDGET = "iframe[name^='__zoid__pluggy_connect']"
SDK = ROOT / "static" / "vendor" / "pluggy-connect-2.14.2" / "pluggy-connect.js"
HOST = """<!doctype html><html lang="pt-BR"><head><title>Host</title><link rel="icon" href="data:,"></head>
<body><script src="/sdk.js"></script><script src="/open.js"></script></body></html>"""
OPEN = """
window.told = [];
const say = name => given => window.told.push([name, given]);
const callbacks = { onSuccess: say('success'), onError: say('error'), onEvent: say('event') };
new PluggyConnect({ ...PROPS, ...callbacks }).init();
"""
Open = Callable[..., FrameLocator]


@pytest.fixture
def host(pluggy: Client, page: Page) -> Iterator[Open]:  # noqa: F811
    """Opens the widget on a page of another origin, with the product's kind of headers."""
    props: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script = OPEN.replace("PROPS", json.dumps(props)).encode()
            body = {"/sdk.js": SDK.read_bytes(), "/open.js": script}.get(self.path, HOST.encode())
            self.send_response(200)
            kind = "text/javascript" if self.path.endswith(".js") else "text/html"
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            policy = f"default-src 'none'; script-src 'self'; style-src 'self'; img-src data: {pluggy.url}"
            self.send_header("Content-Security-Policy", f"{policy}; frame-src {pluggy.url}")
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


def told(page: Page, name: str) -> list[Any]:  # noqa: F811
    return [given for said, given in page.evaluate("window.told") if said == name]


def test_open_finance_in_a_window_of_the_bank(host: Open, page: Page) -> None:  # noqa: F811
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
    until(bank.is_closed)
    assert told(page, "success")[0]["item"]["executionStatus"] == "SUCCESS"
    events = [event["event"] for event in told(page, "event") if event["event"] != "ITEM_RESPONSE"]
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
    assert len(told(page, "error")) == 1


@pytest.mark.parametrize("user", ["user-ok-img", "user-ok-select", "user-ok-phone"])
def test_codes(host: Open, user: str) -> None:
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


def test_a_phone_is_sent_back_to_the_application(pluggy: Client, page: Page) -> None:  # noqa: F811
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


def test_refusals_are_said_in_portuguese(host: Open, pluggy: Client) -> None:
    pluggy.connect(9001, clientUserId="rosa")
    frame = host(token={"options": {"clientUserId": "rosa", "avoidDuplicates": True}})
    choose(frame, 9001, user="user-ok", password="password-ok")
    expect(frame.get_by_test_id("connect-error")).to_have_text("Esta conta já está conectada.")


def test_every_code_has_its_words_in_both_languages() -> None:
    texts = (ROOT / "dev/sandbox/connect/static/texts.js").read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "dev/sandbox/api").glob("item*.py")]
    refusals = {
        code for text in sources for code in re.findall(r'"((?:ITEM|CONNECTOR|TOO|LAST|MFA)_[A-Z_]+)"', text)
    }
    assert len(refusals) > 4
    for one in {*MESSAGES, *refusals}:
        assert len(re.findall(rf"^    {one}: ", texts, re.MULTILINE)) == 2, one


def test_a_wrong_cpf_is_named_at_its_field(host: Open) -> None:
    frame = host()
    choose(frame, 600, cpf="761.092.776-74")
    expect(frame.locator("#field-cpf-help")).to_have_text("CPF deve ter 11 números e ser válido.")
    expect(frame.locator("[name=cpf]")).to_be_focused()


def test_a_revoked_consent_is_given_again_in_update_mode(host: Open, pluggy: Client) -> None:
    item = pluggy.connect(600, parameters={"cpf": "761.092.776-73"})["id"]
    pluggy.post(f"/_control/items/{item}/revoke")
    pluggy.settled(item)
    frame = host(token={"itemId": item}, updateItem=item)
    expect(frame.get_by_test_id("connect-bank")).to_be_visible()
    pluggy.post(f"/_control/items/{item}/approve")
    expect(frame.get_by_test_id("connect-success")).to_be_visible()
