"""The control panel: its page, the state it shows, and the reset."""

from typing import Any

from flask import redirect, render_template
from werkzeug.wrappers import Response

from pluggy_sandbox.api.items import item_json
from pluggy_sandbox.clock import iso
from pluggy_sandbox.control.access import control_blueprint
from pluggy_sandbox.control.events import waiting_json
from pluggy_sandbox.control.faults import chaos, end_random_faults
from pluggy_sandbox.institutions import connectors, endings
from pluggy_sandbox.sandbox import current_sandbox, database
from pluggy_sandbox.store import event_log, items, ledger, outbox

bp = control_blueprint("panel")
bp.template_folder = "templates"
Json = dict[str, Any]
MAX_WAITING_SHOWN = 200  # waiting deliveries in the state


@bp.after_request
def not_in_frames(response: Response) -> Response:
    """Forbid framing of the control panel."""
    response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
    return response


@bp.get("/")
def page() -> str:
    """Return the page of the control panel; its script asks for the state."""
    return render_template("control.html")


@bp.get("")
def redirect_to_page() -> Response:
    """Redirect to the address with a slash."""
    return redirect("/_control/")


@bp.get("/state")
def state() -> Json:
    """Return items with accounts, institutions, webhooks, faults, queue and clock."""
    sandbox = current_sandbox()
    waiting = [] if not event_log.waiting_count(sandbox.database) else outbox.waiting(sandbox.database)
    return {
        "now": iso(sandbox.clock.now()),
        "pace": sandbox.settings.pace,
        "seed": sandbox.settings.seed,
        "held": sandbox.dispatcher.held,
        "waiting": len(waiting),
        "waitingDeliveries": [waiting_json(row) for row in waiting[:MAX_WAITING_SHOWN]],
        "items": [_item(item) for item in items.all_items(sandbox.database)],
        "webhooks": [_webhook(hook) for hook in outbox.webhooks(sandbox.database)],
        "faults": sandbox.faults.active(),
        "deliveryFaults": sandbox.publisher.faults.active(),
        "chaos": chaos(),
        "connectors": [
            {
                "id": connector_id,
                "name": connectors.name(connector_id),
                "isSandbox": connectors.is_sandbox(connector_id),
            }
            for connector_id in connectors.ids()
        ],
    }


@bp.post("/reset")
def reset() -> Json:
    """Delete items, transactions, webhooks, events and faults. Issued tokens stay valid."""
    current_sandbox().faults.clear()
    current_sandbox().publisher.faults.clear()
    end_random_faults()
    current_sandbox().requests.clear()
    current_sandbox().faults.take_corrected()  # what would be reported is deleted
    database().clear_data()
    current_sandbox().clock.reset()
    current_sandbox().dispatcher.release()
    return {"reset": True}


def _item(item: items.Item) -> Json:
    accounts = ledger.accounts(database(), item.id)
    successor = connectors.successor(item.connector_id)
    return item_json(item) | {
        "user": item.user,
        "loaded": item.from_file,
        "accounts": accounts,
        "connectorEnded": endings.has_ended(database(), item.connector_id),
        "successor": successor,
    }


def _webhook(hook: Json) -> Json:
    failures = outbox.failures(database(), hook["id"])
    return hook | {"headers": event_log.masked(hook["headers"]), "failures": failures}
