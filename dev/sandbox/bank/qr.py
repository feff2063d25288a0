"""Draws a QR code (ISO/IEC 18004, version 5, correction level L, mask 0) as SVG: room for 106 bytes."""

SIZE = 37  # modules on a side in version 5
DATA, CHECK = 108, 26  # codewords: of data, of Reed-Solomon correction
MOST = DATA - 2  # bytes of text beside the header
FORMAT = 0b111011111000100  # level L and mask 0, with their own correction bits
QUIET = 4  # modules of white around
Grid = list[list[bool | None]]  # None: still free for data


def svg(text: str) -> str:
    """The text as a picture; ValueError when it is too long."""
    dark = "".join(
        f"M{x + QUIET} {y + QUIET}h1v1h-1z"
        for y, row in enumerate(modules(text))
        for x, on in enumerate(row)
        if on
    )
    side = SIZE + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{dark}"/></svg>'
    )


def modules(text: str) -> list[list[bool]]:
    """Rows of modules, true where dark."""
    grid = _frame()
    _fill(grid, _codewords(text.encode()))
    return [[bool(module) for module in row] for row in grid]


def _codewords(data: bytes) -> bytes:
    """Header (byte mode, length), text, padding, and the correction after them."""
    if len(data) > MOST:
        raise ValueError(f"a QR code of this size holds {MOST} bytes")
    bits = f"0100{len(data):08b}" + "".join(f"{byte:08b}" for byte in data) + "0000"
    words = bytes(int(bits[start : start + 8], 2) for start in range(0, len(bits), 8))
    words += bytes((0xEC, 0x11)[n % 2] for n in range(DATA - len(words)))
    return words + _correction(words)


def _correction(words: bytes) -> bytes:
    """The remainder of the division by the generator polynomial over GF(256)."""
    generator, root = [1], 1
    for _ in range(CHECK):
        generator = [_times(a, root) ^ b for a, b in zip([0, *generator], [*generator, 0], strict=True)]
        root = _times(root, 2)
    rest = [0] * CHECK
    for word in words:
        factor, rest = word ^ rest[0], [*rest[1:], 0]
        rest = [
            one ^ _times(coefficient, factor) for one, coefficient in zip(rest, generator[1:], strict=True)
        ]
    return bytes(rest)


def _times(a: int, b: int) -> int:
    """Multiplication in GF(256) modulo x^8 + x^4 + x^3 + x^2 + 1."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = (a << 1) ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return product


def _frame() -> Grid:
    """Everything that is not data: finders, timing, alignment, format."""
    grid: Grid = [[None] * SIZE for _ in range(SIZE)]
    for n in range(SIZE):
        grid[6][n] = grid[n][6] = n % 2 == 0
    for x, y in ((3, 3), (SIZE - 4, 3), (3, SIZE - 4)):
        _square(grid, x, y, reach=4, light=(2, 4))
    _square(grid, 30, 30, reach=2, light=(1,))
    _write_format(grid)
    return grid


def _square(grid: Grid, x: int, y: int, *, reach: int, light: tuple[int, ...]) -> None:
    for row in range(max(0, y - reach), min(SIZE, y + reach + 1)):
        for column in range(max(0, x - reach), min(SIZE, x + reach + 1)):
            grid[row][column] = max(abs(column - x), abs(row - y)) not in light


def _write_format(grid: Grid) -> None:
    """Twice: around the first finder, and split between the other two."""
    around = [(8, n) for n in (0, 1, 2, 3, 4, 5, 7, 8)] + [(n, 8) for n in (7, 5, 4, 3, 2, 1, 0)]
    apart = [(SIZE - 1 - n, 8) for n in range(8)] + [(8, SIZE - 15 + n) for n in range(8, 15)]
    for bit in range(15):
        for x, y in (around[bit], apart[bit]):
            grid[y][x] = bool(FORMAT >> bit & 1)
    grid[SIZE - 8][8] = True


def _fill(grid: Grid, words: bytes) -> None:
    """Two columns at a time from the right, up and down, inverted where the mask says so."""
    bits = iter("".join(f"{word:08b}" for word in words))
    for right in [*range(SIZE - 1, 6, -2), *range(5, 0, -2)]:
        upwards = (SIZE - 1 - right) // 2 % 2 == 0
        for y in range(SIZE - 1, -1, -1) if upwards else range(SIZE):
            for x in (right, right - 1):
                if grid[y][x] is None:
                    grid[y][x] = (next(bits, "0") == "1") != ((x + y) % 2 == 0)
