"""Answers cost the same whether somebody has the e-mail address or not: hashes, queries, writes (A-53).

How long they take is measured by `python -m dev.bench sign_in_times`.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from bench.sign_in_times import FORMS
from tests.accounts.counting_hasher import CountingHasher
from tests.conftest import PASSWORD

READS, WRITES = {"SELECT", "DECLARE"}, {"INSERT", "UPDATE", "DELETE"}
MAX_DIFFERENT_READS = 6  # a fraction of a millisecond each
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _production(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["tests.accounts.counting_hasher.CountingHasher"]
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


@pytest.fixture
def known(db: None) -> str:
    user = User.objects.create_user("known@example.com", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user.email


@dataclass(frozen=True)
class Cost:
    """What an answer costs."""

    hashes: int
    transactions: int  # that write something; each waits for the disk
    reads: int


def cost_of(name: str, email: str) -> Cost:
    """Send a form as a new browser, and count."""
    path, form = FORMS[name]
    cache.clear()
    CountingHasher.count = 0
    with CaptureQueriesContext(connection) as queries:
        answer = Client().post(path, form(email))
    assert answer.status_code in (200, 302)
    statements = [query["sql"].split()[0] for query in queries]
    return Cost(CountingHasher.count, _transactions(statements), sum(map(READS.__contains__, statements)))


def _transactions(statements: list[str]) -> int:
    """Count the outermost blocks and the writes outside of them; a test is itself one transaction."""
    depth = count = 0
    for statement in statements:
        depth += {"SAVEPOINT": 1, "RELEASE": -1}.get(statement, 0)
        count += depth == 0 and (statement == "RELEASE" or statement in WRITES)
    return count


@pytest.mark.parametrize("name", FORMS)
def test_an_answer_costs_the_same(known: str, name: str) -> None:
    to_known, to_unknown = cost_of(name, known), cost_of(name, "unknown@example.com")
    assert to_known.hashes == to_unknown.hashes == (1 if name.startswith("sign") else 0)
    assert to_known.transactions == to_unknown.transactions
    assert abs(to_known.reads - to_unknown.reads) <= MAX_DIFFERENT_READS


def test_the_answers_are_the_same(known: str) -> None:
    for path, form in FORMS.values():
        answers = [Client().post(path, form(email)) for email in (known, "unknown@example.com")]
        assert answers[0].status_code == answers[1].status_code
        assert answers[0].get("Location") == answers[1].get("Location")


def test_an_old_hash_still_works_and_is_renewed(known: str, settings: Any) -> None:
    pbkdf2, argon2 = "django.contrib.auth.hashers.PBKDF2PasswordHasher", "accounts.hashers.Argon2Hasher"
    settings.PASSWORD_HASHERS = [argon2, pbkdf2]
    user = User.objects.get(email=known)
    user.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    user.save()
    Client().post("/accounts/login/", {"login": known, "password": PASSWORD})
    user.refresh_from_db()
    assert user.last_login and user.password.startswith("argon2$argon2id$v=19$m=47104,t=2,p=1$")
