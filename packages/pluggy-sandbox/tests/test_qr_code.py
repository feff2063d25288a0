"""The QR code can be read back: format, text and error correction."""

import pytest

from pluggy_sandbox.institutions import qr_code

ADDRESS = "http://localhost:9000/connect/bank/abcdefghijklmnopqrstuv"


def codewords(text: str) -> bytes:
    """Read the 134 codewords in the order of the standard: pairs of columns, alternately up and down."""
    grid, fixed, bits = qr_code.modules(text), qr_code._function_patterns(), ""
    for pair, right in enumerate([*range(36, 6, -2), 5, 3, 1]):
        for step in range(37):
            y = step if pair % 2 else 36 - step
            for x in (right, right - 1):
                if fixed[y][x] is None:
                    bits += "01"[grid[y][x] != ((x + y) % 2 == 0)]
    return bytes(int(bits[start : start + 8], 2) for start in range(0, 134 * 8, 8))


def test_the_text_can_be_read_back() -> None:
    digits = codewords(ADDRESS).hex()
    assert digits[0] == "4" and int(digits[1:3], 16) == len(ADDRESS)
    assert bytes.fromhex(digits[3 : 3 + 2 * len(ADDRESS)]).decode() == ADDRESS


def test_the_error_correction_is_valid() -> None:
    """The message is a multiple of the generator: it vanishes at each of the 26 powers of two."""
    words, root = codewords(ADDRESS), 1
    for _ in range(26):
        value = 0
        for word in words:
            value = qr_code._multiply(value, root) ^ word
        assert value == 0
        root = qr_code._multiply(root, 2)


def test_finder_patterns_and_format_bits() -> None:
    grid = qr_code.modules(ADDRESS)
    eye = [[max(abs(x - 3), abs(y - 3)) != 2 for x in range(7)] for y in range(7)]
    for left, top in ((0, 0), (30, 0), (0, 30)):
        assert [transaction[left : left + 7] for transaction in grid[top : top + 7]] == eye
    format_bits = [grid[8][x] for x in (0, 1, 2, 3, 4, 5, 7, 8)] + [grid[y][8] for y in (7, 5, 4, 3, 2, 1, 0)]
    assert "".join("01"[bit] for bit in format_bits) == "111011111000100"  # level L, mask 0


def test_a_text_that_is_too_long_is_refused() -> None:
    qr_code.svg("x" * 106)
    with pytest.raises(ValueError, match="106 bytes"):
        qr_code.svg("x" * 107)
