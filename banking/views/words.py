"""States, kinds and refusals in plain words, each with the one thing that helps."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from banking.models import Kind, Link, Product, Rule, SyncRun
from banking.reports import cards
from banking.reports.connections import State

Text = str | Promise


@dataclass(frozen=True)
class Words:
    """How a connection's state is said. `action`: reconnect, refresh, remove or nothing."""

    title: Text
    explanation: Text
    tone: str  # good, busy, warn, bad, off
    action: str = ""


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

# What a person has and owes (banking/reports/worth.py).
WORTH: dict[str, Text] = {
    "accounts": _("Bank accounts"),
    "investments": _("Investments"),
    "cards": _("Cards"),
    "loans": _("Loans"),
}
INVESTMENT_TYPES: dict[str, Text] = {
    "FIXED_INCOME": _("Fixed income"),
    "MUTUAL_FUND": _("Funds"),
    "EQUITY": _("Shares"),
    "ETF": _("ETFs"),
    "SECURITY": _("Private pension"),
    "COE": _("Structured notes (COE)"),
    "OTHER": _("Others"),
}
MOVEMENTS: dict[str, Text] = {
    "BUY": _("Bought"),
    "SELL": _("Sold"),
    "TAX": _("Tax"),
    "TRANSFER": _("Transferred"),
    "INTEREST": _("Interest or dividend"),
    "AMORTIZATION": _("Paid back in part"),
}

