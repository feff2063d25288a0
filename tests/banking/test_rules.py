"""Rules: what they catch, what they would do, what they did, and that nothing is left when they go."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from banking import rollups, tasks
from banking.actions import rules as actions
from banking.actions import transactions
from banking.actions.anew import anew
from banking.classify import SILENT, AccountFacts, Evidence, Facts, Word, classify
from banking.folding import folded
from banking.models import OTHER, CategoryTree, Item, Rule, SyncState, Transaction
from banking.periods import Month
from banking.reports.rules import preview, rules
from banking.rules import look_so, matches
from banking.upsert import parts
from banking.upsert.conclusions import texts_of
from banking.upsert.words import Said
from tests.rows import an_account, store_rows, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]

GROCERIES, RESTAURANTS, BAKERY = "10000000", "11010000", "11020000"
Conclusions = dict[Any, tuple[Any, ...]]


@pytest.fixture
def item(alice: User) -> Item:
    return store_rows(
        alice,
        [
            {"amount": "-10.00", "description": "IFOOD *PADARIA", "categoryId": GROCERIES},
            {"amount": "-20.00", "description": "Ifood Açaí", "categoryId": GROCERIES},
            {"amount": "-30.00", "description": "MERCADO", "categoryId": GROCERIES},
            {"amount": "40.00", "description": "PIX IFOOD", "categoryId": "05000000"},
        ],
    )


def conclusions() -> Conclusions:
    columns = ("kind", "kind_reason", "category_id", "flow", "month_competence", "month_cash", "rule_id")
    return {row.pk: tuple(getattr(row, name) for name in columns) for row in Transaction.objects.all()}


def a_rule(user: User, **columns: Any) -> Rule:
    """Saved and applied, as the page does."""
    columns = {"text": "ifood", "category_id": RESTAURANTS} | columns
    rule = actions.save(Rule(user=user, **columns), now=timezone.now())
    actions.apply(rule)
    return rule


def sent(client: Client, **fields: Any) -> Any:
    client.cookies["django_language"] = "en"
    body = {"match": "contains", "text": "ifood", "category": RESTAURANTS, "past": "on"} | fields
    return client.post(reverse("new_rule"), {key: value for key, value in body.items() if value is not None})


def test_a_rule_reaches_the_past_and_the_sums_follow(item: Item, as_alice: Client) -> None:
    assert sent(as_alice).status_code == 302
    caught = Transaction.objects.filter(category_id=RESTAURANTS)
    assert set(caught.values_list("description", flat=True)) == {
        "IFOOD *PADARIA", "Ifood Açaí", "PIX IFOOD",
    }  # fmt: skip
    assert rollups.differences() == []
    assert Rule.objects.get().changed_at is None


def test_what_comes_later_falls_under_it_too(item: Item, alice: User) -> None:
    rule = a_rule(alice, text="aço")
    account = item.accounts.get()
    write(account, {"amount": "-5.00", "description": "ACOUGUE BOM", "categoryId": GROCERIES})
    row = Transaction.objects.get(description="ACOUGUE BOM")
    assert (row.category_id, row.rule_id) == (RESTAURANTS, rule.pk)


@pytest.mark.parametrize(
    ("columns", "caught"),
    [
        ({"match": "equals", "text": "ifood acai"}, 1),
        ({"match": "starts", "text": "IFOOD"}, 2),
        ({"direction": "in"}, 1),
        ({"direction": "out"}, 2),
        ({"least": Decimal(15)}, 2),
        ({"least": Decimal(10), "most": Decimal(20)}, 2),
        ({"text": "", "most": Decimal(30)}, 3),
        ({"text": "%"}, 0),
        ({"since": timezone.localdate() + timedelta(days=1)}, 0),
        ({"since": timezone.localdate() - timedelta(days=1)}, 3),
    ],
)
def test_each_condition_counts(item: Item, alice: User, columns: dict[str, Any], caught: int) -> None:
    rule = a_rule(alice, **columns)
    assert Transaction.objects.filter(rule=rule).count() == caught


def test_withdrawing_it_is_as_if_it_had_never_been(item: Item, as_alice: Client) -> None:
    before, sums = conclusions(), rollups.differences()
    sent(as_alice)
    assert conclusions() != before
    rule = Rule.objects.get()
    assert as_alice.post(reverse("delete_rule", args=[rule.pk])).status_code == 302
    assert (conclusions(), rollups.differences()) == (before, sums)
    assert not Rule.objects.exists()


def test_a_tombstone_and_a_part_do_not_hold_it_back(item: Item, alice: User) -> None:
    row = Transaction.objects.get(description="Ifood Açaí")
    part = parts.make(row, Decimal("5.00"))
    part.save()
    rule = a_rule(alice)
    Transaction.objects.filter(description="IFOOD *PADARIA").update(deleted_at=timezone.now())
    rollups.rebuild()
    actions.withdraw(rule, now=timezone.now())
    actions.apply(rule)
    assert not Rule.objects.exists()
    assert rollups.differences() == []


def test_the_first_rule_decides_and_moving_it_counts(item: Item, as_alice: Client, alice: User) -> None:
    general = a_rule(alice)
    special = a_rule(alice, text="acai", category_id=BAKERY)
    row = Transaction.objects.get(description="Ifood Açaí")
    assert row.rule_id == special.pk
    as_alice.post(reverse("move_rule", args=[special.pk]), {"way": "down"})
    row.refresh_from_db()
    assert (row.rule_id, row.category_id) == (general.pk, RESTAURANTS)
    as_alice.post(reverse("move_rule", args=[special.pk]), {"way": "down"})  # the last already
    as_alice.post(reverse("move_rule", args=[special.pk]), {"way": "up"})
    row.refresh_from_db()
    assert row.category_id == BAKERY
    assert rollups.differences() == []


def test_an_edit_lets_go_and_catches(item: Item, as_alice: Client, alice: User) -> None:
    rule = a_rule(alice)
    url = reverse("rule", args=[rule.pk])
    assert as_alice.get(url).status_code == 200
    as_alice.post(url, {"text": "mercado", "match": "starts", "category": RESTAURANTS, "past": "on"})
    assert Transaction.objects.get(rule=rule).description == "MERCADO"
    assert Transaction.objects.filter(category_id=RESTAURANTS).count() == 1


def test_the_past_can_be_left_alone_for_good(item: Item, as_alice: Client) -> None:
    account = item.accounts.get()
    old = (timezone.now() - timedelta(days=40)).isoformat()
    body = {"amount": "-7.00", "description": "IFOOD OLD", "categoryId": GROCERIES, "date": old}
    write(account, body)
    sent(as_alice, past=None)
    row = Transaction.objects.get(description="IFOOD OLD")
    assert row.category_id == GROCERIES
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    write(account, body | {"id": str(row.pk), "description": "IFOOD OLD!", "updatedAt": later})
    row.refresh_from_db()
    assert (row.description, row.category_id) == ("IFOOD OLD!", GROCERIES)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"text": "  "}, "Say to which transactions"),
        ({"text": "", "direction": "in"}, "Say to which transactions"),
        ({"category": ""}, "Say what they are"),
        ({"least": "1.234"}, "It is not clear which amount"),
        ({"least": "20", "most": "10,00"}, "the wrong way round"),
        ({"most": "ten"}, "This is not an amount"),
        ({"category": "12345"}, "Select a valid choice"),
        ({"account": "8e0f2f3e-0000-4000-8000-000000000000"}, "Select a valid choice"),
        ({"tags": ",".join("abcdefghijkl")}, "At most 10 tags"),
        ({"text": "\x00"}, "Null characters"),
    ],
)
def test_what_nobody_can_mean_has_one_message_and_changes_nothing(
    item: Item, as_alice: Client, fields: dict[str, Any], says: str
) -> None:
    before = conclusions()
    answer = sent(as_alice, **fields)
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert answer.content.decode().count('class="errors"') == 1
    assert not Rule.objects.exists() and conclusions() == before


def test_a_foreign_account_is_no_choice(item: Item, as_bob: Client) -> None:
    answer = sent(as_bob, account=str(item.accounts.get().pk))
    assert answer.status_code == 400


def test_amounts_are_read_in_both_habits(item: Item, as_alice: Client) -> None:
    sent(as_alice, least="1.234,56", most="2345.67")
    rule = Rule.objects.get()
    assert (rule.least, rule.most) == (Decimal("1234.56"), Decimal("2345.67"))
    page = as_alice.get(reverse("rule", args=[rule.pk])).content.decode()
    assert 'value="1234,56"' in page


def test_a_preview_tells_and_writes_nothing(item: Item, as_alice: Client) -> None:
    before = conclusions()
    page = sent(as_alice, preview="1").content.decode()
    assert "<b>3</b> transactions would fall under it" in page
    assert "Ifood Açaí" in page
    assert not Rule.objects.exists() and conclusions() == before


def test_a_preview_is_what_then_happens(item: Item, alice: User) -> None:
    draft = Rule(user=alice, position=actions.first_place(alice), text="ifood", category_id=RESTAURANTS)
    found = preview(draft, CategoryTree.load(), month=Month.of(timezone.localdate()))
    before = set(Transaction.objects.values_list("pk", "kind", "category_id"))
    a_rule(alice)
    changed = set(Transaction.objects.values_list("pk", "kind", "category_id")) - before
    assert {(one.row.pk, one.kind, one.category.pk) for one in found.shown} == changed
    assert found.changes == len(changed)
    (moved,) = found.moved
    assert (moved.spending, moved.income) == (Decimal(-40), Decimal(-40))  # money back, not income


def test_a_preview_looks_at_so_many_rows_and_says_so(
    item: Item, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banking.reports.rules.MOST_TRIED", 2)
    draft = Rule(user=alice, position=0, text="ifood", category_id=RESTAURANTS)
    found = preview(draft, CategoryTree.load(), month=Month.of(timezone.localdate()))
    assert (found.falls, found.is_whole) == (2, False)


def test_the_list_says_each_in_words_with_its_sum(item: Item, as_alice: Client, alice: User) -> None:
    a_rule(alice, least=Decimal(10), direction="out", kind="expense", tags=["lunch"], hides=True)
    as_alice.cookies["django_language"] = "en"
    page = as_alice.get(reverse("rules")).content.decode()
    for text in (
        "the text contains “ifood”", "money goes out", "the amount is R$\xa010,00 or more",
        "the category is", "it counts as “Expense”", "it is tagged lunch", "it is not counted",
        "in 2 transactions", 'value="-30.00"',
    ):  # fmt: skip
        assert text in page, text


def test_the_sum_leads_to_its_rows(item: Item, as_alice: Client, alice: User) -> None:
    old = (timezone.now() - timedelta(days=400)).isoformat()
    write(item.accounts.get(), {"amount": "-1.00", "description": "IFOOD", "date": old})
    a_rule(alice)
    (line,) = rules(alice)
    page = as_alice.get(reverse("rules")).content.decode()
    url = page.split('class="link" href="/transactions/')[1].split('"')[0].replace("&amp;", "&")
    listing = as_alice.get(f"/transactions/{url}").context["listing"]
    assert [(one.currency, one.flow, one.rows) for one in listing.totals] == [
        (one.currency, one.flow, one.rows) for one in line.caught
    ]


def test_the_list_costs_the_same_whatever_it_holds(
    item: Item, as_alice: Client, alice: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        a_rule(alice, account=item.accounts.get())
    with django_assert_max_num_queries(8):
        as_alice.get(reverse("rules"))


def test_much_work_is_left_to_a_task(item: Item, as_alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MANY", 2)
    assert "follow in a moment" in as_alice.get(sent(as_alice).url).content.decode()
    rule = Rule.objects.get()
    assert rule.changed_at is not None and not Transaction.objects.filter(rule=rule).exists()
    tasks.apply_rule(rule.pk)
    assert Transaction.objects.filter(rule=rule).count() == 3
    assert not Rule.objects.unapplied().exists()


def test_a_change_whose_process_died_is_applied_by_the_sweeper(item: Item, alice: User) -> None:
    rule = actions.save(
        Rule(user=alice, text="ifood", category_id=RESTAURANTS), now=timezone.now() - timedelta(hours=1)
    )
    tasks.apply_rules()
    assert Transaction.objects.filter(rule=rule).count() == 3


def test_a_change_that_comes_meanwhile_is_not_taken_for_applied(item: Item, alice: User) -> None:
    rule = actions.save(Rule(user=alice, text="ifood", category_id=RESTAURANTS), now=timezone.now())
    seen = Rule.objects.get()
    actions.save(rule, now=timezone.now() + timedelta(seconds=1))
    actions.apply(seen)
    assert Rule.objects.unapplied().exists()


def test_a_rule_is_applied_in_batches(item: Item, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banking.actions.anew.BATCH", 2)
    an_account(item, name="Outra")
    moment = timezone.now().isoformat()
    same = [{"amount": "-1.00", "description": "IFOOD", "date": moment} for _ in range(5)]
    write(item.accounts.order_by("id").first(), *same)  # type: ignore[arg-type]
    rule = a_rule(alice)
    assert Transaction.objects.filter(rule=rule).count() == 8
    assert rollups.differences() == []


def test_a_connection_that_ends_meanwhile_ends_the_walk(item: Item, alice: User) -> None:
    SyncState.objects.all().delete()
    a_rule(alice)
    assert not Transaction.objects.exclude(rule=None).exists()


def test_after_an_edit_the_person_is_asked_whether_always(item: Item, as_alice: Client) -> None:
    row = Transaction.objects.get(description="Ifood Açaí")
    as_alice.cookies["django_language"] = "en"
    url = reverse("transaction", args=[row.pk])
    page = as_alice.post(url, {"category": RESTAURANTS}, follow=True).content.decode()
    assert "Always do this?" in page
    link = page.split('href="/rules/new/')[1].split('"')[0].replace("&amp;", "&")
    form = as_alice.get(f"/rules/new/{link}").content.decode()
    assert "would fall under it" in form
    assert (
        "Always do this?" not in as_alice.post(url, {"category": RESTAURANTS}, follow=True).content.decode()
    )


WORDS = st.builds(
    Word,
    st.sampled_from([None, GROCERIES, "01000000", "04000000"]),
    st.booleans(),
    st.sampled_from(["", "expense", "transfer"]),
)


@given(person=WORDS, rule=WORDS, bank=st.sampled_from(["", OTHER, BAKERY, "unknown"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_person_then_their_rule_then_the_bank_then_other(person: Word, rule: Word, bank: str) -> None:
    known = [GROCERIES, BAKERY, "01000000", "04000000", OTHER]
    roots = {one: one for one in known}
    row = Facts(timezone.now(), Decimal(-1), Decimal(-1), "DEBIT", "", "x", bank, "")
    found = classify(row, AccountFacts(False, "BRL"), roots=roots, evidence=Evidence(person, rule))
    by_bank = bank if bank in roots else OTHER
    assert found.category_id == (person.category_id or rule.category_id or by_bank)
    word = person or rule
    if word.hidden:
        assert found.kind == "neutral"
    elif word.kind:
        assert found.kind == word.kind


RULES = st.fixed_dictionaries(
    {
        "text": st.sampled_from(["", "ifood", "açaí", "o", "IFOOD *PADARIA", "  pix ", "_"]),
        "match": st.sampled_from(["contains", "equals", "starts"]),
        "direction": st.sampled_from(["", "in", "out"]),
        "least": st.sampled_from([None, Decimal(10), Decimal(15)]),
        "most": st.sampled_from([None, Decimal(20), Decimal(100)]),
    }
)


@given(columns=RULES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_what_sql_leaves_out_falls_under_no_rule(item: Item, columns: dict[str, Any]) -> None:
    rule = Rule(user=item.user, **columns)
    looked = set(Transaction.objects.filter(look_so(rule)).values_list("pk", flat=True))
    for row in Transaction.objects.all():
        texts = [folded(text) for text in texts_of(row) if text]
        falls = matches(rule, account_id=row.account_id, day=row.local_date, flow=row.flow, texts=texts)
        assert row.pk in looked or not falls


@st.composite
def histories(draw: Callable[..., Any]) -> list[tuple[str, Any]]:
    return draw(
        st.lists(
            st.one_of(
                st.tuples(st.just("rule"), RULES),
                st.tuples(st.just("say"), st.integers(0, 3)),
                st.tuples(st.just("move"), st.integers(0, 3)),
                st.tuples(st.just("withdraw"), st.integers(0, 3)),
            ),
            max_size=8,
        )
    )


@given(history=histories())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
def test_whatever_was_done_the_rows_are_what_a_fresh_look_says(item: Item, history: Any) -> None:
    now = timezone.now()
    for rule in Rule.objects.all():
        actions.withdraw(rule, now=now)
        actions.apply(rule)
    for what, said in history:
        mine = list(Rule.objects.all())
        if what == "rule" and (said["text"].strip() or said["least"] or said["most"]):
            a_rule(item.user, **said)
        elif what == "say":
            row = list(Transaction.objects.order_by("description"))[said]
            transactions.say(row, Said(Word(BAKERY) if row.person_category_id is None else SILENT))
        elif mine and what == "move" and actions.move(one := mine[said % len(mine)], up=True, now=now):
            actions.apply(one)
        elif mine and what == "withdraw":
            one = mine[said % len(mine)]
            actions.withdraw(one, now=now)
            actions.apply(one)
    stored = conclusions()
    for account in item.accounts.all():
        list(anew(account.pk, Q(), roots=CategoryTree.load().roots))
    assert conclusions() == stored
    assert rollups.differences() == []
