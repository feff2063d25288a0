"""docs/reference.md documents every route, flag and kind of fault. Its examples and the README's run."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pluggy_sandbox.app import create_app
from pluggy_sandbox.delivery import faults as delivery_faults
from pluggy_sandbox.faults import registry
from pluggy_sandbox.sandbox import build
from pluggy_sandbox.settings import Settings, parser
from sandbox_testing.program import KEYS, ROOT, Client, Program

PAGE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
UNDOCUMENTED_PREFIXES = ("/connect/", "/static/")
SHELL_BLOCK = re.compile(r"```sh\n(.*?)```", re.S)
EXAMPLES = [block for block in SHELL_BLOCK.findall(PAGE) if "curl" in block]


@pytest.fixture(scope="module")
def pluggy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Start an own program, because the examples move the clock."""
    program = Program(tmp_path_factory.mktemp("docs")).start()
    yield Client(program.url)
    assert program.stop() == 0


def test_every_route_is_documented(tmp_path: Path) -> None:
    routes = create_app(build(Settings(state=tmp_path))).url_map.iter_rules()
    paths = {re.sub(r"<[^>]+>", "{}", rule.rule).removeprefix("/_control") for rule in routes}
    documented = re.sub(r"\{[^}`]*\}", "{}", PAGE)
    missing = [
        route
        for route in paths
        if route.strip("/") not in documented and not route.startswith(UNDOCUMENTED_PREFIXES)
    ]
    assert missing == []


def test_every_flag_and_fault_is_documented() -> None:
    flags = [flag for action in parser()._actions for flag in action.option_strings if flag.startswith("--")]
    assert [flag for flag in flags if f"`{flag}" not in PAGE and flag != "--help"] == []
    assert [kind for kind in (*registry.KINDS, *delivery_faults.KINDS) if f"| `{kind}` |" not in PAGE] == []


@pytest.mark.parametrize("block", EXAMPLES)
def test_the_examples_run(pluggy: Client, block: str) -> None:
    pluggy.connect(9001, clientUserId="of-the-page")
    item = pluggy.get("/_control/state").json()["items"][-1]["id"]
    script = f"api={pluggy.url}\n{block}"
    script = re.sub(r"^item=.*$", f"item={item}", script, flags=re.M)
    done = subprocess.run(["bash", "-eu", "-c", script], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    for kind in ("/faults", "/deliveries/faults", "/chaos"):
        pluggy.delete(f"/_control{kind}")
    assert '"code":4' not in done.stdout and '"code":5' not in done.stdout, done.stdout


def test_the_start_of_the_readme_runs(pluggy: Client, tmp_path: Path) -> None:
    blocks = [block for block in SHELL_BLOCK.findall(README) if "curl" in block]
    script = "".join(blocks).replace("http://localhost:9000", pluggy.url).replace("sleep 3", "sleep 0.3")
    script = re.sub("^python -m http.server.*$", "", script, flags=re.M)
    for name, built_in in (("clientId", r"10ca1000[^\"]*"), ("clientSecret", r"pluggy_sk[^\"]*")):
        script = re.sub(built_in, KEYS[name], script)
    command = ["bash", "-eu", "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert '"executionStatus":"CREATED"' in done.stdout and '"now":' in done.stdout
    page = (tmp_path / "widget.html").read_text()
    assert re.search(r'connectToken: "[\w-]+\.[\w-]+\.[\w-]+"', page)
    script_url = re.search(r'src="([^"]+)"', page)
    assert script_url and pluggy.http.get(script_url[1], timeout=10).status_code == 200
