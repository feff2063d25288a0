"""Labels of connections: their states with the action that helps, errors, products and syncs."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from banking.connections.freshness import Part
from banking.connections.models import Product, SyncRun
from banking.pluggy import PluggyError, Refused, Unauthorized
from banking.reports.connections import Connection, ConnectionState
from banking.web.labels.dates import format_coming_time
from banking.web.labels.text import Label, Text

STATES: dict[ConnectionState, Label] = {
    ConnectionState.UP_TO_DATE: Label(_("Up to date"), _("You have everything the bank has sent."), "good"),
    ConnectionState.READING: Label(_("Updating"), _("New data has arrived and is being stored."), "busy"),
    ConnectionState.COLLECTING: Label(
        _("Contacting your bank"), _("Your bank is sending its data. This takes a moment."), "busy"
    ),
    ConnectionState.PARTIAL: Label(
        _("Partly up to date"),
        _("The bank didn't send everything. For the rest, you see the last known data."),
        "warn",
        "refresh",
    ),
    ConnectionState.QUOTA: Label(
        _("Partly up to date"),
        _("Your bank allows no more updates this month. The rest arrives automatically next month."),
        "warn",
    ),
    ConnectionState.QUARANTINED: Label(
        _("We are looking into it"),
        _("Updating failed several times in a row. We're on it. No data was lost."),
        "warn",
    ),
    ConnectionState.UNREACHABLE: Label(
        _("Waiting for Pluggy"),
        _("We couldn't read the data just now. We'll try again automatically. No data was lost."),
        "warn",
    ),
    ConnectionState.OUTDATED: Label(
        _("Not up to date"),
        _("The last update from the bank failed. You see the last known data."),
        "warn",
        "refresh",
    ),
    ConnectionState.WAITING_INPUT: Label(
        _("Your bank is asking for a code"), _("Enter the code to continue."), "warn", "reconnect"
    ),
    ConnectionState.WAITING_ACTION: Label(
        _("Your bank is waiting for your approval"),
        _("Approve access in your bank's app."),
        "warn",
        "reconnect",
    ),
    ConnectionState.WAITING_APPROVAL: Label(
        _("Your bank is waiting for your approval"),
        _("Approve access in your bank's app. This then continues automatically."),
        "warn",
    ),
    ConnectionState.LOGIN_ERROR: Label(
        _("The bank didn't accept the sign-in"),
        _("Sign in again to get new data."),
        "bad",
        "reconnect",
    ),
    ConnectionState.CONSENT_ENDED: Label(
        _("Your consent has expired"),
        _("Give access again. Until then, you see the last known data."),
        "bad",
        "reconnect",
    ),
    ConnectionState.IMPORTED: Label(
        _("Imported"),
        _("History from another Lume, which is not updated here. To go on, connect the bank."),
        "off",
    ),
    ConnectionState.GONE: Label(
        _("No longer connected"),
        _("Pluggy no longer has this connection. Its history stays here until you remove it."),
        "bad",
        "remove",
    ),
    ConnectionState.DISCONNECTING: Label(
        _("Disconnecting"), _("It will be deleted as soon as Pluggy confirms."), "busy"
    ),
}

# Different texts for a connection that was never read.
FIRST_STATES: dict[ConnectionState, Label] = STATES | {
    ConnectionState.OUTDATED: Label(
        _("No data yet"), _("The first update from the bank didn't finish."), "warn", "refresh"
    ),
}

# For a connection that is out of date, and that Pluggy does not collect again by itself.
STOPPED = Label(
    _("Not up to date"),
    _("The last update from the bank failed, and automatic updates have stopped. Update it now."),
    "warn",
    "refresh",
)
QUOTA_WITHOUT_AUTO_SYNC = Label(
    _("Partly up to date"),
    _("Your bank allows no more updates this month. Update again next month to get the rest."),
    "warn",
)

# For MeuPluggy, which collects by itself and refuses our updates.
_MEU_PLUGGY_WAITS = Label(
    _("MeuPluggy is waiting for your approval"), _("Approve access in MeuPluggy."), "warn", "reconnect"
)
_MEU_PLUGGY_PARTIAL = Label(
    _("Partly up to date"),
    _("MeuPluggy didn't send everything. For the rest, you see the last known data."),
    "warn",
    "open",
)
_MEU_PLUGGY_ENDED = Label(
    _("MeuPluggy no longer has access"),
    _(
        "Connect your bank again in MeuPluggy. If its data don't arrive here then, connect MeuPluggy here again."
    ),
    "bad",
    "open",
)
MEU_PLUGGY_STATES: dict[ConnectionState, Label] = {
    ConnectionState.UP_TO_DATE: Label(
        _("Up to date"), _("You have everything MeuPluggy has sent. It updates your bank by itself."), "good"
    ),
    ConnectionState.COLLECTING: Label(
        _("Contacting MeuPluggy"), _("MeuPluggy is sending your data. This takes a moment."), "busy"
    ),
    ConnectionState.PARTIAL: _MEU_PLUGGY_PARTIAL,
    ConnectionState.QUOTA: _MEU_PLUGGY_PARTIAL,
    ConnectionState.OUTDATED: Label(
        _("Not up to date"), _("MeuPluggy couldn't update your bank. Update it in MeuPluggy."), "warn", "open"
    ),
    ConnectionState.WAITING_INPUT: _MEU_PLUGGY_WAITS,
    ConnectionState.WAITING_ACTION: _MEU_PLUGGY_WAITS,
    ConnectionState.LOGIN_ERROR: _MEU_PLUGGY_ENDED,
    ConnectionState.CONSENT_ENDED: _MEU_PLUGGY_ENDED,
}

# After these, an update needs input from the user, so the button leads to the sign-in.
SIGN_IN_AGAIN = frozenset({"USER_INPUT_TIMEOUT", "INVALID_CREDENTIALS_MFA"})

# Execution statuses that say more than the state does.
ERRORS: dict[str, Text] = {
    "INVALID_CREDENTIALS": _("The user name or password was not accepted."),
    "INVALID_CREDENTIALS_MFA": _("The code was wrong or had expired."),
    "ALREADY_LOGGED_IN": _("Another session is open at the bank. Close it and try again."),
    "ACCOUNT_LOCKED": _("The bank has locked your access. Unlock it there first."),
    "ACCOUNT_NEEDS_ACTION": _("Your bank needs you to confirm something in its app first."),
    "ACCOUNT_CREDENTIALS_RESET": _("Your bank requires a new password. Set it there, then reconnect."),
    "USER_INPUT_TIMEOUT": _("The code was not entered in time."),
    "USER_AUTHORIZATION_PENDING": _("Your bank is waiting for your approval. This continues automatically."),
    "USER_AUTHORIZATION_NOT_GRANTED": _("The access was not approved."),
    "USER_AUTHORIZATION_REVOKED": _("The access was revoked at the bank."),
    "USER_NOT_SUPPORTED": _("This kind of account is not supported."),
    "SITE_NOT_AVAILABLE": _("The bank couldn't be reached."),
    "CONNECTION_ERROR": _("The bank couldn't be reached."),
}

# While Pluggy tries again by itself.
RETRIED_ERRORS: dict[str, Text] = dict.fromkeys(
    ("SITE_NOT_AVAILABLE", "CONNECTION_ERROR"), _("We can't reach the bank. We'll keep trying.")
)

PRODUCTS: dict[str, Text] = {
    Product.ACCOUNTS: _("Accounts"),
    Product.CREDIT_CARDS: _("Cards and bills"),
    Product.TRANSACTIONS: _("Transactions"),
    Product.INVESTMENTS: _("Investments"),
    Product.INVESTMENT_TRANSACTIONS: _("Investment transactions"),
    Product.LOANS: _("Loans"),
}

# Parts of products that Open Finance reads less often.
PARTS: dict[str, Text] = {
    Part.ACCOUNT_DETAILS: _("list and details of accounts"),
    Part.CARD_DETAILS: _("list and details of cards"),
    Part.BILLS: _("bills"),
    Part.OLDER_TRANSACTIONS: _("transactions older than 7 days"),
    Part.LOAN_DETAILS: _("details of the contracts"),
}

# Types of Open Finance resources.
OTHER_RESOURCES = _("other products")
RESOURCES: dict[str, Text] = {
    "ACCOUNT": _("accounts"),
    "CREDIT_CARD_ACCOUNT": _("cards"),
    **dict.fromkeys(("LOAN", "FINANCING", "UNARRANGED_ACCOUNT_OVERDRAFT", "INVOICE_FINANCING"), _("loans")),
    **dict.fromkeys(
        ("BANK_FIXED_INCOME", "CREDIT_FIXED_INCOME", "VARIABLE_INCOME", "TREASURE_TITLE", "FUND"),
        _("investments"),
    ),
    "EXCHANGE": _("currency exchange"),
}

# Open Finance permissions of a consent, by the beginning of their names.
PERMISSIONS: dict[str, Text] = {
    "REGISTRATION_": _("your registration data"),
    "ACCOUNTS_": _("accounts"),
    "CREDIT_CARDS_": _("cards"),
    "CREDIT_OPERATIONS_": _("loans"),
    "INVESTMENTS_": _("investments"),
    "EXCHANGES_": _("currency exchange"),
}

# Types of incidents at a bank.
INCIDENTS: dict[str, Text] = {
    "CONNECTOR_UNAVAILABLE": _("This bank can't be connected or updated at the moment."),
    "CONNECTOR_DEGRADED": _("Connecting or updating this bank may fail at the moment."),
    "INSTITUTION_OUTAGE": _("The bank's own systems are down at the moment."),
    "SCHEDULED_MAINTENANCE": _("The bank has maintenance. Connecting and updating may fail."),
    "CONSENT_ERROR": _("Giving the bank your consent may fail at the moment."),
    "CONNECTION_NOT_UPDATING": _("Updates from this bank are delayed."),
    "PARTIAL_SUCCESS": _("This bank sends only part of the data at the moment."),
    "ACCOUNTS_MISSING": _("Some accounts of this bank don't arrive at the moment."),
    "BALANCE_INCORRECT": _("Balances from this bank may be wrong at the moment."),
    "TRANSACTIONS_MISSING": _("Some transactions of this bank don't arrive at the moment."),
    "TRANSACTIONS_INCORRECT": _("Some transactions of this bank may be wrong at the moment."),
    "TRANSACTIONS_INSTALLMENTS_ISSUE": _("Installments from this bank may be wrong at the moment."),
    "INVESTMENTS_MISSING": _("Some investments of this bank don't arrive at the moment."),
    "INVESTMENTS_INCORRECT": _("Investments from this bank may be wrong at the moment."),
    "IDENTITY_MISSING": _("This bank doesn't send the owner's data at the moment."),
    "HISTORICAL_DATA_MISSING": _("Older transactions of this bank don't arrive at the moment."),
    "WEBHOOK_DELAY": _("News from this bank arrives late at the moment."),
}
PLANNED_MAINTENANCE = _("The bank has planned maintenance. Connecting and updating may then fail.")
OTHER_INCIDENT = _("There are problems with this bank at the moment.")

# How a sync ended, and what happens next.
RUNS: dict[str, Label] = {
    SyncRun.Outcome.RUNNING: Label(_("In progress"), "", "busy"),
    SyncRun.Outcome.SUCCEEDED: Label(_("Updated"), "", "good"),
    SyncRun.Outcome.NOTHING_TO_READ: Label(
        _("No new data yet"), _("The bank had not finished sending its data."), "off"
    ),
    SyncRun.Outcome.FAILED: Label(
        _("Update failed"),
        _("We couldn't read the data. We'll try again automatically. No data was lost."),
        "warn",
    ),
    SyncRun.Outcome.MOVED_TO_BULK: Label(
        _("Large update"), _("This connection has many transactions. We're still loading the rest."), "busy"
    ),
    SyncRun.Outcome.SUPERSEDED: Label(_("Replaced"), _("Another update took over."), "off"),
    SyncRun.Outcome.QUARANTINED: Label(
        _("Paused"),
        _("Updating failed several times in a row. We're on it. No data was lost."),
        "warn",
    ),
}

REFUSALS: dict[str, Text] = {
    "ITEM_ALREADY_UPDATING": _("An update is already in progress."),
    "ITEM_IS_ALREADY_UPDATING": _("An update is already in progress."),
    "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY": _("This was updated recently. Try again later."),
    "ITEM_IN_ERROR_COOLDOWN": _("The bank refused several times. Try again later."),
    "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES": _("The bank refused several times. Try again later."),
    "TOO_MANY_CONSECUTIVE_ERRORS": _(
        "Updating failed too often. Reconnect. If that fails too, connect the bank again."
    ),
    "LAST_EXECUTION_HAD_LOGIN_ERROR": _("The bank didn't accept the last sign-in. Reconnect."),
    "PARAMETERS_NOT_PROVIDED": _("Your bank needs you to sign in again. Reconnect."),
    "CONNECTOR_REQUIRED_PARAMETER_VALIDATION_ERROR": _("Your bank is asking for a code. Reconnect."),
    "CONNECTOR_OFFLINE": _("We can't reach the bank right now. Try again later."),
}

UNREACHABLE = _("We couldn't reach Pluggy. Try again soon.")
OUR_FAULT = _(
    "This doesn't work right now because of a problem on our side. We know about it. Try again later."
)


def failure_text(error: PluggyError) -> str:
    """Say why Pluggy did not do what the user asked for: it refuses our keys, or it cannot be reached."""
    return str(OUR_FAULT if isinstance(error, Unauthorized) else UNREACHABLE)


def incident_text(incident: dict[str, Any]) -> str:
    """Say what an incident of banking/connections/incidents.py means for the user."""
    is_maintenance = "MAINTENANCE" in (incident.get("kind"), incident.get("severity"))
    if is_maintenance and incident.get("state") == "SCHEDULED":
        return str(PLANNED_MAINTENANCE)
    default = INCIDENTS["SCHEDULED_MAINTENANCE"] if is_maintenance else OTHER_INCIDENT
    return str(INCIDENTS.get(incident.get("type", ""), default))


# Refusals with the time from which an update is allowed, such as `at 14:10`.
REFUSALS_UNTIL: dict[str, Text] = {
    "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY": _(
        "This was updated recently. You can update again %(when)s."
    ),
    **dict.fromkeys(
        ("ITEM_IN_ERROR_COOLDOWN", "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES"),
        _("The bank refused several times. You can update again %(when)s."),
    ),
}
OTHER_REFUSAL_UNTIL = _("We can't update from the bank right now. You can update again %(when)s.")
MEU_PLUGGY_REFUSAL = _("MeuPluggy updates this connection by itself. You can update your bank in MeuPluggy.")


def refusal_text(refusal: Refused, *, now: datetime) -> str:
    """Say why Pluggy refused an update, and from when on it is allowed, if Pluggy says that."""
    if refusal.is_of_meu_pluggy:
        return str(MEU_PLUGGY_REFUSAL)
    if refusal.retry_at is not None and refusal.retry_at > now:
        text = REFUSALS_UNTIL.get(refusal.code, OTHER_REFUSAL_UNTIL)
        return str(text) % {"when": format_coming_time(refusal.retry_at, now=now)}
    return str(
        REFUSALS.get(refusal.code) or gettext("We can't update from the bank right now. Try again later.")
    )


def state_label(connection: Connection) -> Label:
    """Return the text of a connection's state and the action that helps."""
    state = connection.state
    if connection.item.connector.is_meu_pluggy and state in MEU_PLUGGY_STATES:
        return MEU_PLUGGY_STATES[state]
    if connection.has_stopped:
        return STOPPED
    if state == ConnectionState.QUOTA and not connection.is_tried_again:
        return QUOTA_WITHOUT_AUTO_SYNC
    return (STATES if connection.was_read else FIRST_STATES)[state]
