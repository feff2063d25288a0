"""The page docs/local-pluggy.md leaves nothing out: routes, flags, kinds of faults; and its examples run."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.sandbox.app import create_app
from dev.sandbox.delivery import mishaps
from dev.sandbox.faults import rules
from dev.sandbox.pluggy import build
from dev.sandbox.settings import Settings, parser
from tests.sandbox.conftest import KEYS, ROOT, Client, Program

PAGE = (ROOT / "docs" / "local-pluggy.md").read_text(encoding="utf-8")
OWN_DOORS = ("/connect/", "/static/")
EXAMPLES = [block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) if "curl" in block]


@pytest.fixture(scope="module")
def pluggy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A program of its own: the examples move the clock."""
    program = Program(tmp_path_factory.mktemp("docs")).start()
    yield Client(program.url)
    assert program.stop() == 0


def test_every_route_is_named(tmp_path: Path) -> None:
    routes = create_app(build(Settings(state=tmp_path))).url_map.iter_rules()
    told = {re.sub(r"<[^>]+>", "{}", rule.rule).removeprefix("/_control") for rule in routes}
    named = re.sub(r"\{[^}`]*\}", "{}", PAGE)
    missing = [route for route in told if route.strip("/") not in named and not route.startswith(OWN_DOORS)]
    assert missing == []


def test_every_flag_and_every_fault_is_named() -> None:
    flags = [flag for action in parser()._actions for flag in action.option_strings if flag.startswith("--")]
    assert [flag for flag in flags if f"`{flag}" not in PAGE and flag != "--help"] == []
    assert [kind for kind in (*rules.KINDS, *mishaps.KINDS) if f"| `{kind}` |" not in PAGE] == []


@pytest.mark.parametrize("block", [each for each in EXAMPLES if "/auth" not in each])
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


def test_the_first_example_runs(pluggy: Client) -> None:
    block = next(block for block in EXAMPLES if "/auth" in block)
    script = block.replace("http://localhost:9000", pluggy.url).replace("sleep 3", "sleep 0.3")
    for name, built_in in (("clientId", r"10ca1000[^\"]*"), ("clientSecret", r"pluggy_sk[^\"]*")):
        script = re.sub(built_in, KEYS[name], script)
    done = subprocess.run(["bash", "-eu", "-c", script], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert '"executionStatus":"CREATED"' in done.stdout and '"now":' in done.stdout
