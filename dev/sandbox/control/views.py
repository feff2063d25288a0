"""The control room itself: its page, the state it shows, and the reset."""

from typing import Any

from flask import redirect, render_template
from werkzeug.wrappers import Response

from dev.sandbox.api.items import item_json
from dev.sandbox.bank import connectors
from dev.sandbox.clock import iso
from dev.sandbox.control.events import waiting_json
from dev.sandbox.control.faults import chaos, forget_chaos
from dev.sandbox.control.guard import room
from dev.sandbox.pluggy import here
from dev.sandbox.store import eventlog, items, ledger, outbox

bp = room("room")
bp.template_folder = "templates"
Json = dict[str, Any]
SHOWN = 200  # waiting deliveries that the state lists


@bp.after_request
def not_in_frames(response: Response) -> Response:
    """Nobody's page may show the control room inside itself."""
    response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
    return response


@bp.get("/")
def page() -> str:
    """The control room as a page; its script asks for the state."""
    return render_template("control.html")


@bp.get("")
def door() -> Response:
    """The room is behind the slash."""
    return redirect("/_control/")


@bp.get("/state")
def state() -> Json:
    """Items with accounts, institutions, webhooks, faults, queue and clock."""
    pluggy = here()
    waiting = [] if not eventlog.waiting_count(pluggy.database) else outbox.waiting(pluggy.database)
    return {
        "now": iso(pluggy.clock.now()),
        "pace": pluggy.settings.pace,
        "seed": pluggy.settings.seed,
        "held": pluggy.courier.held,
        "waiting": len(waiting),
        "waitingDeliveries": [waiting_json(row) for row in waiting[:SHOWN]],
        "items": [_item(item) for item in items.everyone(pluggy.database)],
        "webhooks": [_webhook(hook) for hook in outbox.webhooks(pluggy.database)],
        "faults": pluggy.faults.listed(),
        "mishaps": pluggy.announcer.mishaps.listed(),
        "chaos": chaos(),
        "connectors": [
            {"id": number, "name": connectors.name(number), "isSandbox": connectors.is_sandbox(number)}
            for number in connectors.ids()
        ],
    }


@bp.post("/reset")
def reset() -> Json:
    """Forget items, money, webhooks, events and faults; tokens stay good."""
    here().faults.clear()
    here().announcer.mishaps.clear()
    forget_chaos()
    here().database.forget_everything()
    here().clock.restart()
    here().courier.release()
    return {"reset": True}


def _item(item: items.Item) -> Json:
    accounts = ledger.accounts(here().database, item.id)
    return item_json(item) | {"user": item.user, "loaded": item.loaded, "accounts": accounts}


def _webhook(hook: Json) -> Json:
    failures = outbox.failures(here().database, hook["id"])
    return hook | {"headers": eventlog.masked(hook["headers"]), "failures": failures}
