"""What a person says: kind, tags, parts, rules; links between rows; indexes of what is paid later and pending."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from banking.migrations._rows import own_rows


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0004_poison"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Link",
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
                            ("found", "Found"),
                            ("suggested", "Suggested"),
                            ("confirmed", "Confirmed"),
                            ("rejected", "Rejected"),
                        ],
                        max_length=10,
                    ),
                ),
                ("evidence", models.CharField(help_text="a code that views put into words", max_length=40)),
                ("found_at", models.DateTimeField()),
                (
                    "said_at",
                    models.DateTimeField(blank=True, help_text="when the person answered", null=True),
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
                ("position", models.IntegerField(help_text="rules are tried from the lowest up")),
                ("made_at", models.DateTimeField()),
                (
                    "match",
                    models.CharField(
                        choices=[("contains", "Contains"), ("equals", "Equals"), ("starts", "Starts")],
                        default="contains",
                        max_length=10,
                    ),
                ),
                ("text", models.CharField(blank=True, help_text="empty: any words", max_length=200)),
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
                    "least",
                    models.DecimalField(
                        blank=True,
                        decimal_places=8,
                        help_text="of the amount without its sign, inclusive",
                        max_digits=24,
                        null=True,
                    ),
                ),
                ("most", models.DecimalField(blank=True, decimal_places=8, max_digits=24, null=True)),
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
        migrations.RemoveIndex(
            model_name="transaction",
            name="transaction_persons_word",
        ),
        migrations.AddField(
            model_name="transaction",
            name="part_of",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="the bank's row out of which the person took this part; that row counts what is left",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="parts",
                to="banking.transaction",
            ),
        ),
        migrations.AddField(
            model_name="transaction",
            name="person_kind",
            field=models.CharField(
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
        migrations.AddField(
            model_name="transaction",
            name="tags",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40),
                blank=True,
                db_default=models.Value([]),
                default=list,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="link",
            name="into",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="links_into",
                to="banking.transaction",
            ),
        ),
        migrations.AddField(
            model_name="link",
            name="out",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="links_out",
                to="banking.transaction",
            ),
        ),
        migrations.AddField(
            model_name="link",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="account",
            field=models.ForeignKey(
                blank=True,
                help_text="none: any",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="banking.account",
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
                to="banking.category",
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
        migrations.AddField(
            model_name="transaction",
            name="rule",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="the person's rule that matches it",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="banking.rule",
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(
                    ("person_category__isnull", False),
                    models.Q(("person_kind", ""), _negated=True),
                    ("hidden", True),
                    models.Q(("note", ""), _negated=True),
                    models.Q(("tags", []), _negated=True),
                    _connector="OR",
                ),
                fields=["account"],
                name="transaction_spoken_of",
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("part_of__isnull", False)),
                fields=["account", "part_of"],
                name="transaction_parts",
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
                condition=models.Q(("month_cash", models.F("month_competence")), _negated=True),
                fields=["user", "month_cash"],
                name="transaction_paid_later",
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
            model_name="link",
            index=models.Index(fields=["into"], name="link_into"),
        ),
        migrations.AddIndex(
            model_name="link",
            index=models.Index(fields=["user", "state"], name="link_user_state"),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.UniqueConstraint(fields=("out", "into", "kind"), name="link_once"),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.CheckConstraint(
                condition=models.Q(("out", models.F("into")), _negated=True), name="link_of_two_rows"
            ),
        ),
        migrations.AddIndex(
            model_name="rule",
            index=models.Index(fields=["user", "position", "id"], name="rule_user_position"),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("text", ""), _negated=True),
                    ("account__isnull", False),
                    ("least__isnull", False),
                    ("most__isnull", False),
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
        own_rows("banking_link"),
        own_rows("banking_rule"),
    ]
