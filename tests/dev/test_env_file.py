"""Test that .env is written once, keeps the developer's values and gets corrected private URLs."""

import stat
from pathlib import Path

import pytest

from dev import env_file

EXAMPLE = Path(__file__).parents[2] / ".env.example"
PRIVATE_URLS = {
    "DATABASE_URL": "postgres://pfm@//here/var/postgres/pfm",
    "REDIS_URL": "unix:///here/var/redis/pfm.sock?db=0",
}
NAMES = [
    *(
        "SECRET_KEY",
        "DOCUMENT_HASH_KEYS",
        "DEBUG",
        "ALLOWED_HOSTS",
        "PUBLIC_URL",
        "DATABASE_URL",
        "REDIS_URL",
        "PLUGGY_API_URL",
    ),
    *("PLUGGY_CONNECT_URL", "PLUGGY_CLIENT_ID", "PLUGGY_CLIENT_SECRET", "PLUGGY_INCLUDE_SANDBOX"),
    "PLUGGY_WEBHOOK_SECRET",
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".env.example").write_text(EXAMPLE.read_text())
    return tmp_path


def read_env(project: Path) -> dict[str, str]:
    return env_file.parse((project / ".env").read_text())


def test_it_writes_every_setting_readable_by_the_owner_only(project: Path) -> None:
    env_file.update(project, PRIVATE_URLS)
    settings = read_env(project)
    assert list(settings) == NAMES
    assert all(settings.values())
    assert len(settings["SECRET_KEY"]) >= 50
    assert settings["PLUGGY_CLIENT_SECRET"].startswith("pluggy_sk_")
    assert settings["DATABASE_URL"] == PRIVATE_URLS["DATABASE_URL"]
    assert stat.S_IMODE((project / ".env").stat().st_mode) == 0o600


def test_two_projects_have_different_secrets(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / ".env.example").write_text(EXAMPLE.read_text())
    env_file.update(project, PRIVATE_URLS)
    env_file.update(other, PRIVATE_URLS)
    shared = [name for name in env_file.GENERATED if read_env(project)[name] == read_env(other)[name]]
    assert shared == []


def test_a_second_update_changes_nothing(project: Path) -> None:
    env_file.update(project, PRIVATE_URLS)
    before = (project / ".env").read_bytes()
    assert env_file.update(project, PRIVATE_URLS) == []
    assert (project / ".env").read_bytes() == before


def test_it_keeps_the_developers_values_and_lists_what_it_added(project: Path) -> None:
    developer_text = (
        "# mine\nSECRET_KEY='abc=def # not a comment'\nDATABASE_URL=postgres://me:pw@db.example/mine\nEXTRA=1"
    )
    (project / ".env").write_text(developer_text)
    changes = env_file.update(project, PRIVATE_URLS)
    assert (project / ".env").read_text().startswith(developer_text + "\n")
    assert (
        "# Added by `make demo`, because it was missing.\nREDIS_URL=unix:///here"
        in (project / ".env").read_text()
    )
    assert "added REDIS_URL" in changes
    assert not any("DATABASE_URL" in change or "SECRET_KEY" in change for change in changes)


def test_it_fills_in_an_empty_value_on_its_own_line(project: Path) -> None:
    (project / ".env").write_text(EXAMPLE.read_text())
    env_file.update(project, PRIVATE_URLS)
    assert list(read_env(project)) == NAMES
    assert "Added by" not in (project / ".env").read_text()


def test_it_corrects_the_private_urls_of_a_moved_project(project: Path) -> None:
    env_file.update(project, PRIVATE_URLS)
    moved_urls = {name: value.replace("/here", "/there") for name, value in PRIVATE_URLS.items()}
    assert len(env_file.update(project, moved_urls)) == 2
    assert read_env(project)["REDIS_URL"] == moved_urls["REDIS_URL"]


@pytest.mark.parametrize(
    "other_url",
    [
        "postgres://me@db.example:5432/pfm",
        "postgres://pfm@//var/run/postgresql/pfm",
        "postgres://pfm:pw@localhost/pfm",
    ],
)
def test_it_keeps_the_url_of_another_database(project: Path, other_url: str) -> None:
    env_file.update(project, PRIVATE_URLS)
    path = project / ".env"
    path.write_text(path.read_text().replace(PRIVATE_URLS["DATABASE_URL"], other_url))
    assert env_file.update(project, PRIVATE_URLS) == []
    assert read_env(project)["DATABASE_URL"] == other_url


def test_the_process_environment_overrides_the_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env_file.update(project, PRIVATE_URLS)
    monkeypatch.setenv("PUBLIC_URL", "https://tunnel.example")
    assert env_file.effective_settings(project)["PUBLIC_URL"] == "https://tunnel.example"
