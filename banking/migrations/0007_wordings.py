"""What rows say, each different text once, kept by triggers: so a search costs the same whatever the history."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banking.migrations._rows import own_rows

# As banking/folding.py folds. No text that people type holds the separator.
FUNCTION = r"""
    CREATE FUNCTION banking_wording_of(description text, merchant text, counterparty text, note text)
    RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT translate(lower(description || E'\x1f' || merchant || E'\x1f' || counterparty || E'\x1f' || note),
                         'áàâãäéèêëíìîïóòôõöúùûüçñ', 'aaaaaeeeeiiiiooooouuuucn')
    $$
"""
NEW_ONES = """
    INSERT INTO banking_wording (user_id, key, text)
    SELECT user_id, wording, banking_wording_of(description, merchant_name, counterparty, note)
    FROM (SELECT DISTINCT ON (user_id, wording) * FROM {rows} ORDER BY user_id, wording) AS once
    ON CONFLICT (user_id, key) DO NOTHING
"""
# A statement's new rows at once; of rows that change, only those that now say something else.
TRIGGERS = f"""
    CREATE FUNCTION banking_wordings_of_new_rows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        {NEW_ONES.format(rows="came")}; RETURN NULL;
    END $$;
    CREATE TRIGGER wordings_of_new_rows AFTER INSERT ON banking_transaction
        REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION banking_wordings_of_new_rows();
    CREATE FUNCTION banking_wording_of_changed_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        {NEW_ONES.format(rows="(SELECT NEW.*) AS changed")}; RETURN NULL;
    END $$;
    CREATE TRIGGER wording_of_changed_row AFTER UPDATE ON banking_transaction
        FOR EACH ROW WHEN (OLD.wording IS DISTINCT FROM NEW.wording)
        EXECUTE FUNCTION banking_wording_of_changed_row();
"""
NO_TRIGGERS = """
    DROP TRIGGER wordings_of_new_rows ON banking_transaction;
    DROP TRIGGER wording_of_changed_row ON banking_transaction;
    DROP FUNCTION banking_wordings_of_new_rows, banking_wording_of_changed_row;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0006_instalments"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Wording",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "user_id", "key", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("key", models.BigIntegerField(help_text="a hash of the text")),
                ("text", models.TextField()),
            ],
        ),
        migrations.RemoveIndex(model_name="transaction", name="transaction_user_date"),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION banking_wording_of"),
        migrations.AddField(
            model_name="transaction",
            name="wording",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    models.Func(
                        "description",
                        "merchant_name",
                        "counterparty",
                        "note",
                        function="banking_wording_of",
                    ),
                    models.Value(0),
                    function="hashtextextended",
                ),
                help_text="of the texts that people read: the key of its Wording",
                output_field=models.BigIntegerField(),
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                models.F("user"),
                models.OrderBy(models.F("local_date"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                include=(
                    "account_id",
                    "category_id",
                    "kind",
                    "flow",
                    "flow_currency",
                    "deleted_at",
                    "wording",
                ),
                name="transaction_user_date",
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                models.F("user"),
                models.F("wording"),
                models.OrderBy(models.F("local_date"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                include=("account_id", "category_id", "kind", "flow", "flow_currency", "deleted_at"),
                name="transaction_user_wording",
            ),
        ),
        own_rows("banking_wording"),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
        migrations.RunSQL(NEW_ONES.format(rows="banking_transaction"), migrations.RunSQL.noop),
    ]
