"""Create many users with years of transactions inside PostgreSQL. This takes minutes; runs can reuse them."""

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
from banking.connections.models import Connector, Item, SyncState
from banking.ledger import monthly_totals
from banking.ledger.models import Account, Transaction

NEWEST = date(2026, 11, 20)
MONTHS = 60  # length of the longest history; the shortest has two fifths of it
ACCOUNTS = ("BANK", "CREDIT", "BANK")
BIG = "big@example.com"
# Kinds of transactions as (category, kind, sign, index in ACCOUNTS, share of all transactions).
TRANSACTION_KINDS = (
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
MERCHANT_TYPES = (
    "Padaria", "Mercado", "Farmácia", "Posto", "Uber *Viagem", "IFD*Cantina", "Loja", "Pag*Pastelaria",
    "Livraria", "Açougue", "Pet Shop", "Estacionamento", "Cinema", "Clínica", "Pix enviado", "Boleto",
    "Restaurante", "Café", "Quitanda", "Salão", "Oficina", "Ótica", "Papelaria", "Sorveteria",
)  # fmt: skip
MERCHANT_NAMES = (
    "São João", "Boa Vista", "da Vila", "Estrela", "Santa Cecília", "do Zé", "Pinheiros", "Ipê Amarelo",
    "Três Irmãos", "Central", "Nova Era", "Avenida", "Primavera", "Bom Jesus", "Imperial", "Tupã",
    "Maria Antônia", "Atlântico", "Paraíso", "Guaíra", "Horizonte", "Conceição", "Aurora", "Coração",
)  # fmt: skip
TEXT_COUNT, TEXTS_PER_USER = 20_000, 400  # different descriptions: in all, and of a user of common size


def build(users: int, transactions: int, big: int) -> None:
    """Create `users` with `transactions` each, and one user with `big` transactions."""
    started = time.perf_counter()
    call_command("load_categories", verbosity=0)
    Connector.objects.get_or_create(id=9001, defaults={"name": "Banco", "seen_at": timezone.now()})
    with connection.cursor() as cursor, _without_indexes(cursor):
        _create_texts(cursor)
        for index in range(users):
            _create_user(cursor, f"user{index}@example.com", transactions, index)
            if index % 200 == 199:
                print(f"  {index + 1} users after {time.perf_counter() - started:.0f} s", flush=True)
        _create_user(cursor, BIG, big)
        print(
            f"  all transactions after {time.perf_counter() - started:.0f} s; now indexes and monthly totals",
            flush=True,
        )
    monthly_totals.rebuild()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(
        f"created {users * transactions + big:,} transactions of {users + 1:,} users"
        f" in {time.perf_counter() - started:.0f} s"
    )


def _create_texts(cursor: Any) -> None:
    """Fill the temporary table of descriptions. Each has one category; the first are the most frequent."""
    kinds = [kind[:4] for kind in TRANSACTION_KINDS for _ in range(kind[4])]
    cursor.execute(_SQL_CREATE_TEXTS)
    with cursor.copy("COPY texts FROM STDIN") as copy:
        for index in range(TEXT_COUNT):
            turn, name_index = divmod(index // len(MERCHANT_TYPES), len(MERCHANT_NAMES))
            description = " ".join(
                [
                    MERCHANT_TYPES[index % len(MERCHANT_TYPES)],
                    MERCHANT_NAMES[name_index],
                    *([str(turn)] if turn else []),
                ]
            )
            category, kind, sign, account = kinds[index * 31 % len(kinds)]
            party = f"{MERCHANT_NAMES[name_index]} Silva {turn}" if category.startswith("05") else ""
            copy.write_row(
                (
                    index,
                    description.upper(),
                    description if index % 2 else "",
                    party,
                    category,
                    kind,
                    sign,
                    account,
                )
            )


def _create_user(cursor: Any, email: str, transaction_count: int, index: int | None = None) -> None:
    """Create a user with accounts and transactions.

    A user with an index has a shorter history and fewer different descriptions than the big one.
    """
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
    months = MONTHS if index is None else MONTHS * 2 // 5 + index % (MONTHS * 3 // 5)
    text_count = TEXT_COUNT if index is None else TEXTS_PER_USER
    first = 0 if index is None else index * 37 % (TEXT_COUNT - TEXTS_PER_USER)
    parameters = {
        "user": user.id,
        "count": transaction_count,
        "days": months * 30,
        "text_count": text_count,
        "first": first,
    }
    cursor.execute(
        _SQL_TRANSACTIONS, parameters | {"accounts": [account.id for account in accounts], "newest": NEWEST}
    )


@contextmanager
def _without_indexes(cursor: Any) -> Iterator[None]:
    """Drop the indexes and foreign keys of the transactions during the block, and create them at the end.

    Creating an index once is much faster than updating it for every row.
    """
    table = Transaction._meta.db_table
    cursor.execute(_SQL_INDEXES, [table])
    indexes = cursor.fetchall()
    cursor.execute(_SQL_FOREIGN_KEYS, [table])
    foreign_keys = cursor.fetchall()
    for name, _ in foreign_keys:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    cursor.execute("SET maintenance_work_mem = '512MB'")
    for _, create_index in indexes:
        cursor.execute(create_index)
    for name, definition in foreign_keys:
        cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


_SQL_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename = %s AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
_SQL_FOREIGN_KEYS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype = 'f'
"""
_SQL_CREATE_TEXTS = """
    CREATE TEMP TABLE texts (
        index int PRIMARY KEY, description text, merchant text, party text, category text, kind text,
        sign int, account int
    )
"""
# The oldest transactions are inserted first. Card purchases are paid in the next month. One transaction in
# 500 has a note.
_SQL_TRANSACTIONS = """
    INSERT INTO ledger_transaction (
        id, user_id, account_id, description, description_raw, type, status, amount, currency, occurred_at,
        bank_category_id, operation_type, provider_code, provider_id, payment_method, counterparty,
        counterparty_document, counterparty_hash, merchant_name, merchant_cnpj, card_number, bill_forecast,
        details, bank_created_at, bank_updated_at, local_date, signed_amount, signed_amount_currency, kind, kind_reason,
        category_id, accrual_month, cash_month, read_at, note
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
        SELECT n, %(newest)s::date - (n::bigint * %(days)s / %(count)s)::int AS day,
               (random() * random() * 90000 + 100)::int / 100.0 AS value,
               %(first)s + floor(%(text_count)s * random() ^ 3)::int AS index
        FROM generate_series(%(count)s - 1, 0, -1) AS n
    ) AS row JOIN texts USING (index)
"""
