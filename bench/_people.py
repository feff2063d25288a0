"""Many people with years of rows, made inside PostgreSQL; kept from run to run, as it takes minutes."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from banking import rollups
from banking.models import Account, Connector, Item, SyncState, Transaction

NEWEST = date(2026, 11, 20)
MONTHS = 60  # so far back goes the longest history; the shortest has two fifths of it
ACCOUNTS = ("BANK", "CREDIT", "BANK")
BIG = "big@example.com"
# What the rows of a person say, as (category, kind, sign, place of the account, share of the rows).
MEANINGS = (
    ("01010000", "income", 1, 0, 2), ("01050000", "income", 1, 0, 2), ("03060000", "income", 1, 2, 2),
    ("04020000", "transfer", -1, 0, 3), ("04010000", "transfer", 1, 2, 3),
    ("05100000", "card_payment", -1, 0, 1), ("05100000", "card_payment", 1, 1, 1),
    ("03020000", "investment", -1, 2, 1), ("05070000", "expense", -1, 0, 9), ("05070000", "income", 1, 0, 5),
    ("05080000", "expense", -1, 2, 4), ("17010000", "expense", -1, 0, 1), ("17030000", "expense", -1, 0, 2),
    ("07010001", "expense", -1, 0, 1), ("07020001", "expense", -1, 1, 2), ("07030001", "expense", -1, 1, 1),
    ("10000000", "expense", -1, 1, 11), ("10000000", "expense", -1, 0, 4), ("11010000", "expense", -1, 1, 12),
    ("11010000", "refund", 1, 1, 1), ("11020000", "expense", -1, 1, 9), ("08010000", "expense", -1, 1, 6),
    ("08010000", "refund", 1, 1, 1), ("08020000", "expense", -1, 1, 2), ("08050000", "expense", -1, 1, 3),
    ("08090000", "refund", 1, 1, 1), ("18020000", "expense", -1, 1, 4), ("18010000", "expense", -1, 1, 1),
    ("19010000", "expense", -1, 1, 9), ("19050001", "expense", -1, 1, 4), ("19050003", "expense", -1, 1, 2),
    ("12010000", "expense", -1, 1, 1), ("09010000", "expense", -1, 1, 2), ("15030000", "expense", -1, 0, 1),
    ("16010000", "expense", -1, 0, 1), ("14010000", "expense", -1, 1, 1), ("21000000", "expense", -1, 1, 1),
)  # fmt: skip
WHATS = (
    "Padaria", "Mercado", "Farmácia", "Posto", "Uber *Viagem", "IFD*Cantina", "Loja", "Pag*Pastelaria",
    "Livraria", "Açougue", "Pet Shop", "Estacionamento", "Cinema", "Clínica", "Pix enviado", "Boleto",
    "Restaurante", "Café", "Quitanda", "Salão", "Oficina", "Ótica", "Papelaria", "Sorveteria",
)  # fmt: skip
WHOSE = (
    "São João", "Boa Vista", "da Vila", "Estrela", "Santa Cecília", "do Zé", "Pinheiros", "Ipê Amarelo",
    "Três Irmãos", "Central", "Nova Era", "Avenida", "Primavera", "Bom Jesus", "Imperial", "Tupã",
    "Maria Antônia", "Atlântico", "Paraíso", "Guaíra", "Horizonte", "Conceição", "Aurora", "Coração",
)  # fmt: skip
WORDINGS, OF_A_PERSON = 20_000, 400  # different texts: of all rows, and of a person with a common history


def build(people: int, rows: int, big: int) -> None:
    """`people` with `rows` each, and one with `big`."""
    begun = time.perf_counter()
    call_command("load_categories", verbosity=0)
    Connector.objects.get_or_create(id=9001, defaults={"name": "Banco", "seen_at": timezone.now()})
    with connection.cursor() as cursor, _unbound(cursor):
        _say(cursor)
        for place in range(people):
            _person(cursor, f"person{place}@example.com", rows, place)
            if place % 200 == 199:
                print(f"  {place + 1} people after {time.perf_counter() - begun:.0f} s", flush=True)
        _person(cursor, BIG, big)
        print(f"  all rows after {time.perf_counter() - begun:.0f} s; now indexes and sums", flush=True)
    rollups.rebuild()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(
        f"built {people * rows + big:,} rows of {people + 1:,} people in {time.perf_counter() - begun:.0f} s"
    )


def _say(cursor: Any) -> None:
    """What rows say: each text means one thing, and the first are the most frequent."""
    meanings = [meaning[:4] for meaning in MEANINGS for _ in range(meaning[4])]
    cursor.execute(_SQL_SAYING)
    with cursor.copy("COPY saying FROM STDIN") as copy:
        for place in range(WORDINGS):
            turn, whose = divmod(place // len(WHATS), len(WHOSE))
            said = " ".join([WHATS[place % len(WHATS)], WHOSE[whose], *([str(turn)] if turn else [])])
            category, kind, sign, account = meanings[place * 31 % len(meanings)]
            party = f"{WHOSE[whose]} Silva {turn}" if category.startswith("05") else ""
            copy.write_row(
                (place, said.upper(), said if place % 2 else "", party, category, kind, sign, account)
            )


def _person(cursor: Any, email: str, rows: int, place: int | None = None) -> None:
    """With a place among the many, a shorter history and fewer different texts than the big one."""
    user = User.objects.create(email=email)
    now = timezone.now()
    item = Item.objects.create(
        id=uuid.uuid4(), user=user, connector_id=9001, status="UPDATED", execution_status="SUCCESS",
        connected_at=now, read_at=now,
    )  # fmt: skip
    SyncState.objects.create(item=item, due_at=now, synced_at=now)
    accounts = [
        Account(
            id=uuid.uuid4(), user=user, item=item, type=type, name="Conta", number=str(number),
            currency="BRL", balance=1000, read_at=now,
        )
        for number, type in enumerate(ACCOUNTS)
    ]  # fmt: skip
    Account.objects.bulk_create(accounts)
    months = MONTHS if place is None else MONTHS * 2 // 5 + place % (MONTHS * 3 // 5)
    said = WORDINGS if place is None else OF_A_PERSON
    first = 0 if place is None else place * 37 % (WORDINGS - OF_A_PERSON)
    numbers = {"user": user.id, "rows": rows, "days": months * 30, "said": said, "first": first}
    cursor.execute(_SQL_ROWS, numbers | {"accounts": [one.id for one in accounts], "newest": NEWEST})


@contextmanager
def _unbound(cursor: Any) -> Iterator[None]:
    """Without the indexes and foreign keys of the rows' table; they are made when all rows are there."""
    table = Transaction._meta.db_table
    cursor.execute(_SQL_INDEXES, [table])
    indexes = cursor.fetchall()
    cursor.execute(_SQL_KEYS, [table])
    keys = cursor.fetchall()
    for name, _ in keys:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    cursor.execute("SET maintenance_work_mem = '512MB'")
    for _, made_by in indexes:
        cursor.execute(made_by)
    for name, said in keys:
        cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {said}')


