"""Every page of the admin: at most twelve queries with 1,000 transactions, and no secret or document on it.

All queries are counted, also those of the session, the user, the permissions and row-level security.
"""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress, EmailConfirmation
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import security_log
from accounts.models import Erasure, SecurityEvent, User
from banking.connections.models import Alert, Connector, Item, ItemListing, ProductState, SyncRun
from banking.ledger.models import (
    CategoryTree,
    DeletionReview,
    QuarantinedRecord,
    Transaction,
    TransactionReplacement,
)
from tests.factories import create_account, create_item, store_transactions
from tests.local_pluggy import LocalPluggy
from tests.payloads import event
from tests.signing_in import signed_in_staff
from tests.staff import give_reason
from webhooks import inbox
from webhooks.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]
MAX_QUERIES = 13  # with that for the second factor of staff
CPF, CNPJ = "529.982.247-25", "11.222.333/0001-81"


def bare(document: str) -> str:
    return "".join(character for character in document if character.isdigit())


@pytest.fixture
def operator(db: None) -> Client:
    """A client of staff with every permission, of their own and by groups, as operators have them."""
    user = User.objects.create_user("operator@example.com", "a-long-enough-password", is_staff=True)
    user.user_permissions.set(Permission.objects.exclude(codename__startswith="add"))
    group = Group.objects.create(name="operators")
    group.permissions.set(Permission.objects.filter(codename__startswith="add"))
    user.groups.add(group)
    return signed_in_staff(user)


@pytest.fixture
def filled(alice: User, bob: User) -> None:
    """1,000 transactions of two users at several banks, and several records of each other model."""
    now = timezone.now()
    ItemListing.objects.create(started_at=now, listed_count=5)
    security_log.record(SecurityEvent.Code.SIGNED_IN, user=alice)
    for user in (alice, bob):
        address = EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        EmailConfirmation.objects.create(email_address=address, sent=now, key=f"key-{user.pk}")
        Erasure.objects.create(user=user, requested_at=now, try_at=now, language="en")
    for number in range(5):
        Connector.objects.create(id=number + 1, name=f"Banco {number}", seen_at=now)
        item = create_item((alice, bob)[number % 2], connector_id=number + 1)
        account = create_account(item, number="123456")
        bodies = [
            {
                "description": f"PIX {CPF} {index}",
                "descriptionRaw": f"TED {bare(CNPJ)} {index}",
                "paymentData": {
                    "payer": {"name": "X", "documentNumber": {"type": "CPF", "value": CPF}},
                    "receiver": {"name": "Y", "documentNumber": {"type": "CNPJ", "value": CNPJ}},
                },
                "merchant": {"name": "Padaria", "businessName": "Padaria", "cnpj": bare(CNPJ)},
            }
            for index in range(200)
        ]
        store_transactions(account, *bodies)
        _create_others(item, now)


def _create_others(item: Item, now: Any) -> None:
    account, user = item.accounts.get(), item.user
    for number in range(3):
        run = SyncRun.objects.create(
            user=user, item=item, fence=1, target_seq=1, started_at=now, finished_at=now, outcome="succeeded"
        )
        QuarantinedRecord.objects.create(
            user=user, item=item, account=account, record_type="bill", key=str(number), reason="x", body="{}",
            first_seen_at=now, last_seen_at=now,
        )  # fmt: skip
        body = event(item=item)
        inbox.receive(body, client_id=body["clientId"], now=now)
        old, new = account.transactions.order_by("id")[number : number + 2]
        TransactionReplacement.objects.create(
            user=user, account=account, old_id=old.id, new_id=new.id, state="suggested", changed_at=now
        )
    DeletionReview.objects.create(
        user=user, item=item, account=account, run=run, transaction_ids=[old.id, new.id], expected_count=9,
        opened_at=now, last_seen_at=now,
    )  # fmt: skip
    ProductState.objects.create(
        user=user, item=item, product="LOANS", is_updated=False, failing_since=now, failure="x"
    )
    codes = Alert.Code.values
    Alert.objects.create(
        code=codes[item.connector_id % len(codes)], detail="x", opened_at=now, last_seen_at=now
    )


def admin_urls() -> list[str]:
    """Return the pages of the admin: of each model the list, one record and its history; those of no model."""
    user, item = User.objects.get(email="alice@example.com"), Item.objects.filter(user__email__startswith="a")
    urls = [reverse("admin:index"), reverse("admin:operator_figures"), reverse("admin:webhooks_registration")]
    urls += [reverse("admin:webhooks_user_status", args=[user.pk])]
    urls += [reverse("admin:accounts_erase_user", args=[user.pk])]
    for name in ("webhooks_item_timeline", "connections_item_disconnect"):
        urls.append(reverse(f"admin:{name}", args=[item[0].pk]))
    for model in admin.site._registry:
        names = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        record = model._default_manager.first()
        assert record is not None, model
        urls += [reverse(f"{names}_changelist"), reverse(f"{names}_change", args=[record.pk])]
        urls += [reverse(f"{names}_history", args=[record.pk])]
    transactions = reverse("admin:ledger_transaction_changelist")
    urls += [f"{transactions}?user={user.pk}&deleted=no&connector=1", f"{transactions}?q=PIX"]
    urls += [f"{reverse('admin:connections_item_changelist')}?sync=behind&connector=1"]
    return urls


