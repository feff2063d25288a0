"""Categories from codes of merchants and operations, where Pluggy sends none."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from banking.connections.models import Item
from banking.ledger.category_codes import CategoryCodes, category_by_codes
from banking.ledger.category_codes.cnae import CNAE, category_of_cnae
from banking.ledger.category_codes.mcc import MCC, category_of_mcc
from banking.ledger.category_codes.operations import OPERATIONS, WORDS
from banking.ledger.category_codes.ranges import RangeTable
from banking.ledger.derived_fields import recompute
from banking.ledger.models import OTHER, CategoryTree, Kind, Transaction
from tests.banking.ledger.test_rules import create_rule
from tests.factories import create_account, create_item, store_transactions
from tests.ingest_worlds import read_example
from tests.local_pluggy import LocalPluggy
from tests.sync_helpers import mark_changed, run_sync

CATEGORIES = Path(__file__).parents[3] / "banking" / "ledger" / "data" / "categories.json"
Connect = Callable[..., Item]


def test_every_category_of_the_tables_exists() -> None:
    existing = {category["id"] for category in json.loads(CATEGORIES.read_text())}
    named = {category for table in (MCC, CNAE) for _, _, category in table.ranges}
    named |= {*OPERATIONS.values(), *(category for _, category in WORDS)}
    assert named <= existing


def test_every_range_is_in_order_and_has_codes_of_four_digits() -> None:
    for table in (MCC, CNAE):
        assert all(0 < first <= last <= 9999 for first, last, _ in table.ranges)


def test_ranges_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        RangeTable([(1, 5, "a"), (5, 9, "b")])


@pytest.mark.parametrize(
    ("code", "category"),
    [
        (5812, "11010000"), ("5812", "11010000"), (" 5411 ", "10000000"), (742, "08030000"),
        ("0742", "08030000"), (3009, "12010000"), (3700, "12020000"), (6011, ""), (4829, ""), (0, ""), (-1, ""),
        (99999, ""), ("58121", ""), ("5x12", ""), ("", ""), (None, ""), ("٥٨١٢", ""), (10**30, ""),
    ],
)  # fmt: skip
def test_category_of_an_mcc(code: Any, category: str) -> None:
    assert category_of_mcc(code) == category


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("4711302", "10000000"), ("47.11-3/02", "10000000"), ("47113", "10000000"), ("8630504", "18040000"),
        ("6422100", ""), ("1091102", ""), ("4711", ""), ("", ""), ("abc", ""), ("471130", ""), ("47113020", ""),
    ],
)  # fmt: skip
def test_category_of_a_cnae(code: str, category: str) -> None:
    assert category_of_cnae(code) == category


@pytest.mark.parametrize(
    ("codes", "operation", "is_inflow", "is_card", "category"),
    [
        ({"mcc": 5812, "merchant_category": "Pharmacy", "cnae": "4711302"}, "", False, True, "11010000"),
        ({"mcc": 6011, "merchant_category": "Pharmacy", "cnae": "4711302"}, "", False, True, "18020000"),
        ({"merchant_category": "farmácia"}, "", False, False, "18020000"),
        ({"merchant_category": "18020000"}, "", False, False, "18020000"),
        ({"merchant_category": "?", "cnae": "4711302"}, "PIX", False, False, "10000000"),
        ({"cnae": "4711302"}, "FOLHA_PAGAMENTO", True, False, "01010000"),  # the employer is a supermarket
        ({"cnae": "4711302"}, "", True, False, ""),
        ({"mcc": 5812}, "", True, True, "11010000"),  # a refund on the card
        ({}, "FOLHA_PAGAMENTO", False, False, ""),
        ({}, "PIX", False, False, "05070000"),
        ({"operation_info": "Tarifa Pacote de Serviços"}, "OUTROS", False, False, "16000000"),
        ({"operation_info": "CRÉDITO DE SALÁRIO"}, "OUTROS", True, False, "01010000"),
        ({"operation_info": "???"}, "OUTROS", False, False, ""),
        ({}, "", False, False, ""),
    ],
)
def test_the_merchant_decides_before_the_operation(
    codes: dict[str, Any], operation: str, is_inflow: bool, is_card: bool, category: str
) -> None:
    found = category_by_codes(CategoryCodes(**codes), operation, is_inflow=is_inflow, is_card=is_card)
    assert found == category


def categories_of(user: User) -> dict[str, tuple[str, str]]:
    stored = Transaction.objects.of(user).live()
    return {each.description: (each.category_id, each.kind) for each in stored}


@pytest.mark.django_db
@pytest.mark.usefixtures("categories")
def test_transactions_without_a_category_get_one_from_their_codes(alice: User, pluggy: LocalPluggy) -> None:
    (item,) = read_example(pluggy, alice, "no-categories")
    assert categories_of(alice) == {
        "COMPRA CNAE": ("10000000", Kind.EXPENSE),
        "COMPRA NOME": ("18020000", Kind.EXPENSE),
        "COMPRA CNAE COM PONTOS": ("11010000", Kind.EXPENSE),
        "CREDITO EM CONTA": ("01010000", Kind.INCOME),
        "PACOTE": ("16000000", Kind.EXPENSE),
        "PIX ENVIADO": ("05070000", Kind.EXPENSE),
        "NADA SE SABE": (OTHER, Kind.EXPENSE),
        "COMPRA MCC": ("11010000", Kind.EXPENSE),
        "COMPRA MCC E CNAE": ("19010000", Kind.EXPENSE),
        "COMPRA SEM MCC": (OTHER, Kind.EXPENSE),
        "CREDITO LOJA": ("11010000", Kind.REFUND),
    }
    for account in item.accounts.select_related("item__connector", "user"):
        # What is stored gives the same as what Pluggy sent.
        assert recompute(account, account.transactions.all(), roots=CategoryTree.load().roots).count == 0


@pytest.mark.django_db
@pytest.mark.usefixtures("categories")
def test_a_rule_and_the_bank_are_stronger_than_codes(alice: User) -> None:
    account = create_account(create_item(alice))
    create_rule(alice, text="feira", category_id="18020000")
    merchant = {"cnae": "4711302"}
    store_transactions(
        account,
        {"description": "FEIRA", "categoryId": None, "merchant": merchant},
        {"description": "BANK", "categoryId": "11010000", "merchant": merchant},
        {"description": "UNKNOWN", "categoryId": "77", "merchant": merchant},
        {
            "description": "NUL",
            "categoryId": None,
            "merchant": {"category": "a\u0000b", "cnae": "4711302\u0000"},
        },
    )
    stored = {description: category for description, (category, _) in categories_of(alice).items()}
    assert stored["FEIRA"] == "18020000"
    assert stored["BANK"] == "11010000"
    assert stored["UNKNOWN"] == OTHER
    assert "NUL" in stored


@pytest.mark.django_db
@pytest.mark.usefixtures("categories")
def test_categories_that_were_sent_stay_when_the_trial_ends(
    alice: User, pluggy: LocalPluggy, connect: Connect
) -> None:
    item = connect(alice)
    before = {each.id: each.category_id for each in Transaction.objects.of(alice).live()}
    pluggy.control("POST", "/categorization", on=False)
    added = pluggy.add_transaction(
        str(item.id),
        accountType="CHECKING_ACCOUNT",
        amount=-20,
        description="NOVA COMPRA",
        categoryId="11010000",
    )
    mark_changed(item)
    run = run_sync(item)
    after = {str(each.id): each.category_id for each in Transaction.objects.of(alice).live()}
    assert {key: after[str(key)] for key in before} == before
    assert after[added["id"]] == OTHER
    assert (run.new_categorized, run.new_transactions > 0) == (0, True)
