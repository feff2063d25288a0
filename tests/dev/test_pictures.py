"""Test that docs/pictures has every picture of dev/pictures.py, not too large, and the README shows them."""

from datetime import date
from pathlib import Path

import pytest
from django.urls import resolve

from dev.pictures import FOLDER, Picture, pictures

MAX_BYTES = 400 * 1024
ALL = pictures(date(2026, 1, 1))


@pytest.mark.parametrize("picture", ALL, ids=lambda picture: picture.file_name)
def test_a_picture_is_taken_and_shown(picture: Picture, project_root: Path) -> None:
    content = (FOLDER / picture.file_name).read_bytes()
    resolve(picture.path.partition("?")[0])  # raises Resolver404 if there is no such page
    assert content.startswith(b"\x89PNG")
    assert len(content) < MAX_BYTES
    assert f"docs/pictures/{picture.file_name}" in (project_root / "README.md").read_text()


def test_there_is_no_other_picture() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {picture.file_name for picture in ALL}


def test_the_overview_shows_the_last_complete_month() -> None:
    assert ALL[0].path == "/?month=2025-12"
