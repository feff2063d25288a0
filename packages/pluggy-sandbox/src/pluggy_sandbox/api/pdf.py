"""Write plain text as a minimal PDF file, enough for a bank statement."""

from collections.abc import Sequence

LINES_PER_PAGE = 56
HEADER = b"%PDF-1.4\n"
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>"


def document(lines: Sequence[str]) -> bytes:
    """Return a PDF with the lines on A4 pages. Characters outside Windows-1252 become question marks."""
    pages = [lines[start : start + LINES_PER_PAGE] for start in range(0, len(lines), LINES_PER_PAGE)] or [[]]
    page_refs = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), page_refs),
        FONT,
    ]
    for number, text in enumerate(pages):
        objects += [_page(5 + 2 * number), _stream(_text_commands(text))]
    return _file(objects)


def _page(content: int) -> bytes:
    fonts = b"/Resources << /Font << /F1 3 0 R >> >>"
    size = b"/MediaBox [0 0 595 842]"
    return b"<< /Type /Page /Parent 2 0 R %s %s /Contents %d 0 R >>" % (size, fonts, content)


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)


def _text_commands(lines: Sequence[str]) -> bytes:
    commands = b"\n".join(b"(%s) '" % _escaped(line) for line in lines)
    return b"BT /F1 9 Tf 13 TL 40 800 Td\n%s\nET" % commands


def _escaped(line: str) -> bytes:
    text = line.encode("cp1252", errors="replace")
    return text.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _file(objects: Sequence[bytes]) -> bytes:
    body, offsets = bytearray(HEADER), []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size, start = len(objects) + 1, len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    body += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(body)
