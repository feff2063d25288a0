"""The used limit of a card, by the bank's lines; its status, additional cards and flexible limit on its page."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from banking.ledger.models import Account
from banking.reports.cards.limits import CardLimit, card_limit
from tests.factories import create_account, create_item
from tests.net_worth_helpers import page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


def total(**amounts: Any) -> dict[str, Any]:
    return {"creditLineLimitType": "LIMITE_CREDITO_TOTAL"} | amounts


def by_use(name: Any, **amounts: Any) -> dict[str, Any]:
    return {"creditLineLimitType": "LIMITE_CREDITO_MODALIDADE_OPERACAO", "lineName": name} | amounts


def make_card(
    user: User, *lines: Any, limit: Any = 5450, available: Any = "2001.48", balance: Any = 98, **data: Any
) -> Account:
    details = {"creditData": {"disaggregatedCreditLimits": list(lines)} | data}
    return create_account(
        create_item(user), type="CREDIT", credit_limit=limit, available_limit=available, balance=balance,
        details=details,
    )  # fmt: skip


def limit_of(user: User, *lines: Any, **columns: Any) -> CardLimit:
    card = make_card(user, *lines, **columns)
    card.refresh_from_db()
    return card_limit(card)


@pytest.mark.parametrize(
    ("line", "used", "user_limit"),
    [
        # The user has reduced the limit of 5,450 to 2,100, of which 2,001.48 are available.
        (total(limitAmount=5450, customizedLimitAmount=2100, usedAmount=98.52), "98.52", 2100),
        (total(limitAmount=5450, customizedLimitAmount=2100, usedAmount=None), "98.52", 2100),
        (total(limitAmount=5450, customizedLimitAmount=2100, usedAmount=0), "98.52", 2100),
        (total(customizedLimitAmount="2100", usedAmount="98.52"), "98.52", 2100),
        # No reduction, or one that is none.
        (total(customizedLimitAmount=None, usedAmount=98.52), "98.52", None),
        (total(customizedLimitAmount=0, usedAmount=98.52), "98.52", None),
        (total(customizedLimitAmount=5450, usedAmount=98.52), "98.52", None),
        (total(customizedLimitAmount=-1, usedAmount=98.52), "98.52", None),
        # What cannot be read: the limit less what is available.
        (total(usedAmount="a lot"), "3448.52", None),
        (total(usedAmount=98.52, usedAmountCurrencyCode="USD"), "3448.52", None),
        (total(usedAmount="NaN"), "3448.52", None),
        (total(usedAmount="1e400"), "3448.52", None),
        (by_use("OUTROS", usedAmount=5), "3448.52", None),
        (7, "3448.52", None),
        (None, "3448.52", None),
    ],
)
def test_used_limit(alice: User, line: Any, used: str, user_limit: int | None) -> None:
    limit = limit_of(alice, line)
    assert (limit.used, limit.user_limit) == (Decimal(used), user_limit)


def test_the_line_of_this_card_counts_if_there_are_several(alice: User) -> None:
    lines = [
        total(usedAmount=1, identificationNumber="9999"),
        total(usedAmount=2, identificationNumber="1234"),
    ]
    assert limit_of(alice, *lines).used == 2
    assert limit_of(alice, *[line | {"identificationNumber": "1"} for line in lines]).used == Decimal(
        "3448.52"
    )


def test_a_card_in_the_users_favour_has_nothing_used(alice: User) -> None:
    assert limit_of(alice, total(usedAmount=5), limit=5000, available=5150, balance=-150).used == 0


def test_without_a_limit_the_balance_is_used(alice: User) -> None:
    limit = limit_of(alice, limit=None, available=None, balance=-320)
    assert limit.used == 320 and limit.limit is None and not limit.lines


@pytest.mark.parametrize(
    "data", [None, 7, "x", [], {}, {"disaggregatedCreditLimits": {"a": 1}, "additionalCards": 7}]
)
def test_odd_data_of_a_card_cost_only_themselves(alice: User, data: Any, as_alice: Client) -> None:
    card = create_account(create_item(alice), type="CREDIT", details={"creditData": data}, balance=10)
    assert card_limit(card).used == 10
    assert card.label in page(as_alice, "cards")


def test_the_page_shows_lines_status_and_additional_cards(alice: User, as_alice: Client) -> None:
    make_card(
        alice,
        total(limitAmount=5450, customizedLimitAmount=2100, usedAmount=98.52),
        by_use("SAQUE_CREDITO_BRASIL", limitAmount=545, usedAmount=10),
        by_use("NOVO", limitAmount=None, usedAmount=7),
        status="BLOCKED", isLimitFlexible=True,
        additionalCards=[{"number": "4821"}, {"number": "xxxx 4822"}, {"number": None}, 7, {"number": "4821"}],
    )  # fmt: skip
    shown = page(as_alice, "cards")
    for text in (
        "Card blocked", "You lowered it at the bank, which allows:", "2.100,00", "98,52",
        "Cash withdrawals in Brazil", "Other uses",
        "·· 4821", "·· 4822", "The bank may approve purchases above the limit.",
    ):  # fmt: skip
        assert text in shown, text


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("CANCELLED", "Card canceled"), ("cancelado", "Card canceled"), ("BLOQUEADO", "Card blocked"),
        ("<b>LOST</b>", "&lt;b&gt;lost&lt;/b&gt;"),
    ],
)  # fmt: skip
def test_a_status_is_said_and_an_unknown_one_shown(
    alice: User, as_alice: Client, status: str, shown: str
) -> None:
    card = make_card(alice, status=status)
    assert shown in page(as_alice, "cards")
    assert shown in page(as_alice, "connection", card.item_id)


@pytest.mark.parametrize("status", ["ACTIVE", "ATIVO", "", None, 7, []])
def test_an_active_card_has_no_status(alice: User, status: Any) -> None:
    assert make_card(alice, status=status).card_status == ""
