"""Staff escalation: whoever may change users cannot become more than they are, nor take the account of staff."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts.models import SecurityEvent, User
from tests.conftest import PASSWORD
from tests.staff import give_reason, page, sign_in_staff, sign_in_superuser

pytestmark = pytest.mark.django_db
ALL_OF_USERS = [
    f"{action}_{model}" for model in ("user", "group") for action in ("view", "add", "change", "delete")
]
USERS = "admin:accounts_user_changelist"
NEW_PASSWORD = "quatro palavras bem longas"


@pytest.fixture
def clerk(db: None) -> Client:
    """Staff who may do everything with users and groups, but is no superuser."""
    return sign_in_staff("clerk@example.com", *ALL_OF_USERS)


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root@example.com", PASSWORD)


@pytest.fixture
def colleague(db: None) -> User:
    return User.objects.create_user("colleague@example.com", PASSWORD, is_staff=True)


def state(user: User) -> tuple[Any, ...]:
    user.refresh_from_db()
    names = ("email", "password", "is_staff", "is_superuser", "is_active")
    permissions = list(user.user_permissions.values_list("codename", flat=True)), list(user.groups.all())
    return (*(getattr(user, name) for name in names), *map(str, permissions))


def change(client: Client, user: User, **fields: Any) -> int:
    form = {"email": user.email, "theme": "auto", "is_active": "on", "date_joined_0": "2026-01-01"} | fields
    return client.post(reverse("admin:accounts_user_change", args=[user.pk]), form).status_code


EVERYTHING = {"is_staff": "on", "is_superuser": "on", "email": "clerk@evil.test"}


@pytest.mark.parametrize("whose", ["root", "colleague", "clerk itself"])
def test_an_account_of_staff_cannot_be_changed(
    clerk: Client, root: User, colleague: User, whose: str, bob: User
) -> None:
    user = {"root": root, "colleague": colleague}.get(whose) or User.objects.get(email="clerk@example.com")
    give_reason(clerk, user)
    before = state(user)
    group, every = (
        Group.objects.create(name="x"),
        [str(pk) for pk in Permission.objects.values_list("pk", flat=True)],
    )
    assert change(clerk, user, **EVERYTHING, groups=[group.pk], user_permissions=every) == 403
    assert change(clerk, user, is_active="") == 403
    passwords = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    for url in (
        reverse("admin:auth_user_password_change", args=[user.pk]),
        f"/admin/accounts/user/{user.pk}/password/",
        f"/admin/accounts/user/{user.pk}/delete/",
    ):
        assert clerk.get(url).status_code == 403
        assert clerk.post(url, passwords | {"post": "yes"}).status_code == 403
    for action in ("delete_selected", "activate"):
        clerk.post(reverse(USERS), {"action": action, "_selected_action": [user.pk], "post": "yes"})
    clerk.post(
        reverse(USERS), {"form-0-id": user.pk, "form-0-is_staff": "on", "_save": "", "form-TOTAL_FORMS": 1}
    )
    assert state(user) == before


def test_nobody_is_made_staff_by_less_than_a_superuser(clerk: Client, alice: User) -> None:
    give_reason(clerk, alice)
    group = Group.objects.create(name="x")
    assert change(clerk, alice, **EVERYTHING | {"email": alice.email}, groups=[group.pk]) == 302
    alice.refresh_from_db()
    assert (alice.is_staff, alice.is_superuser, alice.groups.count()) == (False, False, 0)
    form = {"email": "new@example.com", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD, **EVERYTHING}
    form |= {"email": "new@example.com", "usable_password": "true"}
    clerk.post(reverse("admin:accounts_user_add"), form)
    assert not User.objects.filter(email="new@example.com", is_staff=True).exists()
    assert not User.objects.filter(email="new@example.com", is_superuser=True).exists()


def test_groups_are_changed_by_superusers_alone(clerk: Client) -> None:
    group = Group.objects.create(name="operators")
    User.objects.get(email="clerk@example.com").groups.add(group)
    every = list(Permission.objects.values_list("pk", flat=True))
    for url in (
        reverse("admin:auth_group_change", args=[group.pk]),
        reverse("admin:auth_group_add"),
        reverse("admin:auth_group_delete", args=[group.pk]),
    ):
        assert clerk.post(url, {"name": "y", "permissions": every, "post": "yes"}).status_code == 403
    assert group.permissions.count() == 0
    assert list(Group.objects.values_list("name", flat=True)) == ["operators"]


def test_addresses_sessions_and_second_factors_are_not_in_the_admin(clerk: Client, root: User) -> None:
    """Whoever changes a superuser's address could have the password sent there."""
    names = {f"{model._meta.app_label}.{model._meta.model_name}" for model in admin.site._registry}
    secret = {
        "account.emailaddress",
        "account.emailconfirmation",
        "mfa.authenticator",
        "usersessions.usersession",
    }
    assert names & (secret | {"sessions.session", "auth.permission", "admin.logentry"}) == set()
    address = EmailAddress.objects.create(user=root, email=root.email, primary=True)
    url = f"/admin/account/emailaddress/{address.pk}/change/"
    assert clerk.post(url, {"email": "clerk@evil.test"}).status_code == 404


