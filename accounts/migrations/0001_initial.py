"""Create the tables of accounts."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.models.users


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined"),
                ),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="e-mail address")),
                (
                    "reference",
                    models.CharField(
                        default=accounts.models.users.new_reference,
                        editable=False,
                        help_text="The clientUserId that Pluggy stores on this user's items; never changes.",
                        max_length=40,
                        unique=True,
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="The language of mails: that of the sign-up, or what the user chose since then.",
                        max_length=10,
                    ),
                ),
                (
                    "theme",
                    models.CharField(
                        choices=[("auto", "Like the device"), ("light", "Light"), ("dark", "Dark")],
                        default="auto",
                        max_length=5,
                    ),
                ),
                ("hides_amounts", models.BooleanField(default=False)),
                (
                    "uses_cash_basis",
                    models.BooleanField(
                        default=False,
                        verbose_name="Count card purchases in the month in which their bill is due",
                    ),
                ),
                (
                    "erasure_due_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="The user asked for the deletion of everything then (Erasure), and may cancel it before.",
                        null=True,
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EmailChange",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("old_email", models.EmailField(max_length=254)),
                ("new_email", models.EmailField(max_length=254)),
                ("changed_at", models.DateTimeField()),
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
            name="Erasure",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "email",
                    models.EmailField(
                        blank=True,
                        help_text="where the receipt goes; empty before and after that",
                        max_length=254,
                    ),
                ),
                ("language", models.CharField(help_text="of the receipt", max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("scheduled", "scheduled: the user may cancel it"),
                            ("running", "running"),
                            ("erased", "erased: the receipt is not sent yet"),
                            ("done", "done"),
                        ],
                        default="scheduled",
                        max_length=10,
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="of the administrator, until erased", max_length=200
                    ),
                ),
                (
                    "try_at",
                    models.DateTimeField(help_text="when it starts, and after a failure, when it continues"),
                ),
                ("attempts", models.IntegerField(default=0)),
                (
                    "failure",
                    models.CharField(
                        blank=True, help_text="why the last attempt ended: a class name", max_length=100
                    ),
                ),
                ("erased_at", models.DateTimeField(blank=True, null=True)),
                ("receipt_sent_at", models.DateTimeField(blank=True, null=True)),
                ("counts", models.JSONField(default=dict, help_text="rows deleted, by table")),
                (
                    "event_keys",
                    models.JSONField(
                        default=list,
                        help_text="hashes of what late webhooks would name; removed after some days",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="The administrator who started it; empty if it was the user.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        blank=True,
                        help_text="until erased",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="erasure",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-requested_at",),
            },
        ),
        migrations.CreateModel(
            name="OutgoingMail",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("kind", models.CharField(help_text="A key of accounts/mail_texts.py.", max_length=60)),
                ("language", models.CharField(help_text="Used if the user has chosen none.", max_length=10)),
                ("encrypted_content", models.TextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("due_at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        help_text="Whose account the mail is about.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SecurityEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("signed in", "Signed in"),
                            ("sign-in failed", "Sign-in failed"),
                            ("sign-in locked", "Sign-in locked after too many attempts"),
                            ("signed out", "Signed out"),
                            ("signed up", "Account created"),
                            ("reauthenticated", "Identity confirmed again"),
                            ("session ended", "Device signed out"),
                            ("password changed", "Password changed"),
                            ("password reset", "Password reset by e-mail"),
                            ("email changed", "E-mail address changed"),
                            ("second factor added", "Second factor added"),
                            ("second factor removed", "Second factor removed"),
                            ("recovery codes made", "New recovery codes"),
                            ("recovery code used", "Recovery code used"),
                            ("exported", "Data exported"),
                            ("connection ended", "Bank disconnected"),
                            ("terms accepted", "Terms accepted"),
                            ("erasure requested", "Deletion of the account requested"),
                            ("erasure cancelled", "Deletion of the account cancelled"),
                            ("foreign id refused", "Unknown page refused"),
                            ("read by staff", "Data read by an administrator"),
                            ("changed by staff", "Account changed by an administrator"),
                        ],
                        max_length=30,
                    ),
                ),
                (
                    "facts",
                    models.JSONField(default=dict, help_text="Details without personal data, by name."),
                ),
                ("network", models.CharField(help_text="The address up to /24 or /48.", max_length=43)),
                ("user_agent", models.CharField(max_length=200)),
                ("request_id", models.CharField(max_length=36)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "actor",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="The administrator who did it; empty if it was the user.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="Whose account it is; empty if nobody has the e-mail address.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="security_events",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-at",),
            },
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"), name="user_email_is_unique_in_any_case"
            ),
        ),
        migrations.AddIndex(
            model_name="erasure",
            index=models.Index(
                condition=models.Q(("state", "done"), _negated=True), fields=["try_at"], name="erasure_due"
            ),
        ),
        migrations.AddIndex(
            model_name="securityevent",
            index=models.Index(fields=["user", "-at"], name="security_event_of_user"),
        ),
        migrations.AddIndex(
            model_name="securityevent",
            index=models.Index(fields=["-at"], name="security_event_newest"),
        ),
    ]
