"""Control routes of worlds: load items from JSON in Pluggy's format, or from a bundled example."""

import json
from pathlib import Path
from typing import Any

from flask import request

from pluggy_sandbox.api.errors import ApiError
from pluggy_sandbox.api.pagination import positive_param
from pluggy_sandbox.control.access import control_blueprint
from pluggy_sandbox.sandbox import Sandbox, current_sandbox, database
from pluggy_sandbox.world_files.reader import read
from pluggy_sandbox.world_files.schemas import ValidationErrors
from pluggy_sandbox.world_files.writer import Writer

bp = control_blueprint("worlds")
Json = dict[str, Any]
EXAMPLES = Path(__file__).parents[1] / "data" / "worlds"
MODES = ("replace", "extend")


@bp.post("/world")
def load() -> tuple[Json, int]:
    """Load the world in the body; `mode`, `silent` and `clientUserId` may be in the query."""
    return _load(request.get_data())


@bp.get("/world")
def index() -> Json:
    """List the bundled examples with their number of steps, and the day for which they are made."""
    worlds = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in EXAMPLES.glob("*.json")}
    results = [
        {
            "name": name,
            "about": world.get("about"),
            "today": world.get("today"),
            "steps": len(world.get("steps", [world])),
        }
        for name, world in sorted(worlds.items())
    ]
    return {"results": results}


@bp.post("/world/<name>")
def load_example(name: str) -> tuple[Json, int]:
    """Load one of the examples in data/worlds."""
    examples = {path.stem: path for path in EXAMPLES.glob("*.json")}
    if name not in examples:
        raise ApiError(404, f"there are only the worlds {', '.join(sorted(examples))}")
    return _load(examples[name].read_bytes())


def load_file(sandbox: Sandbox, path: Path) -> None:
    """Load the file of --world. Raise ValidationErrors if it is wrong, OSError if it cannot be read."""
    Writer(sandbox.database, sandbox.clock, sandbox.publisher).write(read(path.read_bytes()))


def _load(text: bytes) -> tuple[Json, int]:
    client_user_id, step = request.args.get("clientUserId"), positive_param("step", 1)
    try:
        loaded = read(text, client_user_id=client_user_id, step=step)
        mode, silent = _option(text, "mode", "replace"), _option(text, "silent", False)
        if mode not in MODES:
            raise ValidationErrors([f"mode: must be one of {', '.join(MODES)}"])
        is_silent = silent in (True, "1", "true")
        writer = Writer(
            database(),
            current_sandbox().clock,
            current_sandbox().publisher,
            mode == "extend",
            is_silent,
        )
        return writer.write(loaded), 201
    except ValidationErrors as error:
        raise ApiError(400, str(error), mistakes=error.found) from error


def _option(text: bytes, name: str, default: Any) -> Any:
    """Return an option of the query, else of the file."""
    return request.args.get(name) or json.loads(text).get(name, default)