def test_no_page_makes_more_than_thirteen_queries(
    filled: None, operator: Client, pluggy: LocalPluggy
) -> None:
    assert Transaction.objects.count() == 1000
    CategoryTree.cached()
    for model in admin.site._registry:
        ContentType.objects.get_for_model(model)  # a process loads each once
    counts = {}
    for url in admin_urls():
        with CaptureQueriesContext(connection) as queries:
            assert operator.get(url).status_code == 200, url
        counts[url] = len(queries)
    assert {url: count for url, count in counts.items() if count > MAX_QUERIES} == {}


def test_no_page_shows_a_secret_or_a_document(
    filled: None, operator: Client, pluggy: LocalPluggy, settings: Any
) -> None:
    """Documents are also in what banks write in descriptions. What the bank asks of the user is theirs alone."""
    settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS = "the-previous-secret-0123456789-0123456789"
    Item.objects.update(parameter={"name": "token", "data": "A-QR-CODE"}, user_action={"url": "A-QR-CODE"})
    stored = Transaction.objects.first()
    assert stored is not None and CPF in stored.description and stored.counterparty_hash
    hidden = {
        "secret key": settings.SECRET_KEY,
        "client secret": settings.PLUGGY_CLIENT_SECRET,
        "webhook secret": settings.PLUGGY_WEBHOOK_SECRET,
        "previous secret": settings.PLUGGY_WEBHOOK_SECRET_PREVIOUS,
        "question of the bank": "A-QR-CODE",
        "hash of the password": str(User.objects.get(email="alice@example.com").password),
        "hash of a document": stored.counterparty_hash,
        **{f"document {text}": text for document in (CPF, CNPJ) for text in (document, bare(document))},
    }
    for user in User.objects.filter(is_staff=False):
        give_reason(operator, user)
    pages = {url: operator.get(url).content.decode() for url in admin_urls()}
    pages["logged"] = _page_of_a_review(operator)
    shown = [(url, name) for url, html in pages.items() for name, text in hidden.items() if text in html]
    assert shown == []
    assert any("PIX •••" in html for html in pages.values())


def _page_of_a_review(client: Client) -> str:
    review = DeletionReview.objects.latest("pk")
    return client.get(reverse("admin:ledger_deletionreview_change", args=[review.pk])).content.decode()


def test_a_page_that_hides_documents_changes_nothing(filled: None, operator: Client) -> None:
    stored = Transaction.objects.latest("id")
    url = reverse("admin:ledger_transaction_change", args=[stored.id])
    give_reason(operator, stored.user)
    assert "PIX •••" in operator.get(url).content.decode()
    assert operator.post(url, {"description": "x"}).status_code == 403
    before = stored.description
    stored.refresh_from_db()
    assert stored.description == before and CPF in before


@pytest.mark.parametrize("key", ["not-an-id", "00000000-0000-4000-8000-000000000000"])
def test_an_unknown_record_leads_to_the_start_page(operator: Client, key: str) -> None:
    response = operator.get(reverse("admin:ledger_transaction_change", args=[key]))
    assert (response.status_code, response["Location"]) == (302, reverse("admin:index"))


def test_a_run_of_long_ago_is_not_on_the_page_of_its_connection(alice: User, operator: Client) -> None:
    item = create_item(alice)
    for days, status in ((8, "LONG-AGO"), (1, "YESTERDAY")):
        SyncRun.objects.create(
            user=alice, item=item, fence=1, target_seq=1, started_at=timezone.now() - timedelta(days=days),
            item_status=status,
        )  # fmt: skip
    html = operator.get(reverse("admin:connections_item_change", args=[item.id])).content.decode()
    assert "YESTERDAY" in html and "LONG-AGO" not in html


def test_an_event_is_found_by_the_reference_of_its_user(alice: User, operator: Client) -> None:
    body = event(clientUserId=alice.reference)
    inbox.receive(body, client_id=body["clientId"], now=timezone.now())
    response = operator.get(
        reverse("admin:webhooks_event_changelist"), {"q": alice.reference, "state__exact": "parked"}
    )
    assert [found.pk for found in response.context["cl"].result_list] == [Event.objects.get().pk]
