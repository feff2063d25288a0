"""CPF and CNPJ: check digits, letters in a CNPJ (since July 2026), what is shown and what is compared."""

import json

import pytest

from banking.money.documents import (
    account_hash,
    complete,
    contradict,
    could_be,
    document_hash,
    is_cnpj,
    is_cpf,
    masked,
    pix_key_document,
    punctuated,
    redacted,
)

LETTERS = "12.ABC.345/01DE-35"  # the example of the tax office


@pytest.mark.parametrize(
    "number", ["39053344705", "52998224725", "11144477735", "76109277673", "00000000191"]
)
def test_valid_cpf(number: str) -> None:
    assert is_cpf(number)
    wrong = str((int(number[-1]) + 1) % 10)
    assert not is_cpf(number[:-1] + wrong)


@pytest.mark.parametrize("number", ["11222333000181", "12ABC34501DE35", "00000000000191"])
def test_valid_cnpj(number: str) -> None:
    assert is_cnpj(number)
    wrong = str((int(number[-1]) + 1) % 10)
    assert not is_cnpj(number[:-1] + wrong)


@pytest.mark.parametrize(
    "number", ["", "11111111111", "1234567890", "12ABC34501DEA5", "12ABC34501DE3", "ABC"]
)
def test_what_is_no_document(number: str) -> None:
    assert not is_cpf(number)
    assert not is_cnpj(number)


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        ("390.533.447-05", "39053344705"),
        (LETTERS, "12ABC34501DE35"),
        ("12.abc.345/01de-35", "12ABC34501DE35"),
        (" 12abc34501de35 ", "12ABC34501DE35"),
        ("191", ""),
        ("191000001", ""),
        ("0000000191", "00000000191"),  # sent as a number: zeros in front are lost
        ("1222333000181", ""),
        ("00039053344705", "39053344705"),  # a CPF in the width of a CNPJ
        ("***.***.447-05", ""),
        ("XXX.XXX.447-05", ""),
        ("XX.XXX.XXX/0001-44", ""),
        ("•••.•••.447-05", ""),
        (None, ""),
        ("", ""),
    ],
)
def test_only_a_whole_document_is_compared(sent: str | None, number: str) -> None:
    assert complete(sent) == number
    assert bool(document_hash(sent)) == bool(number)


def test_the_same_document_has_the_same_hash_in_every_spelling() -> None:
    assert len({document_hash(sent) for sent in (LETTERS, "12ABC34501DE35", "12.abc.345/01de-35")}) == 1
    assert document_hash(LETTERS) != document_hash("11222333000181")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("39053344705", "***.533.447-**"),
        (LETTERS, "**.ABC.345/01DE-**"),
        ("***.533.447-**", "***.533.447-**"),
        ("***.***.447-05", "***.***.447-**"),
        ("XXX.533.447-XX", "***.533.447-**"),
        ("•••.533.447-••", "***.533.447-**"),
        ("XX.XXX.XXX/0001-XX", "**.***.***/0001-**"),
        ("XX.XXX.XXX/0001-44", "**.***.***/0001-**"),
        ("123", ""),
    ],
)
def test_a_document_is_shown_masked(sent: str, shown: str) -> None:
    assert masked(sent) == shown


@pytest.mark.parametrize(
    ("shown", "own", "is_other"),
    [
        ("***.123.456-**", "***.533.447-**", True),
        ("***.533.447-**", "***.533.447-**", False),
        ("***.***.447-**", "***.533.447-**", False),
        ("***.***.448-**", "***.533.447-**", True),
        ("***.***.***-**", "***.533.447-**", False),  # nothing is visible
        ("XXX.123.456-XX", "***.533.447-**", True),
        ("XXX.533.447-XX", "***.533.447-**", False),
        ("•••.533.447-••", "390.533.447-05", False),
        ("390.***.***-05", "39053344705", False),
        ("391.***.***-05", "39053344705", True),
        ("**.222.333/0001-**", "***.533.447-**", True),  # a company
        ("**.***.***/****-**", "***.533.447-**", True),
        ("**.222.333/0001-**", "**.222.333/0001-**", False),
        ("**.ABC.345/01DE-**", "**.ABE.345/01DE-**", True),
        ("", "***.533.447-**", False),
        ("***.123.456-**", "", False),
    ],
)
def test_visible_characters_show_that_documents_are_different(shown: str, own: str, is_other: bool) -> None:
    assert contradict(shown, own) == contradict(own, shown) == is_other


def test_an_account_number_may_end_with_x() -> None:
    assert account_hash("0001", "12345-X") == account_hash("1", "12345x") != account_hash("0001", "12345")


def test_a_company_is_shown_with_its_punctuation() -> None:
    assert punctuated("12abc34501de35") == LETTERS


@pytest.mark.parametrize(
    ("description", "number"),
    [
        ("PIX ENVIADO 12.ABC.345/01DE-35", "12ABC34501DE35"),
        ("PIX ENVIADO 12ABC34501DE35", "12ABC34501DE35"),
        ("pix enviado 12abc34501de35", "12ABC34501DE35"),
        ("PIX ENVIADO 529.982.247-25", "52998224725"),
        ("PIX ENVIADO 52998224726", ""),  # wrong check digits
        ("PIX ENVIADO 52998224725 39053344705", ""),  # two
        ("PIX ENVIADO MARIA", ""),
    ],
)
def test_a_pix_key_may_be_a_document(description: str, number: str) -> None:
    assert pix_key_document(description) == number


def test_operators_see_no_document() -> None:
    body = {"text": f"PIX {LETTERS} 12ABC34501DE35 39053344705", "word": "ABCDEFGHIJKL99"}
    assert json.loads(redacted(json.dumps(body).encode())) == {
        "text": "PIX ••• ••• •••",
        "word": "ABCDEFGHIJKL99",
    }


def test_a_masked_document_fits_what_it_may_stand_for() -> None:
    assert could_be("***.***.447-05", "390.533.447-05")
    assert could_be(None, "39053344705")
    assert not could_be("***.***.448-05", "39053344705")
    assert not could_be("**.222.333/0001-**", "39053344705")
