"""sync: what the local Pluggy holds is what our tables hold, whatever was told or not told."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from banking import rollups
from banking.actions import connections
from banking.application import pluggy as our_client
from banking.models import Account, SyncRun, SyncState, Transaction
from banking.pluggy import Client
from banking.sync import lease, sync_item
from tests.localpluggy import SANDBOX_BANK, LocalPluggy, forget_limits
from tests.payloads import bound_item
from tests.syncing import LATER, a_row, changed, hint_of, live, remote, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("categories")]


def test_the_first_run_reads_everything(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    assert live(item) == remote(pluggy, item)
    assert len(live(item)) > 500  # more than one page
    assert rollups.differences() == []
    assert set(item.accounts.values_list("subtype", flat=True)) == {
        "CHECKING_ACCOUNT",
        "SAVINGS_ACCOUNT",
        "CREDIT_CARD",
    }


def test_reading_again_writes_nothing(alice: User, connect: Any) -> None:
    item = connect(alice)
    changed(item)
    second = run(item)
    assert (second.outcome, second.rows_written, second.rows_removed) == ("succeeded", 0, 0)
    assert second.rows_read > 0


def test_nothing_is_read_when_nothing_happened(alice: User, connect: Any) -> None:
    item = connect(alice)
    assert not sync_item(item.id, client=our_client(), now=timezone.now)
    assert item.runs.count() == 1


def test_a_new_row_arrives_without_a_hint(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    pluggy.spend(str(item.id), description="PADARIA NOVA", amount=-50, silent=True)
    changed(item)
    assert run(item).rows_written >= 1
    assert live(item) == remote(pluggy, item)
    assert rollups.differences() == []


@pytest.mark.parametrize("minutes", [-10, 10])
@pytest.mark.parametrize("theirs", [0, 0.25])
def test_a_wrong_clock_misses_no_row(alice: User, pluggy: LocalPluggy, minutes: int, theirs: float) -> None:
    """F-44: ours is ten minutes off, Pluggy's a quarter of an hour ahead; only Pluggy's times are compared
    with Pluggy's times."""
    wrong = timedelta(minutes=minutes)
    item_id = pluggy.connect(alice.reference)
    item = connections.claim(alice, UUID(item_id), client=our_client(), now=timezone.now() + wrong)
    assert run(item, after=wrong).outcome == SyncRun.Outcome.SUCCEEDED
    if theirs:
        pluggy.control("POST", "/clock", hours=theirs)
    for number in range(3):
        pluggy.spend(item_id, description=f"NOVA {number}", amount=-7, silent=True)
        SyncState.objects.mark_changed(item.id, now=timezone.now() + wrong)
        assert run(item, after=wrong).outcome == SyncRun.Outcome.SUCCEEDED
        assert live(item) == remote(pluggy, item)
    assert rollups.differences() == []


