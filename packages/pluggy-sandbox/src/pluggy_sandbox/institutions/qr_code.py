"""Draw a QR code (ISO/IEC 18004, version 5, correction level L, mask 0) as SVG, for up to 106 bytes."""

SIZE = 37  # modules on a side in version 5
DATA_CODEWORDS, CORRECTION_CODEWORDS = 108, 26  # the number of codewords (Reed-Solomon)
MAX_BYTES = DATA_CODEWORDS - 2  # the header takes two bytes
FORMAT = 0b111011111000100  # level L and mask 0, with the correction bits of the format
QUIET_ZONE = 4  # white modules around the code
Grid = list[list[bool | None]]  # None: free for data


def svg(text: str) -> str:
    """Return the text as a QR code; raise ValueError if it is too long."""
    dark = "".join(
        f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h1v1h-1z"
        for y, row in enumerate(modules(text))
        for x, on in enumerate(row)
        if on
    )
    side = SIZE + 2 * QUIET_ZONE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{dark}"/></svg>'
    )


def modules(text: str) -> list[list[bool]]:
    """Return the rows of modules, true where dark."""
    grid = _function_patterns()
    _fill(grid, _codewords(text.encode()))
    return [[bool(module) for module in row] for row in grid]


def _codewords(data: bytes) -> bytes:
    """Return header (byte mode, length), text, padding and correction codewords."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"a QR code of this size holds {MAX_BYTES} bytes")
    bits = f"0100{len(data):08b}" + "".join(f"{byte:08b}" for byte in data) + "0000"
    codewords = bytes(int(bits[start : start + 8], 2) for start in range(0, len(bits), 8))
    codewords += bytes((0xEC, 0x11)[n % 2] for n in range(DATA_CODEWORDS - len(codewords)))
    return codewords + _correction(codewords)


def _correction(codewords: bytes) -> bytes:
    """Return the remainder of the division by the generator polynomial over GF(256)."""
    generator, root = [1], 1
    for _ in range(CORRECTION_CODEWORDS):
        generator = [_multiply(a, root) ^ b for a, b in zip([0, *generator], [*generator, 0], strict=True)]
        root = _multiply(root, 2)
    remainder = [0] * CORRECTION_CODEWORDS
    for word in codewords:
        factor, remainder = word ^ remainder[0], [*remainder[1:], 0]
        remainder = [
            value ^ _multiply(coefficient, factor)
            for value, coefficient in zip(remainder, generator[1:], strict=True)
        ]
    return bytes(remainder)


def _multiply(a: int, b: int) -> int:
    """Multiply in GF(256) modulo x^8 + x^4 + x^3 + x^2 + 1."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = (a << 1) ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return product


def _function_patterns() -> Grid:
    """Return a grid with everything but data: finders, timing, alignment, format."""
    grid: Grid = [[None] * SIZE for _ in range(SIZE)]
    for n in range(SIZE):
        grid[6][n] = grid[n][6] = n % 2 == 0
    for x, y in ((3, 3), (SIZE - 4, 3), (3, SIZE - 4)):
        _finder(grid, x, y, radius=4, light=(2, 4))
    _finder(grid, 30, 30, radius=2, light=(1,))
    _write_format(grid)
    return grid


def _finder(grid: Grid, x: int, y: int, *, radius: int, light: tuple[int, ...]) -> None:
    for row in range(max(0, y - radius), min(SIZE, y + radius + 1)):
        for column in range(max(0, x - radius), min(SIZE, x + radius + 1)):
            grid[row][column] = max(abs(column - x), abs(row - y)) not in light


def _write_format(grid: Grid) -> None:
    """Write the format bits twice: around the first finder, and split between the other two."""
    first_copy = [(8, n) for n in (0, 1, 2, 3, 4, 5, 7, 8)] + [(n, 8) for n in (7, 5, 4, 3, 2, 1, 0)]
    second_copy = [(SIZE - 1 - n, 8) for n in range(8)] + [(8, SIZE - 15 + n) for n in range(8, 15)]
    for bit in range(15):
        for x, y in (first_copy[bit], second_copy[bit]):
            grid[y][x] = bool(FORMAT >> bit & 1)
    grid[SIZE - 8][8] = True


def _fill(grid: Grid, codewords: bytes) -> None:
    """Write the data in pairs of columns from the right, alternately up and down, with the mask applied."""
    bits = iter("".join(f"{word:08b}" for word in codewords))
    for right in [*range(SIZE - 1, 6, -2), *range(5, 0, -2)]:
        upwards = (SIZE - 1 - right) // 2 % 2 == 0
        for y in range(SIZE - 1, -1, -1) if upwards else range(SIZE):
            for x in (right, right - 1):
                if grid[y][x] is None:
                    grid[y][x] = (next(bits, "0") == "1") != ((x + y) % 2 == 0)
