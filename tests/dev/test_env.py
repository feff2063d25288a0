"""It writes .env once, keeps what a person wrote and repairs only what it wrote itself."""

import stat
from pathlib import Path

import pytest

from dev import env

EXAMPLE = Path(__file__).parents[2] / ".env.example"
HERE = {
    "DATABASE_URL": "postgres://pfm@//here/var/postgres/pfm",
    "REDIS_URL": "unix:///here/var/redis/pfm.sock?db=0",
}
NAMES = [
    *("SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "PUBLIC_URL", "DATABASE_URL", "REDIS_URL", "PLUGGY_API_URL"),
    *("PLUGGY_CONNECT_URL", "PLUGGY_CLIENT_ID", "PLUGGY_CLIENT_SECRET", "PLUGGY_WEBHOOK_SECRET"),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".env.example").write_text(EXAMPLE.read_text())
    return tmp_path


def written(project: Path) -> dict[str, str]:
    return env.parse((project / ".env").read_text())


def test_it_writes_every_setting_for_its_owner_alone(project):
    env.ensure(project, HERE)
    settings = written(project)
    assert list(settings) == NAMES
    assert all(settings.values())
    assert len(settings["SECRET_KEY"]) >= 50
    assert settings["PLUGGY_CLIENT_SECRET"].startswith("pluggy_sk_")
    assert settings["DATABASE_URL"] == HERE["DATABASE_URL"]
    assert stat.S_IMODE((project / ".env").stat().st_mode) == 0o600


def test_two_projects_share_no_secret(project, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / ".env.example").write_text(EXAMPLE.read_text())
    env.ensure(project, HERE)
    env.ensure(other, HERE)
    secrets = [name for name in env.GENERATED if written(project)[name] == written(other)[name]]
    assert secrets == []


def test_a_second_start_changes_nothing(project):
    env.ensure(project, HERE)
    before = (project / ".env").read_bytes()
    assert env.ensure(project, HERE) == []
    assert (project / ".env").read_bytes() == before


def test_it_keeps_what_a_person_wrote_and_says_what_it_added(project):
    mine = (
        "# mine\nSECRET_KEY='abc=def # not a comment'\nDATABASE_URL=postgres://me:pw@db.example/mine\nEXTRA=1"
    )
    (project / ".env").write_text(mine)
    done = env.ensure(project, HERE)
    assert (project / ".env").read_text().startswith(mine + "\n")
    assert (
        "# Added by `make demo`, because it was missing.\nREDIS_URL=unix:///here"
        in (project / ".env").read_text()
    )
    assert "added REDIS_URL" in done
    assert not any("DATABASE_URL" in line or "SECRET_KEY" in line for line in done)


def test_it_fills_in_an_empty_value_on_its_own_line(project):
    (project / ".env").write_text(EXAMPLE.read_text())
    env.ensure(project, HERE)
    assert list(written(project)) == NAMES
    assert "Added by" not in (project / ".env").read_text()


def test_it_corrects_the_private_addresses_of_a_moved_project_only(project):
    env.ensure(project, HERE)
    there = {name: value.replace("/here", "/there") for name, value in HERE.items()}
    assert len(env.ensure(project, there)) == 2
    assert written(project)["REDIS_URL"] == there["REDIS_URL"]


@pytest.mark.parametrize(
    "outside",
    [
        "postgres://me@db.example:5432/pfm",
        "postgres://pfm@//var/run/postgresql/pfm",
        "postgres://pfm:pw@localhost/pfm",
    ],
)
def test_an_outside_database_stays(project, outside):
    env.ensure(project, HERE)
    path = project / ".env"
    path.write_text(path.read_text().replace(HERE["DATABASE_URL"], outside))
    assert env.ensure(project, HERE) == []
    assert written(project)["DATABASE_URL"] == outside


def test_the_process_environment_wins(project, monkeypatch):
    env.ensure(project, HERE)
    monkeypatch.setenv("PUBLIC_URL", "https://tunnel.example")
    assert env.effective(project)["PUBLIC_URL"] == "https://tunnel.example"
