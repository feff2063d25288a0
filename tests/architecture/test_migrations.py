"""The tables that the migrations create equal the tables that the models describe."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection

pytestmark = pytest.mark.django_db

OUR_APPS = ("accounts", "connections", "ledger", "webhooks")
FROM_MODELS = "from_models"  # a schema with tables that are made from the models alone

SQL_COLUMNS = """
    SELECT table_name, column_name, data_type, udt_name, character_maximum_length, numeric_precision,
           numeric_scale, is_nullable, column_default, is_identity, generation_expression
    FROM information_schema.columns WHERE table_schema = %s AND table_name = ANY(%s)
"""
SQL_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(pg_constraint.oid)
    FROM pg_constraint JOIN pg_namespace ON pg_namespace.oid = connamespace
    WHERE nspname = %s AND conrelid::regclass::text = ANY(%s)
"""
SQL_INDEXES = """
    SELECT tablename, indexname, replace(indexdef, schemaname || '.', '')
    FROM pg_indexes WHERE schemaname = %s AND tablename = ANY(%s)
"""


@pytest.fixture
def tables() -> Iterator[list[str]]:
    """Create the tables of our models in a schema of their own, and give their names."""
    models = [model for label in OUR_APPS for model in apps.get_app_config(label).get_models(True)]
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        (search_path,) = cursor.fetchone()
        cursor.execute(f"CREATE SCHEMA {FROM_MODELS}")
        cursor.execute(f"SET search_path TO {FROM_MODELS}, {search_path}")
    with connection.schema_editor(atomic=False) as editor:
        for model in models:
            if not model._meta.auto_created:  # the table of a many-to-many field comes with its model
                editor.create_model(model)
    yield [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path TO {search_path}")
        cursor.execute(f"DROP SCHEMA {FROM_MODELS} CASCADE")


@pytest.mark.parametrize("sql", [SQL_COLUMNS, SQL_CONSTRAINTS, SQL_INDEXES])
def test_migrated_tables_equal_the_models(tables: list[str], sql: str) -> None:
    from_models = _described(sql, FROM_MODELS, tables)
    assert from_models, "nothing was compared"
    assert _described(sql, "public", tables) == from_models


def _described(sql: str, schema: str, tables: list[str]) -> set[tuple[object, ...]]:
    """Describe the tables of a schema, without the schema's name."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path TO {schema}, public")  # names are shown without the first schema
        cursor.execute(sql, [schema, tables])
        return set(cursor.fetchall())