_SQL_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename = %s AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
_SQL_KEYS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype = 'f'
"""
_SQL_SAYING = """
    CREATE TEMP TABLE saying (
        place int PRIMARY KEY, description text, merchant text, party text, category text, kind text,
        sign int, account int
    )
"""
# Newest first come the last; a card's rows are paid in the month after. One row in 500 has a note.
_SQL_ROWS = """
    INSERT INTO banking_transaction (
        id, user_id, account_id, description, description_raw, type, status, amount, currency, occurred_at,
        bank_category_id, operation_type, provider_code, provider_id, payment_method, counterparty,
        counterparty_document, counterparty_hash, merchant_name, merchant_cnpj, card_number, bill_forecast,
        details, bank_created_at, bank_updated_at, local_date, flow, flow_currency, kind, kind_reason,
        category_id, month_competence, month_cash, read_at, note
    )
    SELECT gen_random_uuid(), %(user)s, (%(accounts)s::uuid[])[1 + account], description, description,
           CASE WHEN sign < 0 THEN 'DEBIT' ELSE 'CREDIT' END,
           CASE WHEN n < 5 THEN 'PENDING' ELSE 'POSTED' END,
           sign * value, 'BRL', day + time '15:00', category, 'OUTROS', '', gen_random_uuid()::text, '',
           party,
           '', '', merchant, CASE WHEN merchant = '' THEN '' ELSE '12345678000195' END, '', '', '{}',
           now(),
           now(), day, sign * value, 'BRL', kind, 'money out', category, date_trunc('month', day)::date,
           (date_trunc('month', day) + CASE WHEN account = 1 THEN interval '1 month' ELSE '0' END)::date,
           now(), CASE WHEN n %% 500 = 0 THEN 'presente de ' || merchant ELSE '' END
    FROM (
        SELECT n, %(newest)s::date - (n::bigint * %(days)s / %(rows)s)::int AS day,
               (random() * random() * 90000 + 100)::int / 100.0 AS value,
               %(first)s + floor(%(said)s * random() ^ 3)::int AS place
        FROM generate_series(%(rows)s - 1, 0, -1) AS n
    ) AS row JOIN saying USING (place)
"""
