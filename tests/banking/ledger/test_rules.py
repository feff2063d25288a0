"""Rules: which transactions they apply to, their preview, and that deleting one leaves nothing behind."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db.models import Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from banking.connections.models import Item, SyncState
from banking.ledger import monthly_totals, rule_edits, splits
from banking.ledger.classification import (
    NO_OVERRIDE,
    AccountContext,
    ClassificationInput,
    Derived,
    Evidence,
    Override,
    classify,
    rule_texts_of,
)
from banking.ledger.edits import TransactionEdits
from banking.ledger.models import (
    OTHER,
    CategoryTree,
    Rule,
    Transaction,
)
from banking.ledger.overrides import save_edits
from banking.ledger.reclassify import recompute_in_batches
from banking.ledger.rulebook import matches, may_match
from banking.money.periods import Month
from banking.money.text import folded
from banking.reports.rules import RulePreview, preview, rule_lines
from banking.web import tasks
from tests.factories import create_account, create_item_with_transactions, store_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

GROCERIES, RESTAURANTS, BAKERY = "10000000", "11010000", "11020000"
DerivedById = dict[UUID, Derived]


@pytest.fixture
def item(alice: User) -> Item:
    return create_item_with_transactions(
        alice,
        [
            {"amount": "-10.00", "description": "IFOOD *PADARIA", "categoryId": GROCERIES},
            {"amount": "-20.00", "description": "Ifood Açaí", "categoryId": GROCERIES},
            {"amount": "-30.00", "description": "MERCADO", "categoryId": GROCERIES},
            {"amount": "40.00", "description": "PIX IFOOD", "categoryId": "05000000"},
        ],
    )


def derived() -> DerivedById:
    """Return the derived columns of all transactions."""
    return {transaction.id: Derived.of(transaction) for transaction in Transaction.objects.all()}


def create_rule(user: User, **columns: Any) -> Rule:
    """Save and apply a rule, as the page does."""
    columns = {"text": "ifood", "category_id": RESTAURANTS} | columns
    rule = rule_edits.save(Rule(user=user, **columns), now=timezone.now())
    rule_edits.apply(rule)
    return rule


def submit(client: Client, **fields: Any) -> Any:
    client.cookies["django_language"] = "en"
    body = {"match": "contains", "text": "ifood", "category": RESTAURANTS, "past": "on"} | fields
    return client.post(reverse("new_rule"), {key: value for key, value in body.items() if value is not None})


def test_rule_applies_to_stored_transactions_and_monthly_totals(item: Item, as_alice: Client) -> None:
    assert submit(as_alice).status_code == 302
    matched = Transaction.objects.filter(category_id=RESTAURANTS)
    assert set(matched.values_list("description", flat=True)) == {
        "IFOOD *PADARIA", "Ifood Açaí", "PIX IFOOD",
    }  # fmt: skip
    assert monthly_totals.differences() == []
    assert Rule.objects.get().changed_at is None


def test_rule_applies_to_new_transactions(item: Item, alice: User) -> None:
    rule = create_rule(alice, text="aço")
    account = item.accounts.get()
    store_transactions(account, {"amount": "-5.00", "description": "ACOUGUE BOM", "categoryId": GROCERIES})
    new = Transaction.objects.get(description="ACOUGUE BOM")
    assert (new.category_id, new.rule_id) == (RESTAURANTS, rule.pk)


@pytest.mark.parametrize(
    ("columns", "matched_count"),
    [
        ({"match": "equals", "text": "ifood acai"}, 1),
        ({"match": "starts", "text": "IFOOD"}, 2),
        ({"direction": "in"}, 1),
        ({"direction": "out"}, 2),
        ({"min_amount": Decimal(15)}, 2),
        ({"min_amount": Decimal(10), "max_amount": Decimal(20)}, 2),
        ({"text": "", "max_amount": Decimal(30)}, 3),
        ({"text": "%"}, 0),
        ({"start_date": timezone.localdate() + timedelta(days=1)}, 0),
        ({"start_date": timezone.localdate() - timedelta(days=1)}, 3),
    ],
)
def test_each_condition_is_checked(
    item: Item, alice: User, columns: dict[str, Any], matched_count: int
) -> None:
    rule = create_rule(alice, **columns)
    assert Transaction.objects.filter(rule=rule).count() == matched_count


def test_deleting_a_rule_restores_everything(item: Item, as_alice: Client) -> None:
    before = derived()
    submit(as_alice)
    assert derived() != before
    rule = Rule.objects.get()
    assert as_alice.post(reverse("delete_rule", args=[rule.pk])).status_code == 302
    assert derived() == before
    assert monthly_totals.differences() == []
    assert not Rule.objects.exists()


def test_rule_of_a_tombstone_and_a_split_can_be_deleted(item: Item, alice: User) -> None:
    parent = Transaction.objects.get(description="Ifood Açaí")
    splits.make(parent, Decimal("5.00")).save()
    rule = create_rule(alice)
    Transaction.objects.filter(description="IFOOD *PADARIA").update(deleted_at=timezone.now())
    monthly_totals.rebuild()
    rule_edits.delete(rule, now=timezone.now())
    rule_edits.apply(rule)
    assert not Rule.objects.exists()
    assert monthly_totals.differences() == []


def test_first_rule_decides_and_rules_can_be_moved(item: Item, as_alice: Client, alice: User) -> None:
    general = create_rule(alice)
    special = create_rule(alice, text="acai", category_id=BAKERY)
    transaction = Transaction.objects.get(description="Ifood Açaí")
    assert transaction.rule_id == special.pk
    as_alice.post(reverse("move_rule", args=[special.pk]), {"way": "down"})
    transaction.refresh_from_db()
    assert (transaction.rule_id, transaction.category_id) == (general.pk, RESTAURANTS)
    as_alice.post(reverse("move_rule", args=[special.pk]), {"way": "down"})  # already the last
    as_alice.post(reverse("move_rule", args=[special.pk]), {"way": "up"})
    transaction.refresh_from_db()
    assert transaction.category_id == BAKERY
    assert monthly_totals.differences() == []


def test_edited_rule_applies_to_other_transactions(item: Item, as_alice: Client, alice: User) -> None:
    rule = create_rule(alice)
    url = reverse("rule", args=[rule.pk])
    assert as_alice.get(url).status_code == 200
    as_alice.post(url, {"text": "mercado", "match": "starts", "category": RESTAURANTS, "past": "on"})
    assert Transaction.objects.get(rule=rule).description == "MERCADO"
    assert Transaction.objects.filter(category_id=RESTAURANTS).count() == 1


def test_rule_can_leave_past_transactions_unchanged(item: Item, as_alice: Client) -> None:
    account = item.accounts.get()
    old = (timezone.now() - timedelta(days=40)).isoformat()
    body = {"amount": "-7.00", "description": "IFOOD OLD", "categoryId": GROCERIES, "date": old}
    store_transactions(account, body)
    submit(as_alice, past=None)
    old_transaction = Transaction.objects.get(description="IFOOD OLD")
    assert old_transaction.category_id == GROCERIES
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    store_transactions(
        account, body | {"id": str(old_transaction.pk), "description": "IFOOD OLD!", "updatedAt": later}
    )
    old_transaction.refresh_from_db()
    assert (old_transaction.description, old_transaction.category_id) == ("IFOOD OLD!", GROCERIES)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": "  "}, "Add a condition"),
        ({"text": "", "direction": "in"}, "Add a condition"),
        ({"category": ""}, "Add an effect"),
        ({"min_amount": "1.234"}, "This amount is ambiguous"),
        ({"min_amount": "20", "max_amount": "10,00"}, "The minimum is larger"),
        ({"max_amount": "ten"}, "Enter an amount like"),
        ({"category": "12345"}, "Select a valid choice"),
        ({"account": "8e0f2f3e-0000-4000-8000-000000000000"}, "Select a valid choice"),
        ({"tags": ",".join("abcdefghijkl")}, "At most 10 tags"),
    ],
)
def test_invalid_rule_has_one_message_and_changes_nothing(
    item: Item, as_alice: Client, fields: dict[str, Any], message: str
) -> None:
    before = derived()
    response = submit(as_alice, **fields)
    assert response.status_code == 400
    assert message in response.content.decode()
    assert response.content.decode().count('class="errors"') == 1
    assert not Rule.objects.exists() and derived() == before


def test_account_of_another_user_is_refused(item: Item, as_bob: Client) -> None:
    response = submit(as_bob, account=str(item.accounts.get().pk))
    assert response.status_code == 400


def test_amounts_are_parsed_in_both_notations(item: Item, as_alice: Client) -> None:
    submit(as_alice, min_amount="1.234,56", max_amount="2345.67")
    rule = Rule.objects.get()
    assert (rule.min_amount, rule.max_amount) == (Decimal("1234.56"), Decimal("2345.67"))
    page = as_alice.get(reverse("rule", args=[rule.pk])).content.decode()
    assert 'value="1234,56"' in page


def test_preview_shows_changes_and_stores_nothing(item: Item, as_alice: Client) -> None:
    before = derived()
    page = submit(as_alice, preview="1").content.decode()
    assert "<b>3</b> transactions would match" in page
    assert "Ifood Açaí" in page
    assert not Rule.objects.exists() and derived() == before


def preview_this_month(draft: Rule) -> RulePreview:
    return preview(draft, CategoryTree.load(), month=Month.of(timezone.localdate()))


def test_preview_is_what_applying_the_rule_does(item: Item, alice: User) -> None:
    position = rule_edits.first_position(alice)
    result = preview_this_month(Rule(user=alice, position=position, text="ifood", category_id=RESTAURANTS))
    before = set(Transaction.objects.values_list("pk", "kind", "category_id"))
    create_rule(alice)
    changed = set(Transaction.objects.values_list("pk", "kind", "category_id")) - before
    assert {
        (example.transaction.pk, example.kind, example.category.pk) for example in result.examples
    } == changed
    assert result.changed_count == len(changed)
    (difference,) = result.differences
    # The money that came in is now a refund, not income.
    assert (difference.spending, difference.income) == (Decimal(-40), Decimal(-40))


def test_preview_tests_a_limited_number_of_transactions(
    item: Item, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banking.reports.rules.MAX_TESTED", 2)
    result = preview_this_month(Rule(user=alice, position=0, text="ifood", category_id=RESTAURANTS))
    assert (result.matched_count, result.is_complete) == (2, False)


def test_list_describes_each_rule_with_its_total(item: Item, as_alice: Client, alice: User) -> None:
    create_rule(alice, min_amount=Decimal(10), direction="out", kind="expense", tags=["lunch"], hides=True)
    as_alice.cookies["django_language"] = "en"
    page = as_alice.get(reverse("rules")).content.decode()
    for text in (
        "the text contains “ifood”", "money goes out", "the amount is R$\xa010,00 or more",
        "the category is", "it counts as “Expense”", "it is tagged lunch", "it is not counted",
        "in 2 transactions", 'value="-30.00"',
    ):  # fmt: skip
        assert text in page, text


def test_total_links_to_its_transactions(item: Item, as_alice: Client, alice: User) -> None:
    old = (timezone.now() - timedelta(days=400)).isoformat()
    store_transactions(item.accounts.get(), {"amount": "-1.00", "description": "IFOOD", "date": old})
    create_rule(alice)
    (line,) = rule_lines(alice)
    page = as_alice.get(reverse("rules")).content.decode()
    url = page.split('class="link" href="/transactions/')[1].split('"')[0].replace("&amp;", "&")
    totals = as_alice.get(f"/transactions/{url}").context["page"].totals
    assert [(total.currency, total.total, total.transaction_count) for total in totals] == [
        (total.currency, total.total, total.transaction_count) for total in line.totals
    ]


def test_number_of_queries_does_not_depend_on_the_number_of_rules(
    item: Item, as_alice: Client, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        create_rule(alice, account=item.accounts.get())
    with django_assert_max_num_queries(8):
        as_alice.get(reverse("rules"))


def test_rule_with_many_transactions_is_applied_by_a_task(
    item: Item, as_alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_edits, "MAX_INTERACTIVE", 2)
    assert "will be updated in a moment" in as_alice.get(submit(as_alice).url).content.decode()
    rule = Rule.objects.get()
    assert rule.changed_at is not None and not Transaction.objects.filter(rule=rule).exists()
    tasks.apply_rule(rule.pk)
    assert Transaction.objects.filter(rule=rule).count() == 3
    assert not Rule.objects.unapplied().exists()


def test_rule_whose_task_was_lost_is_applied_by_the_sweep(item: Item, alice: User) -> None:
    rule = rule_edits.save(
        Rule(user=alice, text="ifood", category_id=RESTAURANTS), now=timezone.now() - timedelta(hours=1)
    )
    tasks.apply_rules()
    assert Transaction.objects.filter(rule=rule).count() == 3


def test_rule_that_is_changed_meanwhile_is_still_unapplied(item: Item, alice: User) -> None:
    rule = rule_edits.save(Rule(user=alice, text="ifood", category_id=RESTAURANTS), now=timezone.now())
    before = Rule.objects.get()
    rule_edits.save(rule, now=timezone.now() + timedelta(seconds=1))
    rule_edits.apply(before)
    assert Rule.objects.unapplied().exists()


def test_rule_is_applied_in_batches(item: Item, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banking.ledger.reclassify.BATCH", 2)
    create_account(item, name="Outra")
    now = timezone.now().isoformat()
    same_time = [{"amount": "-1.00", "description": "IFOOD", "date": now} for _ in range(5)]
    store_transactions(item.accounts.earliest("id"), *same_time)
    rule = create_rule(alice)
    assert Transaction.objects.filter(rule=rule).count() == 8
    assert monthly_totals.differences() == []


def test_applying_ends_if_the_connection_is_removed_meanwhile(item: Item, alice: User) -> None:
    SyncState.objects.all().delete()
    create_rule(alice)
    assert not Transaction.objects.exclude(rule=None).exists()


def test_rule_is_offered_after_a_category_was_chosen(item: Item, as_alice: Client) -> None:
    transaction = Transaction.objects.get(description="Ifood Açaí")
    as_alice.cookies["django_language"] = "en"
    url = reverse("transaction", args=[transaction.pk])
    page = as_alice.post(url, {"category": RESTAURANTS}, follow=True).content.decode()
    assert "Always do this?" in page
    link = page.split('href="/rules/new/')[1].split('"')[0].replace("&amp;", "&")
    form = as_alice.get(f"/rules/new/{link}").content.decode()
    assert "would match" in form
    again = as_alice.post(url, {"category": RESTAURANTS}, follow=True).content.decode()
    assert "Always do this?" not in again


OVERRIDES = st.builds(
    Override,
    st.sampled_from([None, GROCERIES, "01000000", "04000000"]),
    st.booleans(),
    st.sampled_from(["", "expense", "transfer"]),
)


@given(user=OVERRIDES, rule=OVERRIDES, bank=st.sampled_from(["", OTHER, BAKERY, "unknown"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_user_is_stronger_than_rule_and_rule_than_bank(user: Override, rule: Override, bank: str) -> None:
    roots = {category_id: category_id for category_id in (GROCERIES, BAKERY, "01000000", "04000000", OTHER)}
    entry = ClassificationInput(timezone.now(), Decimal(-1), Decimal(-1), "DEBIT", "", "x", bank, "")
    result = classify(
        entry, AccountContext(is_card=False, currency="BRL"), roots=roots, evidence=Evidence(user, rule)
    )
    by_bank = bank if bank in roots else OTHER
    assert result.category_id == (user.category_id or rule.category_id or by_bank)
    override = user or rule
    if override.hidden:
        assert result.kind == "neutral"
    elif override.kind:
        assert result.kind == override.kind


RULES = st.fixed_dictionaries(
    {
        "text": st.sampled_from(["", "ifood", "açaí", "o", "IFOOD *PADARIA", "  pix ", "_"]),
        "match": st.sampled_from(["contains", "equals", "starts"]),
        "direction": st.sampled_from(["", "in", "out"]),
        "min_amount": st.sampled_from([None, Decimal(10), Decimal(15)]),
        "max_amount": st.sampled_from([None, Decimal(20), Decimal(100)]),
    }
)


@given(columns=RULES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_sql_condition_selects_every_transaction_that_matches(item: Item, columns: dict[str, Any]) -> None:
    rule = Rule(user=item.user, **columns)
    selected = set(Transaction.objects.filter(may_match(rule)).values_list("pk", flat=True))
    for transaction in Transaction.objects.all():
        is_matched = matches(
            rule,
            account_id=transaction.account_id,
            day=transaction.local_date,
            signed_amount=transaction.signed_amount,
            texts=[folded(text) for text in rule_texts_of(transaction) if text],
        )
        assert transaction.pk in selected or not is_matched


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, Any]]:
    return draw(
        st.lists(
            st.one_of(
                st.tuples(st.just("rule"), RULES),
                st.tuples(st.just("override"), st.integers(0, 3)),
                st.tuples(st.just("move"), st.integers(0, 3)),
                st.tuples(st.just("delete"), st.integers(0, 3)),
            ),
            max_size=8,
        )
    )


@given(history=histories())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
def test_stored_classification_equals_a_recomputed_one_after_any_changes(
    item: Item, history: list[tuple[str, Any]]
) -> None:
    now = timezone.now()
    for rule in Rule.objects.all():
        rule_edits.delete(rule, now=now)
        rule_edits.apply(rule)
    for step, value in history:
        rules = list(Rule.objects.all())
        if step == "rule" and (value["text"].strip() or value["min_amount"] or value["max_amount"]):
            create_rule(item.user, **value)
        elif step == "override":
            transaction = list(Transaction.objects.order_by("description"))[value]
            override = Override(BAKERY) if transaction.user_category_id is None else NO_OVERRIDE
            save_edits(transaction, TransactionEdits(override))
        elif rules and step == "move":
            rule = rules[value % len(rules)]
            if rule_edits.move(rule, up=True, now=now):
                rule_edits.apply(rule)
        elif rules and step == "delete":
            rule = rules[value % len(rules)]
            rule_edits.delete(rule, now=now)
            rule_edits.apply(rule)
    stored = derived()
    for account in item.accounts.all():
        list(recompute_in_batches(account.pk, Q(), roots=CategoryTree.load().roots))
    assert derived() == stored
    assert monthly_totals.differences() == []
