"""Helpers of the scenario tests: start items, act for the bank, and a program with a slow pace."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox_testing.program import Client, Program

Json = dict[str, Any]
CPF, CPF_GRANTED, CPF_REFUSED = "761.092.776-73", "238.242.640-30", "051.177.670-55"


def login(user: str) -> Json:
    return {"user": user, "password": "password-ok"}


def start(pluggy: Client, connector: int, parameters: Json, **more: Any) -> str:
    answer = pluggy.post("/items", connectorId=connector, parameters=parameters, **more)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def control(pluggy: Client, item: str, what: str, **body: Any) -> requests.Response:
    return pluggy.post(f"/_control/items/{item}/{what}", **body)


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Start a program whose pace leaves time to act within Pluggy's two minutes (two thirds of a second)."""
    program = Program(tmp_path_factory.mktemp("slow"), flags=("--pace", "1")).start()
    yield Client(program.url)
    assert program.stop() == 0
