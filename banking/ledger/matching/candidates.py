"""Candidates: what the detection of matches needs to know of one transaction."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from banking.ledger.classification import (
    CARD_PAYMENT,
    INCOME,
    OWN_TRANSFERS,
    TRANSFERS,
    AccountContext,
    ClassificationInput,
    classify,
    is_refund,
)
from banking.ledger.models import Account, Kind, Transaction
from banking.ledger.models.categories import OTHER
from banking.money.documents import account_hash, contradict, document_hash, is_of_person
from banking.money.text import folded

SAME_BANK = "TRANSFERENCIA_MESMA_INSTITUICAO"
# Words that banks add to the name of the shop or person in the text of a refund.
REFUND_NOISE = re.compile(
    r"\b(estorn\w*|devol\w*|dev|reembols\w*|cancelamento|parcial|total|de|da|do|pix|ted|doc|tev|enviad[oa]"
    r"|recebid[oa])\b"
)
PORTABILITY = re.compile(r"\bportabilidade\b.*\bsal|\bsal\w*\b.*\bportab")  # a wage that is sent on
CARD_PIX = re.compile(r"\bpix\b.*\b(no|via|com|pelo|do|de) (credito|cartao)\b|\bpix (cartao|parcelado)\b")
ANY_PIX = re.compile(r"\bpix\b")
WORD = re.compile(r"[a-z0-9]{2,}")


@dataclass(frozen=True)
class Owner:
    """Identifiers of one user: the hashes and masked forms of their documents, and hashes of account numbers."""

    accounts: Mapping[UUID, Account] = field(default_factory=dict)
    documents: frozenset[str] = frozenset()
    masked_documents: frozenset[str] = frozenset()
    numbers: Mapping[str, UUID] = field(default_factory=dict)

    @classmethod
    def of(cls, accounts: Iterable[Account]) -> "Owner":
        by_id = {account.id: account for account in accounts}
        documents = frozenset({account.owner_hash for account in by_id.values()} - {""})
        masked = frozenset({account.owner_shown for account in by_id.values()} - {""})
        numbers = {_number_hash(account): account.id for account in by_id.values() if not account.is_card}
        return cls(by_id, documents, masked, {key: value for key, value in numbers.items() if key})

    def is_other(self, transaction: Transaction) -> bool:
        """Tell whether the document of the counterpart, as far as the bank shows it, is none of the user's."""
        document = transaction.counterparty_hash
        if document and self.documents:
            return document not in self.documents
        shown = transaction.counterparty_document
        return bool(self.masked_documents) and all(contradict(shown, own) for own in self.masked_documents)


def _number_hash(account: Account) -> str:
    """Return the hash of `bank/branch/account` or `branch/account`, without the bank."""
    parts = (account.transfer_number or account.number).split("/")
    return account_hash(*parts[-2:]) if len(parts) > 1 else ""


@dataclass(frozen=True)
class Candidate:
    """A transaction that may be matched.

    `kind` is what the bank's own data say, without regard to stored matches: otherwise a match would be the
    evidence for itself.
    """

    id: UUID
    account_id: UUID
    item_id: UUID
    is_card: bool
    signed_amount: Decimal
    currency: str
    day: date
    kind: Kind
    cycle: date | None = None  # of a card: first day of the month in which the bill is due
    may_be_transfer: bool = True  # nothing is bought, earned or invested by it
    own_evidence: str = ""  # code of what says that the counterpart is the user, too
    owner: str = ""  # hash of the document of the account's owner
    document: str = ""  # hash of the counterpart's document
    masked_document: str = ""
    operation: str = ""
    is_other_party: bool = False  # the counterpart is known to be somebody else
    is_other_person: bool = False  # … and not a company
    is_decided: bool = False  # the user or their rule has decided about it
    is_refund: bool = False
    is_card_pix: bool = False  # a PIX that is paid with a credit card
    shop: str = ""
    words: frozenset[str] = frozenset()

    @classmethod
    def of(cls, transaction: Transaction, owner: Owner, roots: Mapping[str, str]) -> "Candidate":
        account = owner.accounts[transaction.account_id]
        entry = ClassificationInput.from_transaction(transaction)
        # Without the days of the card and its bills: they do not decide about the kind.
        context = AccountContext(
            is_card=account.is_card,
            currency=account.currency,
            is_sandbox=account.item.connector.is_sandbox,
            owner_hash=account.owner_hash,
        )
        document = transaction.counterparty_hash
        is_other = owner.is_other(transaction)
        is_named = bool(document) and document not in owner.documents
        kind = Kind(classify(entry, context, roots=roots).kind)
        description = folded(transaction.description)
        return cls(
            id=transaction.id,
            account_id=transaction.account_id,
            item_id=account.item_id,
            is_card=account.is_card,
            signed_amount=transaction.signed_amount,
            currency=transaction.signed_amount_currency,
            day=transaction.local_date,
            kind=kind,
            cycle=transaction.cash_month,
            may_be_transfer=_may_be_transfer(transaction, kind, roots),
            own_evidence=_own_evidence(transaction, account, owner, roots),
            owner=account.owner_hash,
            document=document or document_hash(transaction.merchant_cnpj),
            masked_document=transaction.counterparty_document,
            operation=transaction.operation_type,
            is_other_party=is_other,
            is_other_person=(is_other or is_named) and is_of_person(transaction.counterparty_document),
            is_decided=transaction.is_classified_by_user or transaction.rule_id is not None,
            is_refund=is_refund(entry),
            is_card_pix=bool((ANY_PIX if account.is_card else CARD_PIX).search(description)),
            shop=folded(transaction.merchant_name or transaction.counterparty),
            words=frozenset(WORD.findall(REFUND_NOISE.sub(" ", description))),
        )

    @property
    def value(self) -> Decimal:
        return abs(self.signed_amount)


def _may_be_transfer(transaction: Transaction, kind: Kind, roots: Mapping[str, str]) -> bool:
    if kind == Kind.TRANSFER:
        return True
    root = roots.get(transaction.bank_category_id, OTHER)
    is_salary_sent_on = root == INCOME and bool(PORTABILITY.search(folded(transaction.description)))
    return (
        (root in (OWN_TRANSFERS, TRANSFERS, OTHER) or is_salary_sent_on)
        and kind not in (Kind.NEUTRAL, Kind.INVESTMENT, Kind.REFUND)
        and transaction.bank_category_id != CARD_PAYMENT
        and not transaction.merchant_name
        and transaction.operation_type != "PAGAMENTO_FATURA"
    )


def _own_evidence(transaction: Transaction, account: Account, owner: Owner, roots: Mapping[str, str]) -> str:
    """Return the code of the strongest evidence that the counterpart is the user, or an empty text.

    Another document of the user, such as that of their company, is no evidence: what it pays may be income.
    """
    document = transaction.counterparty_hash
    if document:
        is_own = document == account.owner_hash or (not account.owner_hash and document in owner.documents)
        return "own document" if is_own and not transaction.is_between_two_documents else ""
    other_account = owner.numbers.get(transaction.counterparty_account, transaction.account_id)
    if other_account != transaction.account_id:
        return "own account"
    if roots.get(transaction.bank_category_id) == OWN_TRANSFERS:
        return "own category"
    return "salary portability" if PORTABILITY.search(folded(transaction.description)) else ""
