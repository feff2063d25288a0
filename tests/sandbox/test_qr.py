"""The QR code can be read back: format, text and error correction, as a telephone would check them."""

import pytest

from dev.sandbox.bank import qr

ADDRESS = "http://localhost:9000/connect/bank/abcdefghijklmnopqrstuv"


def codewords(text: str) -> bytes:
    """The 134 bytes in a picture, in the order of the standard: up and down, two columns at a time."""
    grid, fixed, bits = qr.modules(text), qr._frame(), ""
    for pair, right in enumerate([*range(36, 6, -2), 5, 3, 1]):
        for step in range(37):
            y = step if pair % 2 else 36 - step
            for x in (right, right - 1):
                if fixed[y][x] is None:
                    bits += "01"[grid[y][x] != ((x + y) % 2 == 0)]
    return bytes(int(bits[start : start + 8], 2) for start in range(0, 134 * 8, 8))


def test_it_says_its_text() -> None:
    digits = codewords(ADDRESS).hex()
    assert digits[0] == "4" and int(digits[1:3], 16) == len(ADDRESS)
    assert bytes.fromhex(digits[3 : 3 + 2 * len(ADDRESS)]).decode() == ADDRESS


def test_its_correction_is_right() -> None:
    """The message is a multiple of the generator: it vanishes at each of the 26 powers of two."""
    words, root = codewords(ADDRESS), 1
    for _ in range(26):
        value = 0
        for word in words:
            value = qr._times(value, root) ^ word
        assert value == 0
        root = qr._times(root, 2)


def test_it_has_the_three_eyes_and_says_how_to_read_it() -> None:
    grid = qr.modules(ADDRESS)
    eye = [[max(abs(x - 3), abs(y - 3)) != 2 for x in range(7)] for y in range(7)]
    for left, top in ((0, 0), (30, 0), (0, 30)):
        assert [row[left : left + 7] for row in grid[top : top + 7]] == eye
    said = [grid[8][x] for x in (0, 1, 2, 3, 4, 5, 7, 8)] + [grid[y][8] for y in (7, 5, 4, 3, 2, 1, 0)]
    assert "".join("01"[on] for on in said) == "111011111000100"  # level L, mask 0


def test_a_text_that_is_too_long_is_refused() -> None:
    qr.svg("x" * 106)
    with pytest.raises(ValueError, match="106 bytes"):
        qr.svg("x" * 107)
