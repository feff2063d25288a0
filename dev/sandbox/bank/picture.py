"""Draws a code as a small PNG, for banks that show a picture and ask what it says."""

import base64
import struct
import zlib

ACROSS, DOWN, SCALE, MARGIN = 5, 7, 6, 3  # of a digit, in dots; one dot in pixels; dots around the code
PAPER, INK = 255, 40
DIGITS = {  # seven rows of five dots each, as binary
    "0": (14, 17, 19, 21, 25, 17, 14),
    "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 2, 4, 8, 31),
    "3": (31, 2, 4, 2, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2),
    "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14),
    "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14),
    "9": (14, 17, 17, 15, 1, 2, 12),
}


def picture(code: str) -> str:
    """The digits as a grey PNG in base64."""
    rows = [_row(code, y - MARGIN) for y in range(DOWN + 2 * MARGIN)]
    lines = [bytes(value for value in row for _ in range(SCALE)) for row in rows for _ in range(SCALE)]
    header = struct.pack(">IIBBBBB", len(lines[0]), len(lines), 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + line for line in lines))
    parts = _part(b"IHDR", header) + _part(b"IDAT", pixels) + _part(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


def _row(code: str, y: int) -> list[int]:
    """One row of dots through all digits, with a dot of air after each."""
    dots = [PAPER] * MARGIN
    for digit in code:
        bits = DIGITS[digit][y] if 0 <= y < DOWN else 0
        dots += [INK if bits >> (ACROSS - 1 - x) & 1 else PAPER for x in range(ACROSS)] + [PAPER]
    return dots + [PAPER] * MARGIN


def _part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
