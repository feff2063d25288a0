"""Create the tables of ledger."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from banking.ledger.migrations import _search_text as search_text


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("connections", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(search_text.CREATE_FUNCTION, search_text.DROP_FUNCTION),
        migrations.CreateModel(
            name="Transaction",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("description", models.TextField()),
                ("description_raw", models.TextField(blank=True)),
                ("type", models.CharField(blank=True, help_text="DEBIT, CREDIT or nothing", max_length=10)),
                ("status", models.CharField(blank=True, help_text="POSTED or PENDING", max_length=10)),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=8, help_text="signed, in `currency`, as sent", max_digits=24
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "amount_in_account_currency",
                    models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True),
                ),
                ("balance", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                (
                    "occurred_at",
                    models.DateTimeField(help_text="as sent; `local_date` is the date that counts"),
                ),
                ("sort_order", models.IntegerField(blank=True, null=True)),
                ("bank_category_id", models.CharField(blank=True, max_length=12)),
                ("operation_type", models.CharField(blank=True, max_length=80)),
                ("provider_code", models.CharField(blank=True, max_length=200)),
                ("provider_id", models.CharField(blank=True, max_length=200)),
                ("payment_method", models.CharField(blank=True, max_length=20)),
                (
                    "counterparty",
                    models.CharField(
                        blank=True, help_text="payer or receiver: untrusted text", max_length=200
                    ),
                ),
                ("counterparty_document", models.CharField(blank=True, help_text="masked", max_length=20)),
                (
                    "counterparty_hash",
                    models.CharField(blank=True, help_text="keyed hash, to compare", max_length=64),
                ),
                (
                    "is_between_two_documents",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="payer and receiver have different documents",
                    ),
                ),
                (
                    "counterparty_account",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="keyed hash of branch and account, to compare",
                        max_length=64,
                    ),
                ),
                (
                    "payment_reason",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="message of a PIX: untrusted text",
                        max_length=500,
                    ),
                ),
                ("merchant_name", models.CharField(blank=True, max_length=200)),
                ("merchant_cnpj", models.CharField(blank=True, max_length=14)),
                ("installment_number", models.IntegerField(blank=True, null=True)),
                ("total_installments", models.IntegerField(blank=True, null=True)),
                ("purchased_on", models.DateField(blank=True, null=True)),
                ("card_number", models.CharField(blank=True, max_length=20)),
                ("bill_id", models.UUIDField(blank=True, null=True)),
                ("bill_forecast", models.CharField(blank=True, help_text="YYYY-MM", max_length=7)),
                (
                    "details",
                    models.JSONField(default=dict, help_text="other fields as sent, without documents"),
                ),
                ("bank_created_at", models.DateTimeField()),
                ("bank_updated_at", models.DateTimeField()),
                ("local_date", models.DateField()),
                (
                    "signed_amount",
                    models.DecimalField(
                        decimal_places=8,
                        help_text="in `signed_amount_currency`: out negative, in positive",
                        max_digits=24,
                    ),
                ),
                (
                    "signed_amount_currency",
                    models.CharField(
                        help_text="of `signed_amount`: the account's currency; the transaction's own until it is converted",
                        max_length=3,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("expense", "Expense"),
                            ("refund", "Refund"),
                            ("income", "Income"),
                            ("transfer", "Transfer"),
                            ("card_payment", "Card Payment"),
                            ("investment", "Investment"),
                            ("loan", "Loan"),
                            ("neutral", "Neutral"),
                        ],
                        max_length=12,
                    ),
                ),
                ("kind_reason", models.CharField(max_length=40)),
                ("accrual_month", models.DateField(help_text="first day of the month in which it happened")),
                (
                    "cash_month",
                    models.DateField(help_text="first day of the month in which it was or will be paid"),
                ),
                (
                    "read_at",
                    models.DateTimeField(
                        help_text="when the response that this was stored from was requested"
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True, help_text="tombstone: the bank no longer has it", null=True
                    ),
                ),
                (
                    "user_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("expense", "Expense"),
                            ("refund", "Refund"),
                            ("income", "Income"),
                            ("transfer", "Transfer"),
                            ("card_payment", "Card Payment"),
                            ("investment", "Investment"),
                            ("loan", "Loan"),
                            ("neutral", "Neutral"),
                        ],
                        db_default="",
                        default="",
                        max_length=12,
                    ),
                ),
                ("note", models.TextField(blank=True, db_default="", default="")),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        db_default=models.Value([]),
                        default=list,
                        size=None,
                    ),
                ),
                ("hidden", models.BooleanField(db_default=False, default=False)),
                (
                    "search_key",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            models.Func(
                                "description",
                                "merchant_name",
                                "counterparty",
                                "payment_reason",
                                "note",
                                function="ledger_search_text",
                            ),
                            models.Value(0),
                            function="hashtextextended",
                        ),
                        help_text="hash of the searchable text: the key of its SearchText",
                        output_field=models.BigIntegerField(),
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReclassificationJob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "email",
                    models.CharField(blank=True, help_text="of one user; empty: all users", max_length=254),
                ),
                (
                    "start_date",
                    models.DateField(
                        blank=True, help_text="earlier transactions stay as they are", null=True
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("account_id", models.UUIDField(blank=True, help_text="the account in progress", null=True)),
                (
                    "last_occurred_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="of the last transaction; null: at the start of the account",
                        null=True,
                    ),
                ),
                ("last_transaction_id", models.UUIDField(blank=True, null=True)),
                ("transaction_count", models.BigIntegerField(default=0)),
                ("changed_count", models.BigIntegerField(default=0)),
                (
                    "changes",
                    models.JSONField(
                        default=dict, help_text="`currency before after`: [count, sum of signed_amount]"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Rule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.IntegerField(help_text="the lowest is tried first")),
                ("created_at", models.DateTimeField()),
                (
                    "changed_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="when it changed, until the change is applied to stored transactions",
                        null=True,
                    ),
                ),
                (
                    "is_deleting",
                    models.BooleanField(
                        default=False,
                        help_text="the user deleted it; it goes when no transaction refers to it any more",
                    ),
                ),
                (
                    "match",
                    models.CharField(
                        choices=[("contains", "Contains"), ("equals", "Equals"), ("starts", "Starts")],
                        default="contains",
                        max_length=10,
                    ),
                ),
                ("text", models.CharField(blank=True, help_text="empty: any text", max_length=200)),
                (
                    "direction",
                    models.CharField(
                        blank=True,
                        choices=[("out", "Out"), ("in", "In")],
                        help_text="empty: either",
                        max_length=3,
                    ),
                ),
                (
                    "min_amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=8,
                        help_text="of the amount without its sign, inclusive",
                        max_digits=24,
                        null=True,
                    ),
                ),
                ("max_amount", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                (
                    "start_date",
                    models.DateField(
                        blank=True, help_text="earlier transactions stay as they are", null=True
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("expense", "Expense"),
                            ("refund", "Refund"),
                            ("income", "Income"),
                            ("transfer", "Transfer"),
                            ("card_payment", "Card Payment"),
                            ("investment", "Investment"),
                            ("loan", "Loan"),
                            ("neutral", "Neutral"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
                ("hides", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ("position", "id"),
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("type", models.CharField(max_length=10)),
                ("subtype", models.CharField(blank=True, max_length=40)),
                (
                    "number",
                    models.CharField(blank=True, help_text="last four digits only for cards", max_length=60),
                ),
                ("name", models.CharField(max_length=200)),
                ("marketing_name", models.CharField(blank=True, max_length=200)),
                ("owner_name", models.CharField(blank=True, max_length=200)),
                (
                    "owner_hash",
                    models.CharField(
                        blank=True, help_text="keyed hash of the owner's document", max_length=64
                    ),
                ),
                (
                    "owner_shown",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="what is kept of the owner's document, as ******12322; all that is known if the bank masks it",
                        max_length=14,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "balance",
                    models.DecimalField(
                        decimal_places=8,
                        help_text="BANK: available; CREDIT: used, sign as the bank sends",
                        max_digits=24,
                    ),
                ),
                ("brand", models.CharField(blank=True, max_length=40)),
                ("level", models.CharField(blank=True, max_length=40)),
                ("credit_limit", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                (
                    "available_limit",
                    models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True),
                ),
                (
                    "minimum_payment",
                    models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True),
                ),
                ("closes_on", models.DateField(blank=True, null=True)),
                ("due_on", models.DateField(blank=True, null=True)),
                (
                    "bill_evidence",
                    models.JSONField(
                        default=dict,
                        help_text="what the card's bills show about the month of its transactions (ledger/bill_evidence.py)",
                    ),
                ),
                (
                    "transfer_number",
                    models.CharField(blank=True, help_text="bank/agency/account", max_length=60),
                ),
                (
                    "overdraft_limit",
                    models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True),
                ),
                (
                    "invested_balance",
                    models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True),
                ),
                ("details", models.JSONField(default=dict, help_text="bankData and creditData as sent")),
                ("bank_created_at", models.DateTimeField(blank=True, null=True)),
                ("bank_updated_at", models.DateTimeField(blank=True, null=True)),
                ("read_at", models.DateTimeField(help_text="when the bank last listed it")),
                (
                    "missing_since",
                    models.DateTimeField(
                        blank=True, help_text="when the bank no longer listed it", null=True
                    ),
                ),
                ("missing_reads", models.IntegerField(default=0, help_text="lists in a row without it")),
                (
                    "created_read_until",
                    models.DateTimeField(
                        blank=True,
                        help_text="every transaction that Pluggy created before this is stored; by Pluggy's clock",
                        null=True,
                    ),
                ),
                (
                    "first_read_cursor",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="Pluggy's cursor at which the first, complete reading was interrupted",
                    ),
                ),
                (
                    "first_read_latest",
                    models.DateTimeField(
                        blank=True,
                        help_text="when Pluggy created the latest transaction of the first reading; by Pluggy's clock",
                        null=True,
                    ),
                ),
                ("transactions_read_at", models.DateTimeField(blank=True, null=True)),
                (
                    "full_read_at",
                    models.DateTimeField(
                        blank=True, help_text="when all its transactions were last read again", null=True
                    ),
                ),
                (
                    "full_read_cursor",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="Pluggy's cursor at which reading them again was interrupted",
                    ),
                ),
                (
                    "is_overpaid",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="of a card: payments and refunds exceed the purchases by its balance or more",
                    ),
                ),
                (
                    "counted_as",
                    models.UUIDField(
                        blank=True,
                        help_text="the account or card whose balance is the same money and counts",
                        null=True,
                    ),
                ),
                (
                    "is_superseded",
                    models.BooleanField(
                        default=False, help_text="`counted_as` is the same account through another connection"
                    ),
                ),
                (
                    "closed_on",
                    models.DateField(
                        blank=True, help_text="it counts in no balance from this day on", null=True
                    ),
                ),
                (
                    "is_confirmed_open",
                    models.BooleanField(
                        default=False,
                        help_text="the user said that it is not closed although the bank no longer lists it",
                    ),
                ),
                ("is_left_out", models.BooleanField(default=False, help_text="in no total of all accounts")),
                (
                    "rejected_owners",
                    models.JSONField(
                        default=list,
                        help_text="keyed hashes of documents that the user said are not the owner's",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="accounts",
                        to="connections.item",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("type", "name", "id"),
            },
        ),
        migrations.CreateModel(
            name="Bill",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("due_on", models.DateField()),
                ("closes_on", models.DateField(blank=True, null=True)),
                (
                    "total",
                    models.DecimalField(
                        decimal_places=8, help_text="the amount due, by the bank", max_digits=24
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "minimum_payment",
                    models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True),
                ),
                ("allows_installments", models.BooleanField(blank=True, null=True)),
                (
                    "finance_charges",
                    models.JSONField(default=list, help_text="type, amount (text), additionalInfo"),
                ),
                (
                    "payments",
                    models.JSONField(
                        default=list, help_text="id, valueType, paymentDate, paymentMode, amount (text)"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="bills", to="ledger.account"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-due_on", "id"),
            },
        ),
        migrations.CreateModel(
            name="BulkEdit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("change", models.JSONField(help_text="a BulkChange (banking/ledger/bulk_edits.py)")),
                ("transaction_count", models.IntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                (
                    "progressed_at",
                    models.DateTimeField(
                        help_text="when the last batch was applied, or the edit or undo began"
                    ),
                ),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "finished_at",
                    models.DateTimeField(
                        blank=True, help_text="when it was applied, or undone, everywhere", null=True
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
            ],
        ),
        migrations.CreateModel(
            name="BulkEditItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("transaction_id", models.UUIDField()),
                (
                    "before",
                    models.JSONField(
                        blank=True,
                        help_text="category, hidden, kind and tags before; null until it is applied",
                        null=True,
                    ),
                ),
                (
                    "edit",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="ledger.bulkedit",
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
            ],
        ),
        migrations.CreateModel(
            name="Category",
            fields=[
                ("id", models.CharField(max_length=12, primary_key=True, serialize=False)),
                ("name_en", models.CharField(max_length=120)),
                ("name_pt", models.CharField(max_length=120)),
                (
                    "root_id",
                    models.CharField(
                        db_index=True, help_text="its top-level category, or itself", max_length=12
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="ledger.category",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "categories",
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="CategoryUpdate",
            fields=[
                (
                    "transaction",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="category_update",
                        serialize=False,
                        to="ledger.transaction",
                    ),
                ),
                ("category_id", models.CharField(max_length=12)),
                ("original_category_id", models.CharField(blank=True, max_length=12)),
                ("is_pending", models.BooleanField(default=True, help_text="neither sent nor given up")),
                ("attempts", models.IntegerField(default=0, help_text="failed attempts")),
                ("last_attempt_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="transaction",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="transactions",
                to="ledger.account",
            ),
        ),
        migrations.AddField(
            model_name="transaction",
            name="category",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.category",
            ),
        ),
        migrations.AddField(
            model_name="transaction",
            name="parent_transaction",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="of a split: the bank's transaction, which counts what its splits leave",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="splits",
                to="ledger.transaction",
            ),
        ),
        migrations.AddField(
            model_name="transaction",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="transaction",
            name="user_category",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.category",
            ),
        ),
        migrations.CreateModel(
            name="CoveredTransaction",
            fields=[
                ("transaction_id", models.UUIDField(primary_key=True, serialize=False)),
                ("counted_id", models.UUIDField(db_index=True, help_text="the transaction that counts")),
                (
                    "has_moved_edits",
                    models.BooleanField(default=False, help_text="the user's edits moved there"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="covered_transactions",
                        to="ledger.account",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DeletionReview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "transaction_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None),
                ),
                (
                    "expected_count",
                    models.IntegerField(help_text="transactions that the bank should have listed"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("approved", "Approved"),
                            ("applied", "Applied"),
                            ("rejected", "Rejected"),
                            ("cleared", "Cleared"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField(help_text="when the transactions were last missed")),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "removed_count",
                    models.IntegerField(default=0, help_text="transactions removed when it was applied"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deletion_reviews",
                        to="ledger.account",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deletion_reviews",
                        to="connections.item",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        help_text="the last run that missed them",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="connections.syncrun",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-opened_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="DocumentKeys",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("fingerprint", models.CharField(max_length=64)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="document_keys_has_one_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="DoubleListing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("account", "Account"),
                            ("credit_line", "Credit Line"),
                            ("position", "Position"),
                            ("investment", "Investment"),
                            ("loan", "Loan"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("automatic", "Automatic"),
                            ("suggested", "Suggested"),
                            ("confirmed", "Confirmed"),
                            ("rejected", "Rejected"),
                        ],
                        max_length=10,
                    ),
                ),
                ("listed_id", models.UUIDField()),
                ("counted_id", models.UUIDField()),
                (
                    "evidence",
                    models.CharField(help_text="a code; banking/web/labels has its text", max_length=40),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "reviewed_at",
                    models.DateTimeField(blank=True, help_text="when the user answered", null=True),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Investment",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("type", models.CharField(max_length=30)),
                ("subtype", models.CharField(blank=True, max_length=30)),
                ("name", models.CharField(max_length=200)),
                (
                    "number",
                    models.CharField(
                        blank=True, help_text="of the contract, as the bank sends it", max_length=60
                    ),
                ),
                ("code", models.CharField(blank=True, help_text="a ticker, or a fund's CNPJ", max_length=40)),
                ("isin", models.CharField(blank=True, max_length=20)),
                ("issuer", models.CharField(blank=True, max_length=200)),
                ("issuer_cnpj", models.CharField(blank=True, db_default="", default="", max_length=14)),
                (
                    "institution",
                    models.CharField(
                        blank=True, db_default="", default="", help_text="where it is held", max_length=200
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("balance", models.DecimalField(decimal_places=8, help_text="net value", max_digits=24)),
                ("gross", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                (
                    "invested",
                    models.DecimalField(
                        blank=True, decimal_places=8, help_text="the amount paid in", max_digits=24, null=True
                    ),
                ),
                ("profit", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                ("income_tax", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                ("iof", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                ("unit_value", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                ("quantity", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                (
                    "rate",
                    models.DecimalField(
                        blank=True,
                        decimal_places=8,
                        help_text="percent of `rate_type`",
                        max_digits=24,
                        null=True,
                    ),
                ),
                ("rate_type", models.CharField(blank=True, max_length=30)),
                (
                    "fixed_annual_rate",
                    models.DecimalField(
                        blank=True, decimal_places=8, help_text="percent a year", max_digits=24, null=True
                    ),
                ),
                (
                    "annual_rate",
                    models.DecimalField(
                        blank=True,
                        decimal_places=8,
                        help_text="its return in percent a year",
                        max_digits=24,
                        null=True,
                    ),
                ),
                (
                    "last_month_rate",
                    models.DecimalField(
                        blank=True,
                        decimal_places=8,
                        help_text="its return in percent",
                        max_digits=24,
                        null=True,
                    ),
                ),
                (
                    "last_year_rate",
                    models.DecimalField(
                        blank=True,
                        decimal_places=8,
                        help_text="its return of twelve months in percent",
                        max_digits=24,
                        null=True,
                    ),
                ),
                ("is_tax_exempt", models.BooleanField(blank=True, null=True)),
                (
                    "withdrawable",
                    models.DecimalField(
                        blank=True,
                        decimal_places=8,
                        help_text="what can be withdrawn, after taxes",
                        max_digits=24,
                        null=True,
                    ),
                ),
                (
                    "withdrawable_from",
                    models.DateField(blank=True, help_text="end of its grace period", null=True),
                ),
                ("priced_on", models.DateField(blank=True, null=True)),
                ("purchased_on", models.DateField(blank=True, null=True)),
                ("due_on", models.DateField(blank=True, null=True)),
                (
                    "status",
                    models.CharField(
                        blank=True, help_text="ACTIVE, PENDING or TOTAL_WITHDRAWAL", max_length=20
                    ),
                ),
                (
                    "missing_since",
                    models.DateTimeField(blank=True, help_text="not in the last list of the bank", null=True),
                ),
                (
                    "counted_as",
                    models.UUIDField(
                        blank=True,
                        help_text="derived: the account or investment that is the same money and counts",
                        null=True,
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="investments",
                        to="connections.item",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="investments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("type", "name", "id"),
            },
        ),
        migrations.CreateModel(
            name="InvestmentTransaction",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("type", models.CharField(max_length=20)),
                (
                    "movement",
                    models.CharField(
                        blank=True, help_text="CREDIT into the position, or DEBIT", max_length=10
                    ),
                ),
                ("description", models.CharField(blank=True, max_length=500)),
                ("local_date", models.DateField()),
                ("traded_on", models.DateField(blank=True, null=True)),
                ("amount", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                ("net_amount", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                ("unit_value", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                ("quantity", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                ("expenses", models.JSONField(default=dict, help_text="name → amount (text)")),
                (
                    "brokerage_note",
                    models.CharField(blank=True, help_text="number of the brokerage note", max_length=60),
                ),
                (
                    "investment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="transactions",
                        to="ledger.investment",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-local_date", "id"),
            },
        ),
        migrations.CreateModel(
            name="Loan",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=200)),
                ("kind", models.CharField(blank=True, max_length=40)),
                ("type", models.CharField(blank=True, max_length=80)),
                ("currency", models.CharField(max_length=3)),
                ("contracted", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                ("outstanding", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                ("contracted_on", models.DateField(blank=True, null=True)),
                ("due_on", models.DateField(blank=True, null=True)),
                (
                    "first_due_on",
                    models.DateField(blank=True, help_text="of its first installment", null=True),
                ),
                (
                    "periodicity",
                    models.CharField(blank=True, help_text="of its installments: MONTHLY, …", max_length=40),
                ),
                (
                    "contract_number",
                    models.CharField(blank=True, db_default="", default="", max_length=100),
                ),
                (
                    "ipoc_hash",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="keyed hash of the contract's IPOC code, which contains the borrower's document",
                        max_length=64,
                    ),
                ),
                (
                    "amortization",
                    models.CharField(
                        blank=True, db_default="", default="", help_text="SAC, PRICE, …", max_length=40
                    ),
                ),
                ("interest_rates", models.JSONField(default=list, help_text="as sent; rates as text")),
                (
                    "releases",
                    models.JSONField(default=list, help_text="payments made: date, amount (text), isExtra"),
                ),
                (
                    "total_cost_rate",
                    models.DecimalField(
                        blank=True,
                        decimal_places=8,
                        help_text="CET: a fraction a year",
                        max_digits=24,
                        null=True,
                    ),
                ),
                ("installments", models.IntegerField(blank=True, null=True)),
                ("installments_paid", models.IntegerField(blank=True, null=True)),
                ("installments_due", models.IntegerField(blank=True, null=True)),
                ("installments_past_due", models.IntegerField(blank=True, null=True)),
                (
                    "portability",
                    models.JSONField(blank=True, help_text="its move to another bank, as sent", null=True),
                ),
                (
                    "missing_since",
                    models.DateTimeField(blank=True, help_text="not in the last list of the bank", null=True),
                ),
                (
                    "counted_as",
                    models.UUIDField(
                        blank=True, help_text="derived: the loan that is the same money and counts", null=True
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="loans",
                        to="connections.item",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="loans",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("name", "id"),
            },
        ),
        migrations.CreateModel(
            name="BalanceSnapshot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "balance",
                    models.DecimalField(
                        decimal_places=8, help_text="of a card or a loan: what is owed", max_digits=24
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="balance_snapshots",
                        to="ledger.account",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "investment",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="balance_snapshots",
                        to="ledger.investment",
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="balance_snapshots",
                        to="ledger.loan",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MonthlyTotal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "basis",
                    models.CharField(choices=[("accrual", "Accrual"), ("cash", "Cash")], max_length=10),
                ),
                ("month", models.DateField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("expense", "Expense"),
                            ("refund", "Refund"),
                            ("income", "Income"),
                            ("transfer", "Transfer"),
                            ("card_payment", "Card Payment"),
                            ("investment", "Investment"),
                            ("loan", "Loan"),
                            ("neutral", "Neutral"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "total",
                    models.DecimalField(decimal_places=8, help_text="sum of signed_amount", max_digits=24),
                ),
                ("transaction_count", models.IntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="ledger.account"
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.category"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="QuarantinedRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "record_type",
                    models.CharField(
                        choices=[
                            ("account", "Account"),
                            ("transaction", "Transaction"),
                            ("bill", "Bill"),
                            ("investment", "Investment"),
                            ("investment transaction", "Investment Transaction"),
                            ("loan", "Loan"),
                        ],
                        max_length=30,
                    ),
                ),
                (
                    "key",
                    models.CharField(help_text="its id, or a hash of it where it has none", max_length=64),
                ),
                ("record_id", models.UUIDField(blank=True, null=True)),
                ("reason", models.CharField(max_length=200)),
                ("body", models.TextField(help_text="as sent, shortened and without documents")),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="quarantined_records",
                        to="ledger.account",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="quarantined_records",
                        to="connections.item",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-last_seen_at", "-id"),
            },
        ),
        migrations.AddField(
            model_name="transaction",
            name="rule",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="the user's rule that applies to it",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.rule",
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="account",
            field=models.ForeignKey(
                blank=True,
                help_text="null: any",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="ledger.account",
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="category",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.category",
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            name="SearchText",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "user_id", "key", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.BigIntegerField(help_text="a hash of the text")),
                ("text", models.TextField()),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TransactionChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "changed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="by the clock of the database",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("bank", "Bank"), ("user", "User"), ("rule", "Rule"), ("match", "Match")],
                        max_length=5,
                    ),
                ),
                (
                    "changes",
                    models.JSONField(help_text="column → [before, after]; amounts and dates as text"),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="ledger.transaction",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-changed_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="TransactionMatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("transfer", "Transfer"),
                            ("card_payment", "Card Payment"),
                            ("refund", "Refund"),
                            ("duplicate", "Duplicate"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("automatic", "Automatic"),
                            ("suggested", "Suggested"),
                            ("confirmed", "Confirmed"),
                            ("rejected", "Rejected"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "evidence",
                    models.CharField(help_text="a code; banking/web/labels has its text", max_length=40),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "reviewed_at",
                    models.DateTimeField(blank=True, help_text="when the user answered", null=True),
                ),
                (
                    "inflow",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="matches_as_inflow",
                        to="ledger.transaction",
                    ),
                ),
                (
                    "outflow",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="matches_as_outflow",
                        to="ledger.transaction",
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
            ],
        ),
        migrations.CreateModel(
            name="TransactionReplacement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("old_id", models.UUIDField()),
                ("new_id", models.UUIDField(db_index=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("automatic", "Automatic"),
                            ("suggested", "Suggested"),
                            ("accepted", "Accepted"),
                            ("rejected", "Rejected"),
                        ],
                        max_length=10,
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                (
                    "is_reused_id",
                    models.BooleanField(
                        default=False, help_text="the bank gave the id of the old transaction to the new one"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="replacements",
                        to="ledger.account",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-changed_at", "-id"),
            },
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(fields=["user", "item"], name="account_user_item"),
        ),
        migrations.AddIndex(
            model_name="bulkedit",
            index=models.Index(fields=["user", "-created_at"], name="bulk_edit_user_created"),
        ),
        migrations.AddIndex(
            model_name="bulkedit",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", True)),
                fields=["progressed_at"],
                name="bulk_edit_unfinished",
            ),
        ),
        migrations.AddIndex(
            model_name="bulkedititem",
            index=models.Index(
                condition=models.Q(("before__isnull", True)),
                fields=["edit", "account_id"],
                name="bulk_edit_item_pending",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkedititem",
            constraint=models.UniqueConstraint(fields=("edit", "transaction_id"), name="bulk_edit_item_once"),
        ),
        migrations.AddField(
            model_name="categoryupdate",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="deletionreview",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("pending", "approved"))),
                fields=("account",),
                name="deletion_review_one_open_per_account",
            ),
        ),
        migrations.AddConstraint(
            model_name="doublelisting",
            constraint=models.UniqueConstraint(
                django.db.models.functions.comparison.Least("listed_id", "counted_id"),
                django.db.models.functions.comparison.Greatest("listed_id", "counted_id"),
                name="double_listing_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="doublelisting",
            constraint=models.CheckConstraint(
                condition=models.Q(("listed_id", models.F("counted_id")), _negated=True),
                name="double_listing_of_two",
            ),
        ),
        migrations.AddIndex(
            model_name="investmenttransaction",
            index=models.Index(fields=["investment", "-local_date"], name="investment_transaction_date"),
        ),
        migrations.AddIndex(
            model_name="investmenttransaction",
            index=models.Index(fields=["user"], name="investment_transaction_user"),
        ),
        migrations.AddConstraint(
            model_name="balancesnapshot",
            constraint=models.UniqueConstraint(
                fields=("account", "day"), name="snapshot_one_per_account_and_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="balancesnapshot",
            constraint=models.UniqueConstraint(
                fields=("investment", "day"), name="snapshot_one_per_investment_and_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="balancesnapshot",
            constraint=models.UniqueConstraint(fields=("loan", "day"), name="snapshot_one_per_loan_and_day"),
        ),
        migrations.AddConstraint(
            model_name="balancesnapshot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("account__isnull", False), ("investment", None), ("loan", None)),
                    models.Q(("account", None), ("investment__isnull", False), ("loan", None)),
                    models.Q(("account", None), ("investment", None), ("loan__isnull", False)),
                    _connector="OR",
                ),
                name="snapshot_has_one_owner",
            ),
        ),
        migrations.AddIndex(
            model_name="monthlytotal",
            index=models.Index(
                fields=["user", "basis", "month"],
                include=("account", "category", "kind", "currency", "total", "transaction_count"),
                name="monthly_total_user_month",
            ),
        ),
        migrations.AddConstraint(
            model_name="monthlytotal",
            constraint=models.UniqueConstraint(
                fields=("account", "basis", "month", "category", "kind", "currency"),
                name="monthly_total_one_per_group",
            ),
        ),
        migrations.AddConstraint(
            model_name="quarantinedrecord",
            constraint=models.UniqueConstraint(
                fields=("item", "record_type", "key"), name="quarantined_record_once"
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(fields=["account", "-occurred_at", "-id"], name="transaction_account_time"),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(fields=["account", "bank_created_at"], name="transaction_account_created"),
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
                    "signed_amount",
                    "signed_amount_currency",
                    "deleted_at",
                    "search_key",
                ),
                name="transaction_user_date",
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                models.F("user"),
                models.F("search_key"),
                models.OrderBy(models.F("local_date"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                include=(
                    "account_id",
                    "category_id",
                    "kind",
                    "signed_amount",
                    "signed_amount_currency",
                    "deleted_at",
                ),
                name="transaction_user_search_key",
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(
                    ("user_category__isnull", False),
                    models.Q(("user_kind", ""), _negated=True),
                    ("hidden", True),
                    models.Q(("note", ""), _negated=True),
                    models.Q(("tags", []), _negated=True),
                    _connector="OR",
                ),
                fields=["account"],
                name="transaction_edited",
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("parent_transaction__isnull", False)),
                fields=["parent_transaction"],
                name="transaction_parent",
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("parent_transaction__isnull", False)),
                fields=["account", "parent_transaction"],
                name="transaction_splits",
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("rule__isnull", False)), fields=["rule"], name="transaction_rule"
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("cash_month", models.F("accrual_month")), _negated=True),
                fields=["user", "cash_month"],
                name="transaction_paid_later",
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("total_installments__gt", 1)),
                fields=["user", "cash_month"],
                name="transaction_installments",
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("status", "PENDING")),
                fields=["user", "local_date"],
                name="transaction_pending",
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)),
                fields=["account", "deleted_at"],
                name="transaction_tombstones",
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(("accrual_month__day", 1), ("cash_month__day", 1)),
                name="transaction_months_are_first_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "expense",
                            "refund",
                            "income",
                            "transfer",
                            "card_payment",
                            "investment",
                            "loan",
                            "neutral",
                        ],
                    )
                ),
                name="transaction_kind_is_known",
            ),
        ),
        migrations.AddIndex(
            model_name="rule",
            index=models.Index(fields=["user", "position", "id"], name="rule_user_position"),
        ),
        migrations.AddIndex(
            model_name="rule",
            index=models.Index(
                condition=models.Q(("changed_at__isnull", False)),
                fields=["changed_at"],
                name="rule_unapplied",
            ),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("text", ""), _negated=True),
                    ("account__isnull", False),
                    ("min_amount__isnull", False),
                    ("max_amount__isnull", False),
                    _connector="OR",
                ),
                name="rule_has_a_condition",
            ),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("category", None), ("hides", False), ("kind", ""), ("tags", []), _negated=True
                ),
                name="rule_does_something",
            ),
        ),
        migrations.AddIndex(
            model_name="transactionchange",
            index=models.Index(fields=["transaction", "-changed_at"], name="transaction_change_time"),
        ),
        migrations.AddIndex(
            model_name="transactionmatch",
            index=models.Index(fields=["inflow"], name="match_inflow"),
        ),
        migrations.AddIndex(
            model_name="transactionmatch",
            index=models.Index(fields=["user", "state"], name="match_user_state"),
        ),
        migrations.AddConstraint(
            model_name="transactionmatch",
            constraint=models.UniqueConstraint(fields=("outflow", "inflow", "kind"), name="match_once"),
        ),
        migrations.AddConstraint(
            model_name="transactionmatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("outflow", models.F("inflow")), _negated=True),
                name="match_of_two_transactions",
            ),
        ),
        migrations.AddConstraint(
            model_name="transactionreplacement",
            constraint=models.UniqueConstraint(fields=("old_id", "new_id"), name="replacement_one_per_pair"),
        ),
        migrations.AddIndex(
            model_name="categoryupdate",
            index=models.Index(
                condition=models.Q(("is_pending", True)),
                fields=["last_attempt_at"],
                name="category_update_pending",
            ),
        ),
        migrations.RunSQL(search_text.CREATE_TRIGGERS, search_text.DROP_TRIGGERS),
    ]
