"""Amounts as users type them: both notations are parsed, and ambiguous ones are refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banking.money import amounts
from banking.money.amounts import BadAmount

AMOUNTS = st.decimals(min_value=0, max_value=Decimal("9999999999.99"), places=2)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1.234,56", "1234.56"),
        ("1234.56", "1234.56"),
        ("1234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234.567", "1234567"),
        ("1,234,567.8", "1234567.8"),
        ("12", "12"),
        ("1234", "1234"),
        ("0,5", "0.5"),
        (" R$ 10,00 ", "10"),
        ("R$\u00a01.000,00", "1000"),
    ],
)
def test_both_notations_are_parsed(text: str, amount: str) -> None:
    assert amounts.parse(text) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1.234", "ambiguous"),
        ("1,234", "ambiguous"),
        ("12.345", "ambiguous"),
        ("", "unreadable"),
        ("ten", "unreadable"),
        ("-5", "unreadable"),
        ("1.23,45", "unreadable"),
        ("1,234,56", "unreadable"),
        ("1.234.56", "unreadable"),
        ("1234,567", "unreadable"),
        ("1e5", "unreadable"),
        ("NaN", "unreadable"),
        ("١٢", "unreadable"),
        ("9" * 40, "too large"),
    ],
)
def test_unclear_amount_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(BadAmount) as refused:
        amounts.parse(text)
    assert refused.value.reason == reason


@given(AMOUNTS)
def test_formatted_amount_is_parsed_as_the_same_amount(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    portuguese = english.translate(str.maketrans(",.", ".,"))
    plain = f"{amount:.2f}"
    for text in (english, portuguese, plain, plain.replace(".", ","), amounts.format_input(amount)):
        assert amounts.parse(text) == amount


@given(st.text(alphabet="0123456789.,-R$ e\u00a0", max_size=16) | st.text(max_size=8))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        amount = amounts.parse(text)
    except BadAmount:
        return
    assert 0 <= amount < amounts.MAX_AMOUNT
    assert "".join(filter(str.isdigit, text)).lstrip("0").startswith(str(int(amount)).lstrip("0"))
