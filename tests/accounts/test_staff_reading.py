"""What staff read of users: masked until they say why, and then in the user's own activity."""

import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import staff_reading
from accounts.masking import masked_email
from accounts.models import SecurityEvent, User
from banking.connections.models import Item, SyncRun
from banking.ledger.models import Account, DeletionReview, QuarantinedRecord, Transaction
from tests.factories import create_item_with_transactions
from tests.signing_in import signed_in
from tests.staff import give_reason, page, sign_in_staff, sign_in_superuser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
READ = SecurityEvent.Code.READ_BY_STAFF
PERSONAL = (
    "Silva",
    "PADARIA",
    "CONTRAPARTE",
    "LOJA",
    "CONTA DA ANA",
    "ana.silva@",
    "LEMBRETE",
    "987.65",
    "987,65",
)
MODELS = ("user", "item", "syncrun", "account", "transaction", "deletionreview", "quarantinedrecord")


@pytest.fixture
def ana(db: None) -> User:
    user = User.objects.create_user(
        "ana.silva@example.com", "a-long-enough-password", first_name="Ana", last_name="Silva"
    )
    item = create_item_with_transactions(user, [{"amount": "-987.65", "description": "PADARIA DA ESQUINA"}])
    item.accounts.update(name="CONTA DA ANA", owner_name="Ana Silva", balance="987.65")
    Transaction.objects.update(counterparty="CONTRAPARTE", merchant_name="LOJA", note="LEMBRETE")
    now, account = timezone.now(), item.accounts.get()
    run = SyncRun.objects.create(
        user=user, item=item, fence=1, target_seq=1, started_at=now, outcome="failed", error="E: x\nPADARIA"
    )
    ids = list(Transaction.objects.values_list("id", flat=True))
    DeletionReview.objects.create(
        user=user, item=item, account=account, run=run, transaction_ids=ids, expected_count=1, opened_at=now,
        last_seen_at=now,
    )  # fmt: skip
    QuarantinedRecord.objects.create(
        user=user, item=item, account=account, record_type="bill", key="1", reason="x", body="PADARIA",
        first_seen_at=now, last_seen_at=now,
    )  # fmt: skip
    return user


@pytest.fixture
def operator(ana: User) -> Client:
    return sign_in_staff("operator@example.com", *(f"view_{model}" for model in MODELS), "view_event")


def admin_pages(user: User) -> list[str]:
    """Return every page of the admin that shows a record of this user: lists, records, histories, and more."""
    item = Item.objects.get(user=user)
    records: list[Any] = [user, item, *(model.objects.get() for model in (SyncRun, Account, Transaction))]
    records += [DeletionReview.objects.get(), QuarantinedRecord.objects.get()]
    urls = [reverse("admin:webhooks_user_status", args=[user.pk])]
    urls += [reverse("admin:webhooks_item_timeline", args=[item.pk])]
    for record in records:
        names = f"admin:{record._meta.app_label}_{record._meta.model_name}"
        urls += [reverse(f"{names}_changelist"), f"{reverse(f'{names}_changelist')}?q={user.email}"]
        urls += [reverse(f"{names}_{kind}", args=[record.pk]) for kind in ("change", "history")]
    urls.append(f"{reverse('admin:ledger_transaction_changelist')}?user={user.pk}")
    return urls


def personal(html: str, *, searched: str = "") -> list[str]:
    """Return what is personal on a page, without what the operator typed."""
    text = html.replace(f'value="{searched}"', "").replace(searched, "") if searched else html
    return [word for word in PERSONAL if word in text]


@pytest.mark.parametrize("is_superuser", [False, True])
def test_everything_personal_is_masked(operator: Client, ana: User, is_superuser: bool) -> None:
    client = sign_in_superuser() if is_superuser else operator
    for url in admin_pages(ana):
        assert personal(page(client, url), searched=ana.email if "?q=" in url else "") == [], url
    assert "a•••@e•••.com" in page(client, reverse("admin:accounts_user_changelist"))
    assert not SecurityEvent.objects.filter(user=ana).exists()


def test_with_a_reason_the_pages_show_the_data(operator: Client, ana: User) -> None:
    give_reason(operator, ana)
    shown = {word for url in admin_pages(ana) for word in personal(page(operator, url))}
    assert {"Silva", "PADARIA", "CONTRAPARTE", "LOJA", "CONTA DA ANA", "ana.silva@", "LEMBRETE"} <= shown


def test_the_user_sees_who_read_what_and_why(operator: Client, ana: User) -> None:
    give_reason(operator, ana, "she asked why a purchase is missing")
    page(operator, reverse("admin:ledger_transaction_changelist"), user=str(ana.pk))
    events = SecurityEvent.objects.filter(user=ana, code=READ).order_by("at")
    assert [event.facts.get("page") for event in events] == [None, "transaction"]
    assert {event.facts["reason"] for event in events} == {"she asked why a purchase is missing"}
    assert {str(event.actor) for event in events} == {"o•••@e•••.com"}
    client = signed_in(ana)
    client.cookies["django_language"] = "en"
    html = page(client, reverse("activity"))
    assert "Data read by an administrator" in html
    assert "Page: transactions. Reason: she asked why a purchase is missing" in html
    assert "operator" not in html


