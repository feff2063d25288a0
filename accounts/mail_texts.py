"""The texts of our mails: one for each kind, of which the HTML and the plain form are made.

The kinds are allauth's names of its templates, and a few of our own. `%(name)s` is a fact of the mail. A text
contains nothing that a user can choose freely, such as a name: some mails go to addresses of strangers.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EMAIL_CHANGED = "account/email/email_changed"  # to the old address
EMAIL_CHANGED_NEW = "account/email/email_changed_new"  # to the new address
EMAIL_CHANGE_UNDONE = "account/email/email_change_undone"  # to both
NEW_DEVICE = "account/email/new_device"
ERASED = "account/email/erased"


@dataclass(frozen=True)
class Action:
    """A button: `link` is the fact that has its URL."""

    label: Promise
    link: str


@dataclass(frozen=True)
class MailText:
    """The text of a mail: what happened or what to do, and what to do if it was somebody else."""

    subject: Promise
    paragraphs: tuple[Promise, ...]
    action: Action | None = None
    if_not_you: Promise | None = None
    action_if_not_you: Action | None = None
    shows_origin: bool = False  # when, on which device and from which network it was done


def _notification(subject: Promise, *paragraphs: Promise) -> MailText:
    """Return the text of a notification: who did not do it chooses a new password."""
    return MailText(
        subject,
        paragraphs,
        if_not_you=_(
            "Choose a new password now. That signs out all devices. Then remove the passkeys and authenticator apps"
            " that are not yours, in the settings."
        ),
        action_if_not_you=Action(_("Choose a new password"), "reset_url"),
        shows_origin=True,
    )


TEXTS: dict[str, MailText] = {
    # --- With a link or code that only the owner of the address may have -------------------------------
    "account/email/email_confirmation_signup": MailText(
        _("Confirm your e-mail address"),
        (
            _("Welcome to Lume. Confirm that %(email)s is your address, and your account is ready."),
            _("The link works for %(confirmation_period)s."),
        ),
        Action(_("Confirm the address"), "activate_url"),
        _("Ignore this mail. Without your confirmation nobody can use the account."),
    ),
    "account/email/email_confirmation": MailText(
        _("Confirm your e-mail address"),
        (
            _("Confirm that %(email)s is to be the address of your Lume account."),
            _("The link works for %(confirmation_period)s."),
        ),
        Action(_("Confirm the address"), "activate_url"),
        _("Ignore this mail. Nothing changes without your confirmation."),
    ),
    "account/email/password_reset_key": MailText(
        _("A new password for your account"),
        (
            _("A new password was requested for your Lume account."),
            _("The link works once, within %(reset_period)s."),
        ),
        Action(_("Choose a new password"), "password_reset_url"),
        _("Ignore this mail. Your password stays as it is."),
    ),
    "account/email/login_code": MailText(
        _("Your code to sign in"),
        (
            _("Enter this code where you are signing in to Lume: %(code)s"),
            _("It works once, for a few minutes. Give it to nobody."),
        ),
        if_not_you=_("Ignore this mail. Nobody gets into your account without the code."),
    ),
    "account/email/account_already_exists": MailText(
        _("You already have an account"),
        (
            _(
                "Somebody tried to create a Lume account with your address %(email)s, which has an account already."
            ),
            _("Sign in with it. If you have forgotten your password, choose a new one."),
        ),
        Action(_("Choose a new password"), "password_reset_url"),
        _("Ignore this mail. Nobody has opened your account."),
    ),
    ERASED: MailText(
        _("Your data has been deleted"),
        (
            _(
                "Your Lume account has been deleted, with everything in it. Your bank connections were deleted at"
                " Pluggy first, which confirmed that they no longer exist."
            ),
            _(
                "Backups keep older copies until they are replaced. Nothing is restored from them into Lume. This is"
                " the last message that you receive."
            ),
        ),
    ),
    # --- Password --------------------------------------------------------------------------------------
    "account/email/password_changed": _notification(
        _("Your password was changed"),
        _("The password of your Lume account was changed. All other devices were signed out."),
    ),
    "account/email/password_set": _notification(
        _("Your account has a password now"),
        _("A password was set for your Lume account, which had none. All other devices were signed out."),
    ),
    "account/email/password_reset": _notification(
        _("Your password was reset"),
        _(
            "A new password was chosen with the link that was sent to this address. All devices were signed out."
        ),
    ),
    # --- Address ---------------------------------------------------------------------------------------
    EMAIL_CHANGED: MailText(
        _("Your e-mail address was changed"),
        (_("The address of your Lume account is no longer %(from_email)s, but %(to_email)s."),),
        if_not_you=_(
            "Take your account back: undo the change. That signs out all devices, removes passkeys and authenticator"
            " apps that were added lately, and lets you choose a new password. The link works once, within"
            " %(undo_period)s."
        ),
        action_if_not_you=Action(_("Undo the change"), "undo_url"),
        shows_origin=True,
    ),
    EMAIL_CHANGED_NEW: MailText(
        _("This is your new e-mail address"),
        (
            _(
                "The address of your Lume account is no longer %(from_email)s, but %(to_email)s. Sign in with it."
            ),
            _("For %(undo_period)s, a link that was sent to the old address can undo this."),
        ),
        if_not_you=_("Change the address of the account in its settings."),
        action_if_not_you=Action(_("Change the address"), "email_url"),
        shows_origin=True,
    ),
    EMAIL_CHANGE_UNDONE: MailText(
        _("The change of your address was undone"),
        (
            _("The address of your Lume account is %(from_email)s again, and no longer %(to_email)s."),
            _("All devices were signed out, and the account needs a new password."),
        ),
        if_not_you=_("Choose a new password. The link for it is sent to %(from_email)s."),
        action_if_not_you=Action(_("Choose a new password"), "reset_url"),
        shows_origin=True,
    ),
    "account/email/email_deleted": _notification(
        _("The change of your address was cancelled"),
        _("%(deleted_email)s will not become the address of your Lume account."),
    ),
    # --- Devices and second factors --------------------------------------------------------------------
    NEW_DEVICE: _notification(
        _("Sign-in on a new device"),
        _(
            "Your Lume account was opened on a device that was not used for it before, or not since the last new"
            " password."
        ),
    ),
    "mfa/email/totp_activated": _notification(
        _("Authenticator app added"),
        _("From now on, signing in to your Lume account with the password also takes a code from the app."),
    ),
    "mfa/email/totp_deactivated": _notification(
        _("Authenticator app removed"),
        _("Signing in to your Lume account no longer takes a code from an authenticator app."),
    ),
    "mfa/email/recovery_codes_generated": _notification(
        _("New recovery codes were made"),
        _("Your Lume account has new recovery codes. The earlier ones no longer work."),
    ),
    "mfa/email/webauthn_added": _notification(
        _("Passkey added"),
        _("Your Lume account has a new passkey, which opens it without the password."),
    ),
    "mfa/email/webauthn_removed": _notification(
        _("Passkey removed"),
        _("A passkey of your Lume account was removed. It no longer opens the account."),
    ),
}
