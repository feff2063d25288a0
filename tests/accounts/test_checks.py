"""Test what `check --deploy` refuses: a release without mail, with known secrets, with the demo's second factor."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import Tags, run_checks
from django.utils import timezone

from accounts import checks
from dev.check import TEST_SETTINGS, lint_steps

RELEASE = next(dict(step.environment) for step in lint_steps() if step.first_word == "check")


@pytest.fixture(autouse=True)
def _release(settings: Any) -> None:
    """The settings of a release, with secrets that were just made."""
    settings.DEBUG, settings.EMAIL_BACKEND = False, "django.core.mail.backends.smtp.EmailBackend"
    for name in ("SECRET_KEY", "PLUGGY_CLIENT_SECRET", "PLUGGY_WEBHOOK_SECRET"):
        setattr(settings, name, RELEASE[name])
    settings.DOCUMENT_HASH_KEYS = [RELEASE["DOCUMENT_HASH_KEYS"]]


def found() -> dict[str, str]:
    """Return the messages of `check --deploy` by id."""
    messages = run_checks(tags=[Tags.security], include_deployment_checks=True)
    return {str(message.id): message.msg for message in messages if str(message.id).startswith("accounts.")}


def test_a_release_with_everything_passes(settings: Any) -> None:
    assert found() == {}
    settings.SECURITY_CONTACTS = ["mailto:security@lume.example"]
    settings.SECURITY_CONTACTS_UNTIL = timezone.now() + timedelta(days=90)
    assert found() == {}


def test_a_release_that_prints_its_mails_is_an_error(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"  # without EMAIL_URL
    assert found() == {"accounts.E001": "Mails are not sent."}


@pytest.mark.parametrize("name", ["SECRET_KEY", "PLUGGY_CLIENT_SECRET", "PLUGGY_WEBHOOK_SECRET"])
@pytest.mark.parametrize("value", ["", "django-insecure-k3y", "Change_Me-please-0123456789-0123456789"])
def test_a_secret_that_everybody_can_read_is_an_error(settings: Any, name: str, value: str) -> None:
    setattr(settings, name, value or TEST_SETTINGS[name])
    assert found() == {"accounts.E002": f"{name} is from an example or a test."}


def test_one_value_for_two_secrets_is_an_error(settings: Any) -> None:
    settings.PLUGGY_WEBHOOK_SIGNING_SECRET = settings.SECRET_KEY
    assert found() == {"accounts.E003": "PLUGGY_WEBHOOK_SIGNING_SECRET and SECRET_KEY are the same."}


def test_the_second_factor_of_the_demo_is_an_error(settings: Any) -> None:
    settings.DEMO_SECOND_FACTOR_CODE = "123456"
    assert found() == {"accounts.E004": "DEMO_SECOND_FACTOR_CODE is set."}


def test_an_expired_contact_is_a_warning(settings: Any) -> None:
    settings.SECURITY_CONTACTS = ["mailto:security@lume.example"]
    for settings.SECURITY_CONTACTS_UNTIL in (None, timezone.now() - timedelta(days=1)):
        assert list(found()) == ["accounts.W001"]


def test_the_demo_has_no_such_faults(settings: Any) -> None:
    settings.DEBUG, settings.SECRET_KEY = True, TEST_SETTINGS["SECRET_KEY"]
    assert checks.release_settings() == []