def test_each_page_is_noted_once_in_five_minutes(
    operator: Client, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr("accounts.staff_reading.time.time", lambda: now)
    give_reason(operator, ana)
    transaction = reverse("admin:ledger_transaction_change", args=[Transaction.objects.get().pk])
    for later in (0, 60, 301, 302):
        monkeypatch.setattr("accounts.staff_reading.time.time", lambda later=later: now + later)
        page(operator, transaction)
        page(operator, reverse("admin:ledger_transaction_changelist"))
    assert SecurityEvent.objects.filter(user=ana, facts__page="transaction").count() == 2


def test_a_reason_holds_for_half_an_hour_one_user_and_one_session(
    operator: Client, ana: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_reason(operator, ana)
    users = reverse("admin:accounts_user_changelist")
    html = page(operator, users)
    assert "ana.silva@example.com" in html and "bob@example.com" not in html
    assert "ana.silva" not in page(signed_in(User.objects.get(email="operator@example.com")), users)
    now = time.time()
    monkeypatch.setattr("accounts.staff_reading.time.time", lambda: now + staff_reading.DURATION + 1)
    before = SecurityEvent.objects.count()
    assert "ana.silva" not in page(operator, users)
    assert SecurityEvent.objects.count() == before


@pytest.mark.parametrize("reason", ["", "short", " " * 20, "x" * 201])
def test_a_reason_must_say_something(operator: Client, ana: User, reason: str) -> None:
    url = reverse("admin:accounts_user_read", args=[ana.pk])
    assert operator.post(url, {"reason": reason}).status_code == 400
    assert personal(page(operator, reverse("admin:ledger_transaction_changelist"))) == []
    assert not SecurityEvent.objects.filter(user=ana).exists()


def test_after_the_reason_the_page_leads_back_to_our_own_pages_only(operator: Client, ana: User) -> None:
    url = reverse("admin:accounts_user_read", args=[ana.pk])
    back = reverse("admin:ledger_account_changelist")
    for target, expected in ((back, back), ("//evil.test", "/admin/"), ("https://evil.test/", "/admin/")):
        response = operator.post(url, {"reason": "asked for help by mail", "next": target})
        assert response["Location"] == expected


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("admin:accounts_user_changelist", {"last_name__startswith": "S"}),
        ("admin:accounts_user_changelist", {"email__contains": "silva"}),
        ("admin:accounts_user_changelist", {"password__startswith": "a"}),
        ("admin:ledger_transaction_changelist", {"description__startswith": "P"}),
        ("admin:ledger_transaction_changelist", {"signed_amount__lt": "-900"}),
        ("admin:ledger_transaction_changelist", {"user__last_name__startswith": "S"}),
        ("admin:ledger_account_changelist", {"balance__gt": "900"}),
        ("admin:ledger_account_changelist", {"owner_name__contains": "Silva"}),
        ("admin:ledger_quarantinedrecord_changelist", {"body__contains": "PADARIA"}),
    ],
)
def test_what_is_hidden_cannot_be_guessed_by_filters(
    operator: Client, ana: User, name: str, query: dict[str, str]
) -> None:
    assert operator.get(reverse(name), query).status_code == 400


@pytest.mark.parametrize("searched", ["PADARIA", "LOJA", "Silva", "ana.silva", "CONTA DA ANA", "example.com"])
def test_what_is_hidden_cannot_be_guessed_by_searches(operator: Client, ana: User, searched: str) -> None:
    for name in ("accounts_user", "ledger_transaction", "ledger_account", "connections_item"):
        assert list(results(operator, name, q=searched)) == [], name


def test_a_user_is_found_by_the_exact_address(operator: Client, ana: User) -> None:
    for name in ("accounts_user", "ledger_transaction", "ledger_account", "connections_item"):
        assert len(results(operator, name, q="Ana.Silva@example.com")) == 1, name


def test_texts_are_searched_of_a_user_whose_data_may_be_read(operator: Client, ana: User, bob: User) -> None:
    create_item_with_transactions(bob, [{"amount": "-1.00", "description": "PADARIA DO BOB"}])
    give_reason(operator, ana)
    assert len(results(operator, "ledger_transaction", q="PADARIA", user=str(ana.pk))) == 1
    assert len(results(operator, "ledger_transaction", q="PADARIA", user=str(bob.pk))) == 0
    assert len(results(operator, "ledger_transaction", q="PADARIA")) == 0


def test_lists_are_not_sorted_by_what_is_hidden(operator: Client, ana: User) -> None:
    for name in ("accounts_user", "ledger_transaction", "ledger_account"):
        html = page(operator, reverse(f"admin:{name}_changelist"))
        assert "column-masked_" in html
        assert not [
            part for part in html.split("<th ")[1:] if "masked_" in part[:200] and "sortable" in part[:200]
        ]


def results(client: Client, name: str, **query: str) -> Any:
    response = client.get(reverse(f"admin:{name}_changelist"), query)
    assert response.status_code == 200
    return response.context["cl"].result_list


def test_only_staff_give_reasons(ana: User, as_bob: Client) -> None:
    url = reverse("admin:accounts_user_read", args=[ana.pk])
    assert as_bob.post(url, {"reason": "asked for help by mail"}).status_code == 302
    assert not SecurityEvent.objects.filter(user=ana).exists()
    assert sign_in_superuser().post("/admin/accounts/user/0/read/", {"reason": "x" * 20}).status_code == 404


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("ana@example.com.br", "a•••@e•••.br"),
        ("x@y.z", "x•••@y•••.z"),
        ("odd", "o•••@•••."),
        ("", "•••@•••."),
    ],
)
def test_a_masked_address(email: str, expected: str) -> None:
    assert masked_email(email) == expected