# What changed about a row, and by whose word (banking/reports/history.py).
CHANGED_BY: dict[str, Text] = {
    "bank": _("The bank"),
    "you": pgettext_lazy("who changed it", "You"),
    "rule": _("Your rules"),
    "link": _("A transaction that belongs to it"),
}
COLUMNS: dict[str, Text] = {
    "flow": _("Amount"),
    "description": _("Description"),
    "merchant_name": _("Shop"),
    "local_date": _("Date"),
    "status": _("Status"),
    "category_id": _("Category"),
    "kind": _("Kind"),
    "month_cash": _("Month of payment"),
    "hidden": _("Counts"),
    "tags": _("Tags"),
    "note": _("Note"),
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

KINDS: dict[str, Text] = {
    Kind.EXPENSE: _("Expense"),
    Kind.REFUND: _("Refund"),
    Kind.INCOME: pgettext_lazy("of one transaction", "Income"),
    Kind.TRANSFER: _("Between own accounts"),
    Kind.CARD_PAYMENT: _("Card bill payment"),
    Kind.INVESTMENT: _("Investment"),
    Kind.LOAN: _("Loan received"),
    Kind.NEUTRAL: _("Not counted"),
}
COUNTED_WORDS: dict[str, Text] = {
    "spending": _("Spending"),
    "income": _("Income"),
    "left_over": _("Income and spending"),
    "billed": _("On the card's bill"),
} | {kind: text for kind, text in KINDS.items() if kind != Kind.INCOME}

# Why a row has its kind (banking/classify.py).
REASONS: dict[str, Text] = {
    "hidden by you": _("You said that it should not count."),
    "hidden by your rule": _("Your rule says that it should not count."),
    "said by you": _("You said so."),
    "said by your rule": _("Your rule says so."),
    "split into parts": _("You split it: its parts count instead."),
    "doubled": _("You said that the bank has sent it twice: the first one stands."),
    "linked": _("Its other half was found among your transactions."),
    "no amount": _("It moves no money."),
    "card bill payment": _("It pays a card bill; the purchases on the bill already count."),
    "refund by the bank": _("The bank marks it as a refund: it reduces spending."),
    "blocked balance": _("The balance is only blocked."),
    "own transfer": _("It moves money between your own accounts."),
    "investment": _("It moves money into or out of investments."),
    "money out": _("Money left the account."),
    "loan received": _("It is borrowed money, not income."),
    "income": _("Its category is income."),
    "money back": _("Money came back under a spending category: it reduces spending."),
    "money in": _("Money arrived from somebody else."),
}

BILLS: dict[str, Words] = {
    cards.State.FUTURE: Words(_("Future"), _("So far it holds the instalments that are due then."), "off"),
    cards.State.OPEN: Words(_("Open"), _("Estimated from the transactions that are known so far."), "busy"),
    cards.State.UNLISTED: Words(
        _("Estimated"), _("The bank has not sent this bill: its transactions are all that is known."), "off"
    ),
    cards.State.NOTHING: Words(_("Nothing to pay"), "", "good"),
    cards.State.PAID: Words(pgettext_lazy("of a bill", "Paid"), "", "good"),
    cards.State.PARTLY: Words(_("Partly paid"), _("The rest goes to the next bill, with interest."), "warn"),
    cards.State.UNPAID: Words(_("To be paid"), "", "warn"),
    cards.State.OVERDUE: Words(_("Overdue"), _("The bank has told of no payment yet."), "bad"),
    cards.State.UNSEEN: Words(
        _("Payment not seen"), _("The bank has told of no payment of this bill."), "off"
    ),
}
CHARGES: dict[str, Text] = {
    "LATE_PAYMENT_REMUNERATIVE_INTEREST": _("Interest on what was not paid"),
    "LATE_PAYMENT_FEE": _("Fine for late payment"),
    "LATE_PAYMENT_INTEREST": _("Interest for late payment"),
    "IOF": "IOF",
    "OTHER": _("Other charge"),
}
PAYMENT_MODES: dict[str, Text] = {
    "DEBIT_ACCOUNT": _("From the account"),
    "BANK_SLIP": "Boleto",
    "PAYROLL_DEDUCTION": _("From the salary"),
    "PIX": "Pix",
}
# Why two rows are said, or asked, to belong together (banking/links/judge.py).
EVIDENCE: dict[str, Text] = {
    "own document": _("Same amount, within three days, and the other side has your own CPF or CNPJ."),
    "own account": _("Same amount, within three days, and the other side is one of your accounts."),
    "own category": _("Same amount, within three days, and the bank says that it is between your accounts."),
    "own operation": _("Same amount, within three days, and both banks call it a transfer inside the bank."),
    "same amount": _("Same amount, within three days; nothing says whose the other side is."),
    "several fit": _("Same amount, within three days; more than one fits."),
    "card payment": _(
        "Same amount, within three days, and one side is marked as the payment of a card bill."
    ),
    "same cycle": _("The card has the same payment twice in one bill."),
    "given back": _("The same shop gave back exactly what was paid, and no other purchase fits."),
    "given back in part": _("The same shop gave back a part of it, and no other purchase fits."),
}
QUESTIONS: dict[str, Text] = {
    Link.Kind.TRANSFER: _("A transfer between your accounts?"),
    Link.Kind.CARD_PAYMENT: _("The payment of a card bill?"),
    Link.Kind.DUPLICATE: _("The same payment, sent twice?"),
    Link.Kind.REFUND: _("The refund of this purchase?"),
}
YES: dict[str, Text] = {
    Link.Kind.TRANSFER: _("Yes, it is a transfer"),
    Link.Kind.CARD_PAYMENT: _("Yes, it pays the bill"),
    Link.Kind.DUPLICATE: _("Yes, count it once"),
    Link.Kind.REFUND: _("Yes, it is the refund"),
}
# The other half, for a row in which money went out and for the other.
HALVES: dict[str, tuple[Text, Text]] = {
    Link.Kind.TRANSFER: (_("Where it went"), _("Where it came from")),
    Link.Kind.CARD_PAYMENT: (_("The card's side of this payment"), _("Paid from")),
    Link.Kind.DUPLICATE: (_("Sent a second time"), _("Sent before")),
    Link.Kind.REFUND: (_("Given back"), _("What was bought")),
}
# The parts of a rule, to choose from and in its sentence.
RULE_CHOICES: dict[str, Text] = {
    Rule.Match.CONTAINS: _("contains"),
    Rule.Match.EQUALS: _("is exactly"),
    Rule.Match.STARTS: _("starts with"),
    Rule.Direction.OUT: _("Money out"),
    Rule.Direction.IN: _("Money in"),
}
RULE_TEXTS: dict[str, Text] = {
    Rule.Match.CONTAINS: _("the text contains “%(text)s”"),
    Rule.Match.EQUALS: _("the text is “%(text)s”"),
    Rule.Match.STARTS: _("the text starts with “%(text)s”"),
}
RULE_DIRECTIONS: dict[str, Text] = {
    Rule.Direction.OUT: _("money goes out"),
    Rule.Direction.IN: _("money comes in"),
}
# Whose word a row's category is.
CATEGORIES_FROM: dict[str, Text] = {
    "you": _("You chose it."),
    "rule": _("Your rule says so."),
    "bank": _("It came with the bank's data."),
    "purchase": _("It is the category of the purchase that it pays back."),
    "nobody": _("The bank's data has no category for it."),
}

PERIOD_PROBLEMS: dict[str, Text] = {
    "month": _("That month cannot be read. This month is shown."),
    "date": _("That date cannot be read. This month is shown."),
    "reversed": _("The period ends before it begins. This month is shown."),
    "paid by month": _("What is paid is counted by whole months, so the whole months are shown."),
    "too long": _("That period is longer than 50 years. This month is shown."),
}

AMOUNT_PROBLEMS: dict[str, Text] = {
    "ambiguous": _(
        "It is not clear which amount this is: write 1234 or 1.234,00 for a thousand and more. "
        "Rows are shown whatever their amount."
    ),
    "unreadable": _("This is not an amount. Write it like 1.234,56. Rows are shown whatever their amount."),
    "too large": _("This is more than any account holds. Rows are shown whatever their amount."),
    "wrong way round": _("The amounts are the wrong way round. Rows are shown whatever their amount."),
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


def merchant_words(key: str) -> str:
    """Of a key of banking/merchants.py."""
    return f"CNPJ {key}" if key.isdigit() else key
