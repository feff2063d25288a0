"""Draw a code as a small PNG, for institutions that show the code as an image."""

import base64
import struct
import zlib

DIGIT_WIDTH, DIGIT_HEIGHT, MARGIN = 5, 7, 3  # in dots
SCALE = 6  # pixels of a dot
BACKGROUND, FOREGROUND = 255, 40
DIGITS = {  # seven rows of five dots each, as binary numbers
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


def png_base64(code: str) -> str:
    """Return the digits as a grey PNG in base64."""
    rows = [_row(code, y - MARGIN) for y in range(DIGIT_HEIGHT + 2 * MARGIN)]
    lines = [bytes(value for value in row for _ in range(SCALE)) for row in rows for _ in range(SCALE)]
    header = struct.pack(">IIBBBBB", len(lines[0]), len(lines), 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + line for line in lines))
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunks).decode()


def _row(code: str, y: int) -> list[int]:
    """Return one row of dots through all digits, with a gap after each."""
    dots = [BACKGROUND] * MARGIN
    for digit in code:
        bits = DIGITS[digit][y] if 0 <= y < DIGIT_HEIGHT else 0
        for x in range(DIGIT_WIDTH):
            dots.append(FOREGROUND if bits >> (DIGIT_WIDTH - 1 - x) & 1 else BACKGROUND)
        dots.append(BACKGROUND)
    return dots + [BACKGROUND] * MARGIN


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
