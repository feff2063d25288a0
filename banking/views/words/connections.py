"""How it stands with a connection, in words, each with the one thing that helps."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from banking.models import Product, SyncRun
from banking.reports.connections import State
from banking.views.words.text import Text, Words

STATES: dict[State, Words] = {
    State.FINE: Words(_("Up to date"), _("Everything that the bank has sent is here."), "good"),
    State.READING: Words(_("Reading"), _("New data has arrived and is being stored."), "busy"),
    State.COLLECTING: Words(
        _("Asking the bank"), _("The bank is sending its data; this takes a moment."), "busy"
    ),
    State.PARTIAL: Words(
        _("Partly up to date"),
        _("The bank did not send everything. What is missing keeps its last known state."),
        "warn",
        "refresh",
    ),
    State.QUOTA: Words(
        _("Partly up to date"),
        _("This month's readings at the bank are used up. The rest comes by itself next month."),
        "warn",
    ),
    State.PARKED: Words(
        _("We are looking into it"),
        _("It could not be read several times in a row. We know of it; nothing is lost."),
        "warn",
    ),
    State.UNREACHABLE: Words(
        _("Waiting for Pluggy"),
        _("The data could not be read just now. It is tried again by itself; nothing is lost."),
        "warn",
    ),
    State.OUTDATED: Words(
        _("Not up to date"),
        _("The last reading at the bank failed. What you see is what was known before."),
        "warn",
        "refresh",
    ),
    State.WAITING_INPUT: Words(_("The bank asks for a code"), _("Enter it to go on."), "warn", "reconnect"),
    State.WAITING_ACTION: Words(
        _("The bank waits for your approval"),
        _("Approve the access in your bank's app."),
        "warn",
        "reconnect",
    ),
    State.WAITING_APPROVAL: Words(
        _("The bank waits for your approval"),
        _("Approve the access in your bank's app. It then goes on by itself."),
        "warn",
    ),
    State.LOGIN_ERROR: Words(
        _("The bank did not accept the sign-in"),
        _("Sign in again. Until then nothing new arrives."),
        "bad",
        "reconnect",
    ),
    State.CONSENT_ENDED: Words(
        _("The consent has ended"),
        _("Allow the access again. What you see is what was known before."),
        "bad",
        "reconnect",
    ),
    State.GONE: Words(
        _("No longer connected"),
        _("Pluggy does not have this connection any more. Its history stays here until you remove it."),
        "bad",
        "remove",
    ),
    State.DISCONNECTING: Words(
        _("Being disconnected"), _("It is deleted as soon as Pluggy has confirmed it."), "busy"
    ),
}

# The same where nothing was ever read.
FIRST_STATES: dict[State, Words] = STATES | {
    State.OUTDATED: Words(
        _("Not read yet"), _("The first reading at the bank did not come to its end."), "warn", "refresh"
    ),
}

# After these a new asking needs what only the person can type: the button leads to the sign-in.
SIGN_IN_AGAIN = frozenset({"USER_INPUT_TIMEOUT", "INVALID_CREDENTIALS_MFA"})

# What an execution status means, where it says more than the state does.
ERRORS: dict[str, Text] = {
    "INVALID_CREDENTIALS": _("User or password was not accepted."),
    "INVALID_CREDENTIALS_MFA": _("The code was wrong or had expired."),
    "ALREADY_LOGGED_IN": _("Another session is open at the bank. Close it and try again."),
    "ACCOUNT_LOCKED": _("The bank has locked the access. Unlock it there first."),
    "ACCOUNT_NEEDS_ACTION": _("Something has to be confirmed in the bank's own app first."),
    "ACCOUNT_CREDENTIALS_RESET": _("The bank wants a new password. Set it there, then reconnect."),
    "USER_INPUT_TIMEOUT": _("The code was not entered in time."),
    "USER_AUTHORIZATION_PENDING": _("The bank waits for your approval. It goes on by itself."),
    "USER_AUTHORIZATION_NOT_GRANTED": _("The access was not approved."),
    "USER_AUTHORIZATION_REVOKED": _("The access was revoked at the bank."),
    "USER_NOT_SUPPORTED": _("This kind of account is not supported."),
    "SITE_NOT_AVAILABLE": _("The bank cannot be reached. It is tried again by itself."),
    "CONNECTION_ERROR": _("The bank cannot be reached. It is tried again by itself."),
}

PRODUCTS: dict[str, Text] = {
    Product.ACCOUNTS: _("Accounts"),
    Product.CREDIT_CARDS: _("Cards and bills"),
    Product.TRANSACTIONS: _("Transactions"),
    Product.INVESTMENTS: _("Investments"),
    Product.INVESTMENT_TRANSACTIONS: _("Movements of investments"),
    Product.LOANS: _("Loans"),
}

# How a run ended: nothing of its inside, and what happens next.
RUNS: dict[str, Words] = {
    SyncRun.Outcome.RUNNING: Words(_("Reading now"), "", "busy"),
    SyncRun.Outcome.SUCCEEDED: Words(_("Read"), "", "good"),
    SyncRun.Outcome.NOTHING_TO_READ: Words(
        _("Nothing to read yet"), _("The bank had not finished sending its data."), "off"
    ),
    SyncRun.Outcome.FAILED: Words(
        _("Not read"),
        _("The data could not be read. It is tried again by itself; nothing is lost."),
        "warn",
    ),
    SyncRun.Outcome.HANDED_OVER: Words(
        _("In parts"), _("This connection has many rows: the rest is being read."), "busy"
    ),
    SyncRun.Outcome.OVERTAKEN: Words(_("Handed over"), _("Another reading has taken over."), "off"),
    SyncRun.Outcome.PARKED: Words(
        _("Paused"),
        _("It could not be read several times in a row. We know of it; nothing is lost."),
        "warn",
    ),
}

REFUSALS: dict[str, Text] = {
    "ITEM_ALREADY_UPDATING": _("The bank is already being asked."),
    "ITEM_IS_ALREADY_UPDATING": _("The bank is already being asked."),
    "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY": _("It was updated a short while ago. Try again later."),
    "ITEM_IN_ERROR_COOLDOWN": _("The bank refused several times. Try again later."),
    "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES": _("The bank refused several times. Try again later."),
    "TOO_MANY_CONSECUTIVE_ERRORS": _("The bank refused several times. Reconnect it."),
    "LAST_EXECUTION_HAD_LOGIN_ERROR": _("The bank did not accept the last sign-in. Reconnect it."),
    "PARAMETERS_NOT_PROVIDED": _("The bank wants you to sign in again. Reconnect it."),
    "CONNECTOR_REQUIRED_PARAMETER_VALIDATION_ERROR": _("The bank asks for a code. Reconnect it."),
    "CONNECTOR_OFFLINE": _("The bank cannot be reached now. Try again later."),
}


def refusal_words(code: str) -> str:
    return str(REFUSALS.get(code) or gettext("The bank cannot be asked now. Try again later."))
