"""Control of whole worlds: POST a JSON file in Pluggy's shapes, or the name of an example of ours."""

import json
from pathlib import Path
from typing import Any

from flask import request

from dev.sandbox.api.errors import ApiError
from dev.sandbox.control.guard import room
from dev.sandbox.pluggy import Pluggy, here
from dev.sandbox.worldfile.reader import read
from dev.sandbox.worldfile.shapes import Mistakes
from dev.sandbox.worldfile.writer import Writer

bp = room("worlds")
Json = dict[str, Any]
EXAMPLES = Path(__file__).parents[1] / "data" / "worlds"
MODES = ("replace", "extend")


@bp.post("/world")
def load() -> tuple[Json, int]:
    """Load the world in the body; `mode`, `silent` and `clientUserId` may stand in the query."""
    return _load(request.get_data())


@bp.post("/world/<name>")
def load_example(name: str) -> tuple[Json, int]:
    """Load one of the examples in data/worlds."""
    known = {path.stem: path for path in EXAMPLES.glob("*.json")}
    if name not in known:
        raise ApiError(404, f"there are only the worlds {', '.join(sorted(known))}")
    return _load(known[name].read_bytes())


def load_file(pluggy: Pluggy, path: Path) -> None:
    """What `--world` does at start; Mistakes if the file is wrong, OSError if it cannot be read."""
    Writer(pluggy.database, pluggy.clock, pluggy.announcer).write(read(path.read_bytes()))


def _load(text: bytes) -> tuple[Json, int]:
    person = request.args.get("clientUserId")
    try:
        loaded = read(text, person=person)
        mode, silent = _told(text, "mode", "replace"), _told(text, "silent", False)
        if mode not in MODES:
            raise Mistakes([f"mode: must be one of {', '.join(MODES)}"])
        quiet = silent in (True, "1", "true")
        writer = Writer(here().database, here().clock, here().announcer, mode == "extend", quiet)
        return writer.write(loaded), 201
    except Mistakes as problem:
        raise ApiError(400, str(problem), mistakes=problem.found) from problem


def _told(text: bytes, name: str, usual: Any) -> Any:
    """An option of the query, else of the file itself."""
    return request.args.get(name) or json.loads(text).get(name, usual)
