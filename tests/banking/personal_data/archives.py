"""Build archives by hand, also ones that no Lume would make."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

USER = {"email": "zuleica@example.com", "first_name": "Zuleica", "theme": "dark", "is_staff": True, "id": 77}


def build(path: Path, rows: dict[str, list[dict[str, Any]]] | None = None, **changes: Any) -> Path:
    """Write an archive with these rows by table, and changes of its manifest; `files` adds files as they are."""
    described, contents = [], {}
    for table, of_table in {"accounts_user": [USER], **(rows or {})}.items():
        name = f"data/{table}.jsonl"
        contents[name] = "".join(json.dumps(row) + "\n" for row in of_table).encode()
        columns = {column: "x" for row in of_table for column in row}
        described.append(
            {
                "table": table,
                "file": name,
                "count": len(of_table),
                "sha256": hashlib.sha256(contents[name]).hexdigest(),
                "columns": columns,
            }
        )
    manifest = {"format": 1, "version": "0", "email": "zuleica@example.com", "tables": described, "files": []}
    contents |= changes.pop("files", {})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
        archive.writestr("manifest.json", json.dumps(manifest | changes))
    return path


def change(path: Path, name: str, content: bytes | None) -> Path:
    """Replace a file of the archive, or remove it; the manifest stays."""
    with zipfile.ZipFile(path) as archive:
        contents = {entry: archive.read(entry) for entry in archive.namelist()}
    if content is None:
        del contents[name]
    else:
        contents[name] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, of_entry in contents.items():
            archive.writestr(entry, of_entry)
    return path