def test_nobody_deletes_users_in_the_admin(alice: User) -> None:
    """Their data must be deleted at Pluggy first."""
    superuser = sign_in_superuser()
    assert superuser.post(f"/admin/accounts/user/{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    superuser.post(
        reverse(USERS), {"action": "delete_selected", "_selected_action": [alice.pk], "post": "yes"}
    )
    assert User.objects.filter(pk=alice.pk).exists()


def test_a_superuser_changes_staff_and_the_user_sees_it(colleague: User, alice: User) -> None:
    superuser = sign_in_superuser()
    give_reason(superuser, colleague)
    assert change(superuser, colleague, is_staff="", first_name="Carla") == 302
    colleague.refresh_from_db()
    assert (colleague.is_staff, colleague.first_name) == (False, "Carla")
    event = SecurityEvent.objects.get(user=colleague, code=SecurityEvent.Code.CHANGED_BY_STAFF)
    assert event.actor == User.objects.get(email="root@example.com")
    assert "Staff status" in event.facts["fields"]
    assert "Carla" not in str(event.facts)


def test_a_new_password_of_a_user_needs_a_reason_and_is_recorded(clerk: Client, alice: User) -> None:
    url = reverse("admin:auth_user_password_change", args=[alice.pk])
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    assert reverse("admin:accounts_user_read", args=[alice.pk]) in clerk.post(url, form)["Location"]
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    give_reason(clerk, alice)
    assert clerk.post(url, form).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)
    codes = SecurityEvent.objects.filter(user=alice).values_list("code", flat=True)
    assert SecurityEvent.Code.CHANGED_BY_STAFF in codes


def test_the_security_log_is_read_only(clerk: Client, alice: User) -> None:
    viewer = sign_in_staff("viewer@example.com", "view_securityevent")
    give_reason(viewer, alice)
    event = SecurityEvent.objects.get(user=alice)
    html = page(viewer, reverse("admin:accounts_securityevent_changelist"), q=alice.email)
    assert "asked for help by mail" in html and alice.email not in html.replace(f'value="{alice.email}"', "")
    for query in (
        {"code": event.code},
        {"user": alice.email},
        {"at__gte": "2026-01-01"},
        {"user": str(alice.pk)},
    ):
        assert "1 " in page(viewer, reverse("admin:accounts_securityevent_changelist"), **query)
    for action in ("change", "delete", "add"):
        arguments = [] if action == "add" else [event.pk]
        url = reverse(f"admin:accounts_securityevent_{action}", args=arguments)
        assert viewer.post(url, {"post": "yes", "code": "signed out"}).status_code == 403
    changelist = reverse("admin:accounts_securityevent_changelist")
    viewer.post(changelist, {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"})
    assert SecurityEvent.objects.filter(pk=event.pk, code=event.code).exists()
    assert clerk.get(changelist).status_code == 403