def test_rows_of_one_moment_are_all_read(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    """F-45: more of them than a page holds, as old as the newest row that was known, and none is missed."""
    item = connect(alice)
    account = item.accounts.get(subtype="CHECKING_ACCOUNT")
    moment = a_row(item, account=account).bank_created_at.isoformat().replace("+00:00", "Z")
    old = str(timezone.localdate() - timedelta(days=60))  # beyond the look-back: by createdAt alone
    for number in range(510):
        raw = {"createdAt": moment, "updatedAt": moment}
        pluggy.spend(
            str(item.id), description=f"IGUAL {number}", amount="-1.00", date=old, raw=raw, silent=True
        )
    Account.objects.filter(id=account.id).update(created_read_to=moment)
    changed(item)
    run(item)
    assert live(item) == remote(pluggy, item)


def test_an_old_row_changes_where_the_hint_says(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    row = a_row(item, local_date__lt=timezone.localdate() - timedelta(days=60))
    pluggy.control("PATCH", f"/transactions/{row.id}", description="CORRIGIDO", silent=True)
    changed(item, **hint_of(row, "updated"))
    run(item)
    row.refresh_from_db()
    assert row.description == "CORRIGIDO"


def test_a_hint_waits_while_the_bank_is_still_collecting(
    alice: User, pluggy: LocalPluggy, connect: Any
) -> None:
    """Pluggy tells of transactions before the item is done; rows beyond the look-back come by hint only."""
    item = connect(alice)
    row = a_row(item, local_date__lt=timezone.localdate() - timedelta(days=60))
    pluggy.control("PATCH", f"/transactions/{row.id}", description="CORRIGIDO", silent=True)
    pluggy.control("POST", f"/items/{item.id}/status", status="UPDATING", silent=True)
    changed(item, **hint_of(row, "updated"))
    assert run(item).outcome == SyncRun.Outcome.NOTHING_TO_READ
    pluggy.control("POST", f"/items/{item.id}/status", executionStatus="SUCCESS", silent=True)
    changed(item)
    assert run(item).rows_written == 1
    row.refresh_from_db()
    assert row.description == "CORRIGIDO"
    assert not item.hints.exists()


def test_a_deleted_row_becomes_a_tombstone(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    row = a_row(item, local_date__lt=timezone.localdate() - timedelta(days=60))
    pluggy.control("DELETE", f"/transactions/{row.id}", silent=True)
    changed(item, **hint_of(row, "deleted"))
    assert run(item).rows_removed == 1
    row.refresh_from_db()
    assert row.deleted_at is not None
    assert live(item) == remote(pluggy, item)
    assert rollups.differences() == []


def test_a_row_said_to_be_deleted_but_still_there_stays(alice: User, connect: Any) -> None:
    item = connect(alice)
    row = a_row(item)
    changed(item, **hint_of(row, "deleted"))
    assert run(item).rows_removed == 0
    row.refresh_from_db()
    assert row.deleted_at is None


def test_another_persons_row_cannot_be_deleted_by_a_hint(
    alice: User, bob: User, pluggy: LocalPluggy, connect: Any
) -> None:
    hers, his = connect(alice), connect(bob)
    target = a_row(his)
    own_account = hers.accounts.filter(type="BANK").first()
    changed(hers, kind="deleted", account_id=own_account.id, transaction_ids=[target.id])
    run(hers)
    target.refresh_from_db()
    assert target.deleted_at is None


def test_a_recent_row_that_vanished_silently_is_found(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    added = pluggy.spend(str(item.id), description="DUPLICADA", amount=-12, silent=True)
    changed(item)
    run(item)
    row_id = added["id"]
    assert row_id in live(item)
    pluggy.control("DELETE", f"/transactions/{row_id}", silent=True)
    changed(item)
    assert run(item).rows_removed == 1
    assert live(item) == remote(pluggy, item)


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/items/", {"kind": "status", "status": 500}),
        ("/items/", {"kind": "reset"}),
        ("/accounts", {"kind": "truncate"}),
        ("/accounts", {"kind": "status", "status": 503}),
        ("/accounts", {"kind": "html"}),
        ("/v2/transactions", {"kind": "limited"}),
        ("/v2/transactions", {"kind": "truncate"}),
        ("/v2/transactions", {"kind": "html"}),
        ("/v2/transactions", {"kind": "empty"}),
        ("/v2/transactions", {"kind": "reset"}),
    ],
)
def test_a_fault_delays_and_loses_nothing(
    alice: User, pluggy: LocalPluggy, path: str, fault: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    item_id = pluggy.connect(alice.reference)
    item = connections.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
    pluggy.fault(path=path, **fault)
    first = run(item)
    item.sync.refresh_from_db()
    assert first.outcome == SyncRun.Outcome.FAILED
    assert f"{item_id}: failed" in caplog.text and first.error.partition("\n")[0][:200] in caplog.text
    assert item.sync.failing_since is not None
    assert item.sync.is_behind
    assert item.sync.due_at > timezone.now() - timedelta(seconds=1)
    second = run(item, after=LATER)
    assert second.outcome == SyncRun.Outcome.SUCCEEDED, second.error
    assert live(item) == remote(pluggy, item)
    item.sync.refresh_from_db()
    assert (item.sync.failing_since, item.sync.attempts, item.sync.is_behind) == (None, 0, False)


def test_a_fault_in_the_middle_keeps_what_was_read(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    item = connections.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
    pluggy.fault("status", "/v2/transactions", status=502, skip=1)
    assert run(item).outcome == SyncRun.Outcome.FAILED
    assert 0 < len(live(item)) < len(remote(pluggy, item))
    assert rollups.differences() == []
    run(item, after=LATER)
    assert live(item) == remote(pluggy, item)


def test_a_fault_in_the_middle_of_news_loses_none_of_it(
    alice: User, pluggy: LocalPluggy, connect: Any
) -> None:
    """Newest first: the first page must not make the rest look known."""
    item = connect(alice)
    today = timezone.localdate()
    for number in range(510):
        day = str(today - timedelta(days=60 + number % 100))
        pluggy.spend(str(item.id), description=f"ANTIGA {number}", amount="-1.00", date=day, silent=True)
    changed(item)
    pluggy.fault("status", "after=", status=502)
    assert run(item).outcome == SyncRun.Outcome.FAILED
    changed(item)
    assert run(item, after=LATER).outcome == SyncRun.Outcome.SUCCEEDED
    assert live(item) == remote(pluggy, item)


def test_a_row_from_the_window_does_not_hide_an_older_one(
    alice: User, pluggy: LocalPluggy, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = connect(alice)
    stream = Client.transactions

    def between(client: Client, account_id: UUID, **options: Any) -> Any:
        """The bank adds an old row and a recent one after the news was read, before the window is."""
        if options.get("date_from") and not added:
            old = str(timezone.localdate() - timedelta(days=80))
            added.append(pluggy.spend(str(item.id), description="VELHA", amount=-3, date=old, silent=True))
            pluggy.spend(str(item.id), description="NOVA", amount=-4, silent=True)
        return stream(client, account_id, **options)

    added: list[Any] = []
    monkeypatch.setattr(Client, "transactions", between)
    changed(item)
    run(item)
    assert added[0]["id"] not in live(item)
    changed(item)
    run(item)
    assert live(item) == remote(pluggy, item)


def test_a_hint_waits_until_its_account_is_listed(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    row = a_row(item, local_date__lt=timezone.localdate() - timedelta(days=60))
    pluggy.control("DELETE", f"/transactions/{row.id}", silent=True)
    changed(item, **hint_of(row, "deleted"))
    nothing = '{"page":1,"total":0,"totalPages":1,"results":[]}'
    pluggy.fault("status", "/accounts", status=200, body=nothing)
    assert run(item).outcome == SyncRun.Outcome.FAILED
    run(item, after=LATER)
    assert live(item) == remote(pluggy, item)


def test_a_row_that_goes_while_the_first_reading_is_interrupted(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    item = connections.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
    pluggy.fault("status", "after=", status=502)
    run(item)
    half_read = Transaction.objects.filter(account__item=item, account__created_read_to=None)
    row = half_read.earliest("local_date")
    pluggy.control("DELETE", f"/transactions/{row.id}", silent=True)
    changed(item, **hint_of(row, "deleted"))
    run(item, after=LATER)
    assert live(item) == remote(pluggy, item)


def test_an_interrupted_first_reading_goes_on_where_it_stopped(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    item = connections.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
    pluggy.fault("status", "after=", status=502)
    first = run(item)
    account = Account.objects.exclude(first_read_after="").get(item=item)
    kept = Transaction.objects.filter(account=account).count()
    assert kept == 500
    pluggy.spend(item_id, accountId=str(account.id), description="ENQUANTO ISSO", amount=-3, silent=True)
    second = run(item, after=LATER)
    assert live(item) == remote(pluggy, item)
    assert first.rows_read + second.rows_read < 2 * len(remote(pluggy, item))
    account.refresh_from_db()
    assert account.first_read_after == "" and account.first_read_newest is None


def test_a_place_that_pluggy_no_longer_knows_is_forgotten(alice: User, pluggy: LocalPluggy) -> None:
    item_id = pluggy.connect(alice.reference)
    item = connections.claim(alice, UUID(item_id), client=our_client(), now=timezone.now())
    pluggy.fault("status", "after=", status=502)
    run(item)
    Account.objects.filter(item=item).exclude(first_read_after="").update(first_read_after="nonsense")
    assert run(item, after=LATER).outcome == SyncRun.Outcome.FAILED
    run(item, after=2 * LATER)
    assert live(item) == remote(pluggy, item)


def test_a_quiet_account_is_not_read_from_its_first_row_again(
    alice: User, pluggy: LocalPluggy, connect: Any
) -> None:
    item = connect(alice)
    pluggy.control("POST", "/clock", days=3)
    pluggy.settled(str(item.id))
    changed(item)
    whole = run(item).rows_read
    changed(item)
    assert run(item).rows_read < whole / 3


def test_an_empty_answer_removes_nothing(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    savings = item.accounts.get(subtype="SAVINGS_ACCOUNT")
    pluggy.spend(str(item.id), accountId=str(savings.id), description="RENDEU", amount=1, silent=True)
    changed(item)
    run(item)
    before = live(item)
    pluggy.fault("status", f"{savings.id}.*dateFrom", status=200, body='{"results":[],"next":null}', times=1)
    changed(item)
    assert run(item).rows_removed == 0
    assert live(item) == before


def test_news_does_not_cut_a_limit_short(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    changed(item)
    pluggy.fault("limited", "/accounts", seconds=60)
    assert run(item).outcome == SyncRun.Outcome.FAILED
    runs = item.runs.count()
    changed(item)
    run(item)
    assert item.runs.count() == runs  # still waiting
    forget_limits()
    with transaction.atomic():
        SyncState.objects.mark_changed(item.id, now=timezone.now(), at_once=True)
    assert run(item).outcome == SyncRun.Outcome.SUCCEEDED  # somebody asked for it


def test_a_run_whose_worker_was_lost_is_closed_by_the_next(alice: User, connect: Any) -> None:
    item = connect(alice)
    lost = SyncRun.objects.create(
        user=alice, item=item, fence=0, target_seq=1, started_at=timezone.now(), outcome="running"
    )
    changed(item)
    run(item)
    lost.refresh_from_db()
    assert lost.outcome == SyncRun.Outcome.OVERTAKEN


@pytest.mark.parametrize("body", ['{"code":404,"message":"item not found"}', '{"message":"Not Found"}'])
def test_only_pluggys_own_404_is_the_end_of_an_item(
    alice: User, pluggy: LocalPluggy, connect: Any, body: str
) -> None:
    item = connect(alice)
    pluggy.fault("status", "/items/", status=404, body=body)
    changed(item)
    run(item)
    item.refresh_from_db()
    assert (item.gone_at is not None) == ("code" in body)


def test_an_item_in_error_keeps_its_rows_and_says_so(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    before = live(item)
    pluggy.control(
        "POST",
        f"/items/{item.id}/status",
        status="LOGIN_ERROR",
        executionStatus="INVALID_CREDENTIALS",
        error={"code": "INVALID_CREDENTIALS", "message": "refused"},
    )
    changed(item)
    assert run(item).outcome == SyncRun.Outcome.NOTHING_TO_READ
    item.refresh_from_db()
    assert (item.status, item.error_code) == ("LOGIN_ERROR", "INVALID_CREDENTIALS")
    assert live(item) == before


def test_an_item_that_is_gone_keeps_its_history(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    before = live(item)
    pluggy.api("DELETE", f"/items/{item.id}")
    changed(item)
    run(item)
    item.refresh_from_db()
    assert item.gone_at is not None
    assert live(item) == before


def test_the_sandbox_cards_signs_are_put_right(alice: User, connect: Any) -> None:
    item = connect(alice, connector=SANDBOX_BANK)
    card = Transaction.objects.filter(account__item=item, account__type="CREDIT")
    assert card.filter(kind="expense", flow__lt=0).count() > card.count() / 2
    assert not card.filter(kind="expense", flow__gt=0).exists()


def test_what_happens_during_a_run_is_not_lost(alice: User, connect: Any) -> None:
    item = connect(alice)
    changed(item)
    arrived: list[bool] = []

    def now() -> Any:
        """An event arrives while the run is on."""
        if not arrived and item.runs.filter(outcome="running").exists():
            arrived.append(True)
            changed(item)
        return timezone.now()

    assert sync_item(item.id, client=our_client(), now=now)
    assert arrived
    item.sync.refresh_from_db()
    assert item.sync.is_behind


def test_a_late_worker_writes_nothing(alice: User, pluggy: LocalPluggy, connect: Any) -> None:
    item = connect(alice)
    pluggy.spend(str(item.id), description="TARDE", amount=-9, silent=True)
    changed(item)
    before = live(item)
    calls: list[int] = []

    def now() -> Any:
        calls.append(1)
        if len(calls) == 3:  # the lease is taken; somebody else takes it over
            SyncState.objects.filter(item=item).update(fence=99)
        return timezone.now()

    sync_item(item.id, client=our_client(), now=now)
    assert live(item) == before
    assert item.runs.latest("id").outcome == SyncRun.Outcome.OVERTAKEN


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_exactly_one_gets_the_lease(alice: User) -> None:
    item = bound_item(alice)
    rounds, workers = 10, 4
    for _ in range(rounds):
        with transaction.atomic():
            SyncState.objects.mark_changed(item.id, now=timezone.now())
        barrier = threading.Barrier(workers)

        def one(_: int, barrier: threading.Barrier = barrier) -> bool:
            try:
                barrier.wait()
                return lease.take(item.id, now=timezone.now()) is not None
            finally:
                connection.close()

        with ThreadPoolExecutor(workers) as pool:
            assert sum(pool.map(one, range(workers))) == 1
        SyncState.objects.filter(item=item).update(lease_until=None)
