"""The tables of the first release."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Connector",
            fields=[
                ("id", models.IntegerField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        blank=True, help_text="Pluggy's `type`, e.g. PERSONAL_BANK", max_length=40
                    ),
                ),
                ("country", models.CharField(blank=True, max_length=2)),
                ("image_url", models.CharField(blank=True, max_length=500)),
                ("primary_color", models.CharField(blank=True, help_text="hex, without #", max_length=8)),
                ("institution_url", models.CharField(blank=True, max_length=500)),
                ("has_mfa", models.BooleanField(default=False)),
                ("is_open_finance", models.BooleanField(default=False)),
                ("is_sandbox", models.BooleanField(default=False)),
                (
                    "health_status",
                    models.CharField(blank=True, help_text="ONLINE, UNSTABLE or OFFLINE", max_length=20),
                ),
                ("health_stage", models.CharField(blank=True, max_length=20)),
                ("products", models.JSONField(default=list)),
                ("seen_at", models.DateTimeField(help_text="when Pluggy last told us of it")),
            ],
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("status", models.CharField(max_length=30)),
                ("execution_status", models.CharField(blank=True, max_length=60)),
                ("error_code", models.CharField(blank=True, max_length=80)),
                ("error_message", models.TextField(blank=True)),
                (
                    "provider_message",
                    models.TextField(blank=True, help_text="the bank's own words: untrusted text"),
                ),
                (
                    "status_detail",
                    models.JSONField(blank=True, help_text="per product, on partial success", null=True),
                ),
                (
                    "parameter",
                    models.JSONField(blank=True, help_text="what the bank asks now (MFA)", null=True),
                ),
                ("user_action", models.JSONField(blank=True, null=True)),
                ("products", models.JSONField(default=list)),
                ("failed_logins", models.IntegerField(default=0)),
                ("consent_expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "collected_at",
                    models.DateTimeField(
                        blank=True, help_text="Pluggy's lastUpdatedAt: freshness", null=True
                    ),
                ),
                ("next_auto_sync_at", models.DateTimeField(blank=True, null=True)),
                ("bank_created_at", models.DateTimeField(blank=True, null=True)),
                ("bank_updated_at", models.DateTimeField(blank=True, null=True)),
                ("connected_at", models.DateTimeField()),
                ("read_at", models.DateTimeField(help_text="when Pluggy was last asked about it")),
                (
                    "gone_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Pluggy no longer has it; the history stays until removed",
                        null=True,
                    ),
                ),
                (
                    "disconnected_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="the person left; Pluggy is told first, then the rows go",
                        null=True,
                    ),
                ),
                (
                    "connector",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="banking.connector",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("connected_at",),
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
                (
                    "details",
                    models.JSONField(default=dict, help_text="what is left of bankData and creditData"),
                ),
                ("bank_created_at", models.DateTimeField(blank=True, null=True)),
                ("bank_updated_at", models.DateTimeField(blank=True, null=True)),
                ("read_at", models.DateTimeField(help_text="when the bank last listed it")),
                (
                    "missing_since",
                    models.DateTimeField(blank=True, help_text="not in the last list of the bank", null=True),
                ),
                (
                    "created_read_to",
                    models.DateTimeField(
                        blank=True,
                        help_text="every row that Pluggy made before this is known; its clock, not ours",
                        null=True,
                    ),
                ),
                (
                    "first_read_after",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="where the first reading stopped, should it have been interrupted",
                    ),
                ),
                (
                    "first_read_newest",
                    models.DateTimeField(
                        blank=True,
                        help_text="the newest row, by Pluggy's clock, when the first reading began",
                        null=True,
                    ),
                ),
                ("transactions_read_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="accounts",
                        to="banking.item",
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
                    models.DecimalField(decimal_places=8, help_text="what the bank asks for", max_digits=24),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "minimum_payment",
                    models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True),
                ),
                ("allows_instalments", models.BooleanField(blank=True, null=True)),
                (
                    "finance_charges",
                    models.JSONField(default=list, help_text="type, amount (text), additionalInfo"),
                ),
                (
                    "payments",
                    models.JSONField(
                        default=list, help_text="valueType, paymentDate, paymentMode, amount (text)"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bills",
                        to="banking.account",
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
            name="Category",
            fields=[
                ("id", models.CharField(max_length=12, primary_key=True, serialize=False)),
                ("name_en", models.CharField(max_length=120)),
                ("name_pt", models.CharField(max_length=120)),
                (
                    "root_id",
                    models.CharField(
                        db_index=True, help_text="the top of its branch, or itself", max_length=12
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="banking.category",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "categories",
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="Investment",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("type", models.CharField(max_length=30)),
                ("subtype", models.CharField(blank=True, max_length=30)),
                ("name", models.CharField(max_length=200)),
                ("code", models.CharField(blank=True, help_text="a ticker, or a fund's CNPJ", max_length=40)),
                ("isin", models.CharField(blank=True, max_length=20)),
                ("issuer", models.CharField(blank=True, max_length=200)),
                ("currency", models.CharField(max_length=3)),
                ("balance", models.DecimalField(decimal_places=8, help_text="net value", max_digits=24)),
                ("gross", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
                (
                    "invested",
                    models.DecimalField(
                        blank=True, decimal_places=8, help_text="what was paid in", max_digits=24, null=True
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
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="investments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="investments",
                        to="banking.item",
                    ),
                ),
            ],
            options={
                "ordering": ("type", "name", "id"),
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
                    "total_cost_rate",
                    models.DecimalField(
                        blank=True,
                        decimal_places=8,
                        help_text="CET: a fraction a year",
                        max_digits=24,
                        null=True,
                    ),
                ),
                ("instalments", models.IntegerField(blank=True, null=True)),
                ("instalments_paid", models.IntegerField(blank=True, null=True)),
                ("instalments_due", models.IntegerField(blank=True, null=True)),
                ("instalments_past_due", models.IntegerField(blank=True, null=True)),
                (
                    "missing_since",
                    models.DateTimeField(blank=True, help_text="not in the last list of the bank", null=True),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="loans", to="banking.item"
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
            name="BalanceOnDay",
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
                        decimal_places=8,
                        help_text="as the bank sends it; of a loan, what is owed",
                        max_digits=24,
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="banking.account",
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
                        related_name="days",
                        to="banking.investment",
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="banking.loan",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MonthTotal",
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
                    models.CharField(choices=[("competence", "Competence"), ("cash", "Cash")], max_length=10),
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
                ("total", models.DecimalField(decimal_places=8, help_text="sum of flow", max_digits=24)),
                ("rows", models.IntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="banking.account"
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="banking.category"
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
            name="ProductState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.CharField(
                        choices=[
                            ("ACCOUNTS", "Accounts"),
                            ("CREDIT_CARDS", "Credit Cards"),
                            ("TRANSACTIONS", "Transactions"),
                            ("INVESTMENTS", "Investments"),
                            ("INVESTMENTS_TRANSACTIONS", "Investment Transactions"),
                            ("LOANS", "Loans"),
                        ],
                        max_length=30,
                    ),
                ),
                ("is_updated", models.BooleanField(help_text="whether the last collecting brought it")),
                (
                    "collected_at",
                    models.DateTimeField(blank=True, help_text="the bank's side: data as of then", null=True),
                ),
                (
                    "read_at",
                    models.DateTimeField(blank=True, help_text="our side: last read from Pluggy", null=True),
                ),
                (
                    "warnings",
                    models.JSONField(default=list, help_text="the bank's own words: untrusted text"),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="product_states",
                        to="banking.item",
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
                "ordering": ("item", "product"),
            },
        ),
        migrations.CreateModel(
            name="SyncHint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seq", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("created", "Created"), ("updated", "Updated"), ("deleted", "Deleted")],
                        max_length=10,
                    ),
                ),
                ("account_id", models.UUIDField()),
                (
                    "transaction_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                ("created_from", models.DateTimeField(blank=True, null=True)),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="hints", to="banking.item"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SyncRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fence", models.BigIntegerField()),
                ("target_seq", models.BigIntegerField()),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("succeeded", "Succeeded"),
                            ("nothing to read", "Nothing To Read"),
                            ("failed", "Failed"),
                            ("overtaken", "Overtaken"),
                            ("handed over", "Handed Over"),
                        ],
                        default="running",
                        max_length=20,
                    ),
                ),
                ("item_status", models.CharField(blank=True, max_length=90)),
                ("accounts_read", models.IntegerField(default=0)),
                ("rows_read", models.IntegerField(default=0)),
                ("rows_written", models.IntegerField(default=0)),
                ("rows_removed", models.IntegerField(default=0)),
                (
                    "rows_held",
                    models.IntegerField(default=0, help_text="absent at the bank, kept until reviewed"),
                ),
                ("error", models.TextField(blank=True)),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="banking.item"
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
                "ordering": ("-started_at", "-id"),
            },
        ),
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
                    models.DateTimeField(
                        help_text="the instant as sent; `local_date` is the day that counts"
                    ),
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
                    models.JSONField(default=dict, help_text="what is left, without anybody's document"),
                ),
                ("bank_created_at", models.DateTimeField()),
                ("bank_updated_at", models.DateTimeField()),
                ("local_date", models.DateField()),
                (
                    "flow",
                    models.DecimalField(
                        decimal_places=8,
                        help_text="in the account's currency: out negative, in positive",
                        max_digits=24,
                    ),
                ),
                ("flow_currency", models.CharField(max_length=3)),
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
                (
                    "month_competence",
                    models.DateField(help_text="first day of the month in which it happened"),
                ),
                (
                    "month_cash",
                    models.DateField(help_text="first day of the month in which it was or will be paid"),
                ),
                (
                    "read_at",
                    models.DateTimeField(
                        help_text="when the bank's answer that wrote this row was asked for"
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(blank=True, help_text="a confirmed absence at the bank", null=True),
                ),
                ("note", models.TextField(blank=True, db_default="", default="")),
                ("hidden", models.BooleanField(db_default=False, default=False)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="transactions",
                        to="banking.account",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="banking.category",
                    ),
                ),
                (
                    "person_category",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="banking.category",
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
                    "investment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="transactions",
                        to="banking.investment",
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
                "indexes": [
                    models.Index(fields=["investment", "-local_date"], name="investment_transaction_date"),
                    models.Index(fields=["user"], name="investment_transaction_user"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SyncState",
            fields=[
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="sync",
                        serialize=False,
                        to="banking.item",
                    ),
                ),
                ("dirty_seq", models.BigIntegerField(default=0)),
                ("synced_seq", models.BigIntegerField(default=0)),
                ("due_at", models.DateTimeField(help_text="not before this; moves on after a failure")),
                ("attempts", models.IntegerField(default=0, help_text="failed runs in a row")),
                (
                    "is_bulk",
                    models.BooleanField(
                        default=False, help_text="too much for interactive work: the bulk queue's"
                    ),
                ),
                ("fence", models.BigIntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                (
                    "synced_at",
                    models.DateTimeField(blank=True, help_text="the last run that went well", null=True),
                ),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("failure", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("dirty_seq__gt", models.F("synced_seq"))),
                        fields=["due_at"],
                        name="sync_state_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("synced_seq__lte", models.F("dirty_seq"))),
                        name="synced_seq_is_not_ahead_of_dirty_seq",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(fields=["next_auto_sync_at"], name="item_next_auto_sync"),
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(fields=["user", "item"], name="account_user_item"),
        ),
        migrations.AddConstraint(
            model_name="balanceonday",
            constraint=models.UniqueConstraint(
                fields=("account", "day"), name="balance_one_per_account_and_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="balanceonday",
            constraint=models.UniqueConstraint(
                fields=("investment", "day"), name="balance_one_per_investment_and_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="balanceonday",
            constraint=models.UniqueConstraint(fields=("loan", "day"), name="balance_one_per_loan_and_day"),
        ),
        migrations.AddConstraint(
            model_name="balanceonday",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("account__isnull", False), ("investment", None), ("loan", None)),
                    models.Q(("account", None), ("investment__isnull", False), ("loan", None)),
                    models.Q(("account", None), ("investment", None), ("loan__isnull", False)),
                    _connector="OR",
                ),
                name="balance_is_of_one_thing",
            ),
        ),
        migrations.AddIndex(
            model_name="monthtotal",
            index=models.Index(
                fields=["user", "basis", "month"],
                include=("account", "category", "kind", "currency", "total", "rows"),
                name="month_total_user_month",
            ),
        ),
        migrations.AddConstraint(
            model_name="monthtotal",
            constraint=models.UniqueConstraint(
                fields=("account", "basis", "month", "category", "kind", "currency"),
                name="month_total_one_per_group",
            ),
        ),
        migrations.AddConstraint(
            model_name="productstate",
            constraint=models.UniqueConstraint(
                fields=("item", "product"), name="product_state_one_per_product"
            ),
        ),
        migrations.AddIndex(
            model_name="synchint",
            index=models.Index(fields=["item", "seq"], name="sync_hint_item_seq"),
        ),
        migrations.AddIndex(
            model_name="syncrun",
            index=models.Index(fields=["item", "-started_at"], name="sync_run_item_started"),
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
                include=("account_id", "category_id", "kind", "flow", "flow_currency", "deleted_at"),
                name="transaction_user_date",
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("person_category__isnull", False), ("hidden", True), _connector="OR"),
                fields=["account"],
                name="transaction_persons_word",
            ),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(("month_competence__day", 1), ("month_cash__day", 1)),
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
    ]
