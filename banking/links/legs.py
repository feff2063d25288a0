"""A row as the judges see it: what it moves, what the bank calls it, and whose money it says that it is."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from banking.classify import CARD_PAYMENT, OWN_TRANSFERS, TRANSFERS, AccountFacts, classify, is_refund
from banking.documents import account_hash, is_of_person
from banking.folding import folded
from banking.models import Account, Kind, Transaction
from banking.models.categories import OTHER
from banking.upsert.conclusions import facts_of

SAME_BANK = "TRANSFERENCIA_MESMA_INSTITUICAO"
# What banks write before the name of whom they give back the money for.
GIVEN_BACK = re.compile(r"\b(estorno|devolucao|devolvido|reembolso|cancelamento|de|pix|enviado|recebido)\b")
WORD = re.compile(r"[a-z0-9]{2,}")


@dataclass(frozen=True)
class Owner:
    """What is known of one person: their documents and the numbers of their accounts, as hashes."""

    accounts: Mapping[UUID, Account] = field(default_factory=dict)
    documents: frozenset[str] = frozenset()
    numbers: Mapping[str, UUID] = field(default_factory=dict)

    @classmethod
    def of(cls, accounts: Iterable[Account]) -> "Owner":
        known = {account.id: account for account in accounts}
        documents = {account.owner_hash for account in known.values()} - {""}
        numbers = {_number(account): account.id for account in known.values() if not account.is_card}
        return cls(known, frozenset(documents), {key: value for key, value in numbers.items() if key})


def _number(account: Account) -> str:
    """Of `bank/branch/account` or `branch/account`."""
    parts = (account.transfer_number or account.number).split("/")
    return account_hash(*parts[-2:]) if len(parts) > 1 else ""


@dataclass(frozen=True)
class Leg:
    """`kind` is what the bank alone says: were it what a link made of it, links would prove themselves."""

    id: UUID
    account_id: UUID
    item_id: UUID
    is_card: bool
    flow: Decimal
    currency: str
    day: date
    kind: Kind
    cycle: date | None = None  # of a card: the month in which the bill is due
    moves: bool = True  # it may be a transfer: nothing is bought, earned or invested by it
    own: str = ""  # the code of what says that the other side is the person's, too
    operation: str = ""
    is_anothers: bool = False  # the other side is somebody else
    is_persons: bool = False  # … and no firm
    is_said: bool = False  # the person or their rule has spoken
    is_refund: bool = False  # the bank's words say that it undoes something
    shop: str = ""
    words: frozenset[str] = frozenset()

    @classmethod
    def of(cls, row: Transaction, owner: Owner, roots: Mapping[str, str]) -> "Leg":
        account, facts = owner.accounts[row.account_id], facts_of(row)
        plain = AccountFacts(account.is_card, account.currency, account.item.connector.is_sandbox)
        anothers = row.counterparty_hash not in owner.documents if row.counterparty_hash else False
        return cls(
            id=row.id,
            account_id=row.account_id,
            item_id=account.item_id,
            is_card=account.is_card,
            flow=row.flow,
            currency=row.flow_currency,
            day=row.local_date,
            kind=classify(facts, plain, roots=roots).kind,
            cycle=row.month_cash,
            moves=_moves(row, roots),
            own=_own(row, owner, roots),
            operation=row.operation_type,
            is_anothers=anothers and bool(owner.documents),
            is_persons=anothers and is_of_person(row.counterparty_document),
            is_said=bool(row.person_category_id or row.person_kind or row.hidden or row.rule_id),
            is_refund=is_refund(facts),
            shop=row.merchant_cnpj or folded(row.merchant_name) or row.counterparty_hash,
            words=frozenset(WORD.findall(GIVEN_BACK.sub(" ", folded(row.description)))),
        )

    @property
    def value(self) -> Decimal:
        return abs(self.flow)


def _moves(row: Transaction, roots: Mapping[str, str]) -> bool:
    root = roots.get(row.bank_category_id, OTHER)
    between = root in (OWN_TRANSFERS, TRANSFERS, OTHER) and row.bank_category_id != CARD_PAYMENT
    return between and not row.merchant_name and row.operation_type != "PAGAMENTO_FATURA"


def _own(row: Transaction, owner: Owner, roots: Mapping[str, str]) -> str:
    """The strongest word that the other side is the person's."""
    if row.counterparty_hash and row.counterparty_hash in owner.documents:
        return "own document"
    if owner.numbers.get(row.counterparty_account, row.account_id) != row.account_id:
        return "own account"
    return "own category" if roots.get(row.bank_category_id) == OWN_TRANSFERS else ""
